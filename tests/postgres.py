"""A PostgreSQL for the tests: the one named by TEST_DATABASE_URL, else a server of our own, gone when the tests are."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url

STARTED_WITHIN_S = 30
# What makes a server quick and forgetful: these rows live for one test.
_FORGETFUL = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=120",
    "shared_buffers=64MB",
)
# What a bench of durable deeds needs: a server as an operator runs it.
_DURABLE = ("max_connections=120", "shared_buffers=128MB")
_PR_SET_PDEATHSIG = 1


def binaries() -> Path | None:
    """The folder of Debian's newest server binaries, None where there are none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


def is_there() -> bool:
    """Whether tests on PostgreSQL can run here."""
    return bool(os.environ.get("TEST_DATABASE_URL") or binaries())


class Databases:
    """One server, and the databases that tests make on it."""

    def __init__(self, server: URL) -> None:
        self._server = server.set(drivername="postgresql+psycopg")
        self._mark = f"wristband_test_{secrets.token_hex(4)}"
        self._made = 0
        self._kept: dict[URL, psycopg.Connection] = {}

    def create(self) -> URL:
        """A new database without a table; UTF-8 whatever the machine's locale says."""
        self._made += 1
        url = self._server.set(database=f"{self._mark}_{self._made}")
        self._run(
            self._server, f"CREATE DATABASE \"{url.database}\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
        )
        return url

    def drop(self, url: URL) -> None:
        if url in self._kept:
            self._kept.pop(url).close()
        self._run(self._server, f'DROP DATABASE "{url.database}" WITH (FORCE)')

    def empty(self, url: URL) -> None:
        """Take every row out of a migrated database. Quicker by far than TRUNCATE or a new copy of it.

        Over a connection that is kept until the database is dropped: a new one costs more than all it would do.

        The tables' owner may put aside what keeps everybody else from deleting.
        """
        from wristband.db import db

        # Dependents first; a statement each, in one message and one transaction.
        rows_of_all = "".join(f'DELETE FROM "{table.name}";' for table in reversed(db.metadata.sorted_tables))  # noqa: S608  our own tables
        guarded = [f'ALTER TABLE "{name}" %s TRIGGER USER;' for name in db.metadata.tables if name.startswith("audit_")]
        aside, back = ("".join(guarded) % ((word,) * len(guarded)) for word in ("DISABLE", "ENABLE"))
        self._kept_open(url).execute(f"SET lock_timeout = '10s'; {aside} {rows_of_all} {back}".encode())

    def _kept_open(self, url: URL) -> psycopg.Connection:
        """The connection that is kept, or a new one where a test's server hung up on everybody."""
        kept = self._kept.get(url)
        with contextlib.suppress(psycopg.OperationalError):
            if kept is not None and not kept.closed:
                kept.execute("SELECT 1")
                return kept
        if kept is not None:
            kept.close()
        self._kept[url] = _connect(url)
        return self._kept[url]

    def _run(self, url: URL, statement: str) -> list[str]:
        """The first column of what a statement returns."""
        with _connect(url) as connection:
            done = connection.execute(statement.encode())
            return [row[0] for row in done] if done.description else []


def _connect(url: URL) -> psycopg.Connection:
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, autocommit=True)


@contextlib.contextmanager
def running(*, durable: bool = False) -> Iterator[Databases]:
    """A server to make databases on, ended afterwards if it is ours. A `durable` one syncs what it has committed."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield Databases(make_url(given))
        return
    folder = Path(tempfile.mkdtemp(prefix="wristband-pg-"))
    try:
        with _own_server(folder, _DURABLE if durable else _FORGETFUL) as server:
            yield Databases(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _own_server(folder: Path, settings: Sequence[str]) -> Iterator[URL]:
    found = binaries()
    if found is None:
        raise RuntimeError("no PostgreSQL here: is_there() says so beforehand")
    user = _other_user()
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    started_as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    data = folder / "data"
    initdb = [found / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, env=environment, **started_as)
    command = [found / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="]
    for setting in settings:
        command += ["-c", setting]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, preexec_fn=_die_with_the_tests, **started_as
        )
    # The socket's folder as a query: both libpq and SQLAlchemy read it so.
    url = URL.create("postgresql", username="tests", database="postgres", query={"host": str(folder)})
    try:
        _wait(url, server, folder / "log")
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        server.wait(STARTED_WITHIN_S)


def _other_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; then it runs as the user Debian made for it, or as nobody."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _die_with_the_tests() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _wait(url: URL, server: subprocess.Popen[bytes], log: Path) -> None:
    latest = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < latest and server.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(url.render_as_string(hide_password=False)).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
