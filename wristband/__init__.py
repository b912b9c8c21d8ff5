"""The 110 yellow wristband: create_app() puts the house together, in reading order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from wristband import config, house, keys, logs, sealing
from wristband.bands.tokens import BandKeys
from wristband.files import FileStore
from wristband.places import static_folder, templates_folder

if TYPE_CHECKING:
    from wristband.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The whole service, or the doors of it that `settings.doors` names.

    Raises SettingsWrong or KeysWrong instead of starting half-configured.
    """
    settings = settings or config.load()
    logs.set_up()
    if not settings.production:
        keys.create(settings.keys_path)
    ring = furnish(settings)

    app = _bare_app(settings, ring)
    _attach_database(app, settings)

    from wristband import gateways, web
    from wristband.services.scanning import ScanLog

    app.extensions["gateways"] = gateways.choose(settings)
    app.extensions["scan_log"] = ScanLog(app.app_context)
    web.open_doors(app, settings)
    return app


def furnish(settings: Settings) -> keys.KeyRing:
    """Give this process its keys and its house, without database or web: what a worker process of ours needs."""
    ring = keys.load(settings.keys_path)
    sealing.install(ring)
    house.install(house.House(settings, ring, BandKeys(ring.all("bands")), FileStore(settings.data_dir / "files")))
    return ring


def _bare_app(settings: Settings, ring: keys.KeyRing) -> Flask:
    app = Flask(__name__, static_folder=static_folder(), template_folder=templates_folder(), static_url_path="/static")
    forms = list(ring.all("forms").values())
    app.config.from_mapping(
        SECRET_KEY=forms[-1].hex(),
        SECRET_KEY_FALLBACKS=[key.hex() for key in forms[:-1]],
        SQLALCHEMY_DATABASE_URI=settings.database,
        MAX_CONTENT_LENGTH=7_000_000,
        MAX_FORM_MEMORY_SIZE=200_000,
        MAX_FORM_PARTS=100,
        WTF_CSRF_SSL_STRICT=False,  # our pages send no Referer; guards check Origin instead
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,  # the guards of the signed-in doors check; the finder's door has its own rule
    )
    app.extensions["settings"] = settings
    return app


def _attach_database(app: Flask, settings: Settings) -> None:
    from flask_migrate import Migrate

    # Here, not above: the name would hide the module of the same name.
    from wristband.db import db, prepare_engine

    if settings.database.startswith("sqlite"):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
    Migrate(app, db, directory=str(Path(__file__).parent / "migrations"), render_as_batch=True)
