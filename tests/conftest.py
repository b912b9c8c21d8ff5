"""What the tests stand on: keys, a migrated database on each engine, the application, a server, a phone.

Everything is made only when a test asks for it, so tests of values and rules need none of it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from sqlalchemy.engine import URL

from tests import browser as browsers
from tests import postgres, quarter, remembered
from tests.server import Server
from tests.server import running as running_server

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from playwright.sync_api import BrowserContext

    from tests.world import Cast, World
    from wristband.config import Settings
    from wristband.keys import KeyRing

REQUIRE_ALL = os.environ.get("WRISTBAND_REQUIRE_ALL") == "1"
# Set by the machine these tests run on, and read by the tests themselves; every other setting is a test's own.
_OURS = {"WRISTBAND_REQUIRE_ALL", "WRISTBAND_CHROMIUM"}
for _name in [name for name in os.environ if name.startswith("WRISTBAND_") and name not in _OURS]:
    del os.environ[_name]
# Hundreds of processes are started on the way, and each would compile the whole house again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# What a test keeps it keeps for the blink of that test: in memory where there is plenty, so that no sync waits.
_MEMORY = Path("/dev/shm")  # noqa: S108  folders with names nobody can guess, as in any folder of temporary files
_PLENTY_BYTES = 2 << 30
if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _PLENTY_BYTES:
    os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)


# ---- what this machine can run


def _missing() -> dict[str, str]:
    """By marker, what is not on this machine and how to get it."""
    missing = {}
    if browsers.executable() is None:
        missing["browser"] = "no Chromium found (apt install chromium, or set WRISTBAND_CHROMIUM)"
    if not postgres.is_there():
        missing["postgresql"] = "no PostgreSQL found (apt install postgresql, or set TEST_DATABASE_URL)"
    return missing


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("--every-engine"):
        # Fewer tries each time, and others every time: what matters over a year is how many there were.
        hypothesis.settings.register_profile("quarter of an hour", max_examples=25, deadline=None)
        hypothesis.settings.load_profile("quarter of an hour")
    missing = _missing()
    if missing and REQUIRE_ALL:
        raise pytest.UsageError(f"WRISTBAND_REQUIRE_ALL is set, but: {'; '.join(missing.values())}")
    remembered.install()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-engine", action="store_true", help="run every test of a store on both engines")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "browser_name" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
    missing = _missing()
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in missing)]
    if not missing and not config.getoption("--every-engine") and len(items) > quarter.A_FEW:
        left_out += [item for item in items if quarter.is_left_out(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        without = set(left_out)
        items[:] = [item for item in items if item not in without]
    items.sort(key=quarter.does_without_a_server)


def pytest_collection_finish() -> None:
    # Thousands of tests and every library stay to the end: nobody need look again and again whether they do.
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for marker, reason in _missing().items():
        terminalreporter.write_line(f"!!! NOT TESTED: everything marked {marker}: {reason}", red=True, bold=True)


# ---- keys and settings


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one key of each purpose."""
    from wristband import keys

    folder = tmp_path_factory.mktemp("keys")
    keys.create(folder)
    return folder


@pytest.fixture(scope="session")
def keys(keys_folder: Path) -> KeyRing:
    """The ring of those keys, installed for sealed columns."""
    from tests.pagecheck import kept_from_everybody
    from wristband import keys, sealing

    ring = keys.load(keys_folder)
    for purpose in keys.PURPOSES:
        for key in ring.all(purpose).values():
            kept_from_everybody(key.hex())
    sealing.install(ring)
    return ring


@pytest.fixture
def doors() -> tuple[str, ...]:
    """Which doors the application of a test opens; to open them all is a third of the time of a test without any."""
    from wristband.config import DOORS

    return DOORS


@pytest.fixture(scope="session")
def usual_settings(keys_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """What the settings of all tests have in common; to read an environment for each would take longer than a deed."""
    return _settings(tmp_path_factory.mktemp("nobodys"), keys_folder, "sqlite:///nobodys.db")


@pytest.fixture
def settings(usual_settings: Settings, tmp_path: Path, engine_url: str, doors: tuple[str, ...]) -> Settings:
    """Settings of one test: own folder, own database, printed messages."""
    own = {"data_dir": tmp_path / "instance", "database_url": engine_url, "doors": doors}
    return usual_settings.model_copy(update=own)


def _settings(folder: Path, keys_folder: Path, database_url: str) -> Settings:
    from wristband.config import Settings

    # Who signs in at a desk of these tests has no second factor; tests/services/test_enrolling.py asks for one.
    return Settings(
        data_dir=folder,
        keys_dir=keys_folder,
        database_url=database_url,
        organisation="同安分局黄手环",
        second_factor="offered",
    )


# ---- databases: migrated once, then copied (SQLite) or emptied (PostgreSQL) for each test


def _migrate(settings: Settings) -> None:
    from flask_migrate import upgrade

    from wristband import create_app
    from wristband.db import db

    with create_app(settings).app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def databases() -> Iterator[postgres.Databases]:
    """A PostgreSQL server to make databases on."""
    with postgres.running() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgresql(
    databases: postgres.Databases, keys_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[URL]:
    url = databases.create()
    _migrate(_settings(tmp_path_factory.mktemp("template"), keys_folder, url.render_as_string(hide_password=False)))
    yield url
    databases.drop(url)


@pytest.fixture(scope="session")
def migrated_sqlite(keys_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    path = folder / "wristband.db"
    _migrate(_settings(folder, keys_folder, f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def engine(request: pytest.FixtureRequest) -> str:
    """Which engine a test runs on: each in turn."""
    return str(request.param)


@pytest.fixture
def empty_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database without a single table."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: postgres.Databases = request.getfixturevalue("databases")
    url = server.create()
    yield url.render_as_string(hide_password=False)
    server.drop(url)


@pytest.fixture
def engine_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a migrated database without a row, nobody else's while the test runs."""
    if engine == "sqlite":
        path = tmp_path / "wristband.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    url: URL = request.getfixturevalue("migrated_postgresql")
    server: postgres.Databases = request.getfixturevalue("databases")
    yield url.render_as_string(hide_password=False)
    server.empty(url)


# ---- the application


@pytest.fixture
def app(settings: Settings, keys: KeyRing) -> Iterator[Flask]:
    """The application on a migrated database, its context pushed."""
    from tests.client import CheckedClient
    from wristband import create_app
    from wristband.db import db

    application = create_app(settings)
    application.test_client_class = CheckedClient
    with application.app_context():
        yield application
        scan_log = application.extensions["scan_log"]
        scan_log.close()  # its thread has a connection, which the engine would forget, and the application
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser's requests without a browser; every page it gets is looked at."""
    return app.test_client()


# ---- the real thing


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service with its demonstration, as scripts/serve starts it, delivery worker included."""
    with running_server(tmp_path_factory.mktemp("instance")) as running:
        yield running


@pytest.fixture(scope="session")
def base_url() -> None:
    """The address a browser's plugin would ask at every start; here each server has its own."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    # As root Chromium's sandbox cannot be set up, and the pages are our own.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {
        **browser_type_launch_args,
        "executable_path": browsers.executable(),
        "args": [*browsers.LAUNCH, *as_root],
    }


@pytest.fixture
def arrive(server: Server, new_context: Any) -> browsers.Arrivals:
    """One more person with a browser: `arrive(desk=True, scripts=False, language="en")`."""

    def arrival(*, desk: bool = False, scripts: bool = True, language: str = "zh-CN", **more: Any) -> browsers.Visitor:
        size = browsers.DESK if desk else browsers.PHONE
        context: BrowserContext = new_context(locale=language, java_script_enabled=scripts, **size, **more)
        context.set_default_timeout(10_000)
        return browsers.Visitor.arrive(context, server.base_url, scripts=scripts, small=not desk)

    return arrival


@pytest.fixture
def phone(arrive: browsers.Arrivals) -> browsers.Visitor:
    """A passer-by's phone: 360 x 780, touch, Simplified Chinese."""
    return arrive()


@pytest.fixture
def desk(arrive: browsers.Arrivals) -> browsers.Visitor:
    """A station's screen: 1440 x 900."""
    return arrive(desk=True)


@pytest.fixture(scope="session")
def cast_and_store(
    keys: KeyRing, keys_folder: Path, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Cast, Path]:
    """The cast as rows, made once by the services everybody uses; and the SQLite file they were made in."""
    from tests.world import make_cast
    from wristband import create_app
    from wristband.db import db

    path = tmp_path_factory.mktemp("cast") / "wristband.db"
    shutil.copyfile(migrated_sqlite, path)
    with create_app(_settings(path.parent, keys_folder, f"sqlite:///{path}")).app_context():
        made = make_cast()
        db.session.remove()
        with contextlib.closing(db.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return made, path


@pytest.fixture(scope="session")
def cast(cast_and_store: tuple[Cast, Path]) -> Cast:
    return cast_and_store[0]


@pytest.fixture
def world(cast: Cast, app: Flask) -> World:
    """The cast, in this test's database."""
    return cast.enter()
