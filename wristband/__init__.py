"""The 110 yellow wristband: create_app() puts the house together, in reading order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from wristband import ciphers, config, house, key_check, keys, logs, sealing
from wristband.files import FileStore
from wristband.keys import FormKeys
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
    _try_a_data_key(app)

    from wristband import gateways, web
    from wristband.services.scanning import ScanLog

    app.extensions["gateways"] = gateways.choose(settings)
    app.extensions["scan_log"] = ScanLog(app.app_context)
    web.open_doors(app, settings)
    return app


def furnish(settings: Settings) -> keys.KeyRing:
    """Give this process its keys and its house, without database or web: what a worker process of ours needs."""
    ring = keys.load(settings.keys_path)
    # Here, not above: the database's handle would hide the module of the same name.
    from wristband.data_keys import DataKeys

    ciphers.check(settings.seal_algorithm)
    key_check.compare(ring, settings.data_dir)
    sealing.install(ring, algorithm=settings.seal_algorithm, data_keys=DataKeys())
    house.install(house.House(settings, ring, FileStore(settings.data_dir / "files")))
    return ring


def _try_a_data_key(app: Flask) -> None:
    """Raises KeysWrong where the database was written with other keys than those at hand."""
    from wristband.data_keys import find_newest
    from wristband.db import db

    with app.app_context():
        try:
            find_newest()
        except sealing.SealBroken:
            raise keys.KeysWrong("keys.of_another", keys="fields") from None
        finally:
            db.session.remove()
            db.engine.dispose()  # whoever forks now takes no connection along


def _bare_app(settings: Settings, ring: keys.KeyRing) -> Flask:
    app = Flask(__name__, static_folder=static_folder(), template_folder=templates_folder(), static_url_path="/static")
    app.config.from_mapping(
        WTF_CSRF_SECRET_KEY=FormKeys(ring),
        SQLALCHEMY_DATABASE_URI=settings.database,
        MAX_CONTENT_LENGTH=65_536,  # the longest form of words; forms with a photograph say that they need more
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
