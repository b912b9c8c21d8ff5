"""Temporary: an application without doors."""
import pytest
from flask import Flask
from tests import postgres

@pytest.fixture
def app(engine, tmp_path, keys, request):
    from wristband.db import db, prepare_engine
    import wristband.accounts.models, wristband.bands.models, wristband.elders.models, wristband.incidents.models, wristband.outbox.models, wristband.scans.models, wristband.stations.models, wristband.limits
    application = Flask("wristband")
    if engine == "sqlite":
        url = f"sqlite:///{tmp_path / 'w.db'}"
        made = None
    else:
        server = request.getfixturevalue("databases")
        made = server.create()
        url = made.render_as_string(hide_password=False)
    application.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(application)
    with application.app_context():
        prepare_engine(db.engine)
        db.create_all()
        yield application
        db.session.remove()
        db.engine.dispose()
    if made:
        server.drop(made)
