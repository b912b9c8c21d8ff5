"""The 110 yellow wristband: create_app() puts the house together, in reading order.

What it is made of is imported when it is made: a process that only draws needs none of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from wristband import keys
    from wristband.config import Settings
    from wristband.gateways.geocoding import Geocoder


def create_app(settings: Settings | None = None, *, patient: bool = False) -> Flask:
    """The whole service, or the doors of it that `settings.doors` names.

    `patient` is for an operator's commands, whose statements may take long; a page's may not.
    Raises SettingsWrong or KeysWrong instead of starting half-configured.
    """
    from wristband import config, gates, keys, logs
    from wristband.house import Quiet, connect, furnish

    settings = settings or config.load()
    logs.set_up()
    if not settings.production:
        keys.create(settings.keys_path)
    ring = furnish(settings)
    gates.install(settings.threads)

    app = _bare_app(settings, ring)
    _attach_database(app, settings, patient)
    _try_a_data_key(app)

    from wristband import gateways, web
    from wristband.gateways import wechat
    from wristband.gateways.rota import Rota
    from wristband.incidents import platform
    from wristband.services.scanning import ScanLog

    app.extensions["gateways"] = gateways.choose(settings, ring)
    chat, push = gateways.quiet_settings(settings)
    police = gateways.choose_police(settings, platform.VOCABULARY, platform.INCOMING)
    if police is not None:
        app.extensions["gateways"]["platform"] = Rota("platform", [police])
    app.extensions["gateways"]["webhook"] = Rota("webhook", [gateways.choose_webhook(settings)])
    partner = platform.Partner(police.link_base or settings.base_url, police.particulars) if police else None
    connect(app.extensions["gateways"], Quiet(chat.hosts, push.serves), partner)
    app.extensions["masked"] = gateways.choose_masked(settings)
    app.extensions["geocoder"] = _geocoder(settings)
    app.extensions["wechat"] = wechat.choose(settings)
    app.extensions["scan_log"] = ScanLog(app.app_context)
    web.open_doors(app, settings)
    return app


def _geocoder(settings: Settings) -> Geocoder | None:
    """The operator's geocoder; without one its library, which knows some thirty of them, is not read at all."""
    if not settings.geocoder:
        return None
    from wristband.gateways import geocoding

    return geocoding.choose(settings)


def _try_a_data_key(app: Flask) -> None:
    """Raises KeysWrong where the database was written with other keys than those at hand."""
    from wristband import keys, sealing
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
    from flask import Flask

    from wristband.keys import FormKeys
    from wristband.places import static_folder, templates_folder

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


def _attach_database(app: Flask, settings: Settings, patient: bool) -> None:
    from flask_migrate import Migrate

    # Here, not above: the name would hide the module of the same name.
    from wristband.db import db, prepare_engine

    if settings.database.startswith("sqlite"):
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine, patient=patient)
    Migrate(app, db, directory=str(Path(__file__).parent / "migrations"), render_as_batch=True)
