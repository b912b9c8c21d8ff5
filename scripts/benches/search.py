"""Search among a million elders: by name, telephone and band code, and the pages of the list, on both engines.

Records are generated: names of a few thousand, each sealed under its own elder's data key as everywhere, one telephone
and one band each; a tenth of them at one station, the rest at nine hundred. What is timed is what a page asks and
opens, in the process, one after the other: on the clock, and of this thread's own, which others on the machine disturb
less; the round trip of an empty question stands beside it. TMPDIR says where
the stores lie: a million take some 2 GB each.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import platform
import random
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import postgres  # noqa: E402

BATCH = 10_000
STATIONS = 900
_SURNAMES = "林陈黄张吴李王郑蔡洪许谢郭邱曾庄杨刘苏叶"
_GIVEN = "秀美玉丽英兰珍金水木火土山河春夏秋冬德福寿康宁和"
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--elders", type=int, default=1_000_000)
    words.add_argument("--rounds", type=int, default=500)
    words.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    words.add_argument("--seed", type=int, default=110)
    chosen = words.parse_args()
    print(f"machine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for engine in chosen.engine or ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="wristband-search-") as folder, _database(engine, Path(folder)) as url:
            _measure(engine, url, Path(folder), chosen)


@contextlib.contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'wristband.db'}"
        return
    with postgres.running() as server:
        url = server.create()
        yield url.render_as_string(hide_password=False)
        server.drop(url)


def _measure(engine: str, url: str, folder: Path, chosen: argparse.Namespace) -> None:
    from flask_migrate import upgrade

    from wristband import create_app
    from wristband.config import Settings
    from wristband.db import db
    from wristband.keys import create

    create(folder / "keys")
    settings = Settings(data_dir=folder, keys_dir=folder / "keys", database_url=url, organisation="比速度")
    with create_app(settings).app_context():
        upgrade()
        began = time.perf_counter()
        made = _generate(chosen.elders, random.Random(chosen.seed))  # noqa: S311  names, no secrets
        print(f"{engine}: {chosen.elders} elders in {time.perf_counter() - began:.0f} s")
        for name, ask in _questions(made, random.Random(chosen.seed + 1)).items():  # noqa: S311
            _time(engine, name, ask, chosen.rounds)
        db.session.remove()
        db.engine.dispose()


# ---- making them


def _generate(elders: int, chance: random.Random) -> list[tuple[int, str, str, str]]:
    """Fill the store; gives a sample of what is in it: elder's id, name, number, serial of the band."""
    _stations()
    sample = []
    for first in range(0, elders, BATCH):
        rows = [_elder(number, chance) for number in range(first, min(first + BATCH, elders))]
        for table in ("data_key", "elder", "contact", "band"):
            _insert(table, [row[table] for row in rows])
        sample += [row["told"] for row in rows if row["elder"]["station_id"] == 1][:20]
    _settle()
    return sample


def _stations() -> None:
    rows = [
        {
            "id": number,
            "source": "bench",
            "source_id": str(number),
            "name": f"{number}号派出所",
            "address": "",
            "phone": "",
            "latitude": 24.0,
            "longitude": 118.0,
            "org_code": "",
            "adcode": "",
            "district": "",
            "opening_hours": "",
            "licence": "",
            "demonstration": True,
            "imported_at": _AT,
        }
        for number in range(1, STATIONS + 1)
    ]
    _insert("station", rows)


def _elder(number: int, chance: random.Random) -> dict[str, Any]:
    """The rows of one elder, sealed as the service would seal them."""
    from wristband import data_keys
    from wristband.sealing import box
    from wristband.values.code import BandCode

    name = chance.choice(_SURNAMES) + chance.choice(_GIVEN) + chance.choice(_GIVEN)
    secret, key_of_it = chance.choice(_keys())
    phone, serial = f"+86138{number:08d}", f"{number * 1_000_003 % 10**12:012d}"
    elder_id, contact_id, band_id = (number * 4 + 1_000_000_000 + step for step in range(3))
    at = _AT + timedelta(seconds=number)
    elder = {
        "id": elder_id,
        "key": f"bench-{number}",
        "state": "provisional" if number % 50 == 0 else "confirmed",
        "name": _sealed(name, "elder.name", elder_id, elder_id, key_of_it),
        "name_index": _indexed(name),
        "station_id": 1 if number % 10 == 0 else 2 + number % (STATIONS - 1),
        "registered_at": at,
        "changed_at": at,
    }
    contact = {
        "id": contact_id,
        "elder_id": elder_id,
        "kind": "phone",
        "address": _sealed(phone, "contact.address", contact_id, elder_id, key_of_it),
        "address_index": str(box().blind(phone, place="contact.address")),
        "calling_order": 1,
        "added_at": at,
        "confirmed_at": at if number % 3 else None,
        "reminders": 0,
    }
    band = {
        "id": band_id,
        "key": f"bench-{number}",
        "serial": serial,
        "key_id": "1",
        "form": "wristband",
        "state": "active",
        "elder_id": elder_id,
        "design": b"-",
        "check_code_hash": "1-",
        "check_tries": 0,
        "check_allowed": 100,
        "issued_at": at,
        "issued_by": "bench",
    }
    key = {"id": elder_id, "wrapped": data_keys.wrap(elder_id, secret), "made_at": at}
    told = (elder_id, name, phone, BandCode.from_serial(serial).shown)
    return {"data_key": key, "elder": elder, "contact": contact, "band": band, "told": told}


@cache
def _keys() -> list[tuple[bytes, Any]]:
    """A thousand data keys, dealt out: each is wrapped anew for its elder, so to read one costs what it always does."""
    from wristband.sealing import Key

    return [(secret, Key(secret)) for secret in (secrets.token_bytes(32) for _ in range(1000))]


@cache
def _indexed(name: str) -> str:
    from wristband.elders.models import name_index

    return str(name_index(name))


def _sealed(clear: str, place: str, row: int, owner: int, key: Any) -> str:
    from wristband.ciphers import NONCE_BYTES, Algorithm
    from wristband.sealing import VERSION, _framed

    word = Algorithm.AESGCM.value
    bound = _framed(VERSION, word, f"d{owner}", place, str(row))
    nonce = os.urandom(NONCE_BYTES)
    body = nonce + key.cipher(Algorithm.AESGCM, place).encrypt(nonce, clear.encode(), bound)
    return f"{VERSION}:{word}:d{owner}:{base64.b64encode(body).decode()}"


def _insert(table: str, rows: list[dict[str, Any]]) -> None:
    """Past the service and its layers: COPY on PostgreSQL, the driver's executemany on SQLite."""
    from wristband.db import db

    names = list(rows[0])
    raw = db.engine.raw_connection()
    with contextlib.closing(raw), contextlib.closing(raw.cursor()) as cursor:
        if db.engine.dialect.name == "postgresql":
            with cursor.copy(f'COPY "{table}" ({", ".join(names)}) FROM STDIN') as copy:
                for row in rows:
                    copy.write_row([row[name] for name in names])
            raw.commit()
            return
        cursor.execute("PRAGMA synchronous=OFF")
        cursor.execute("PRAGMA cache_size=-400000")
        cursor.execute("BEGIN")
        marks = ", ".join("?" * len(names))
        cursor.executemany(
            f'INSERT INTO "{table}" ({", ".join(names)}) VALUES ({marks})',  # noqa: S608  our own names
            [[_stored(row[name]) for name in names] for row in rows],
        )
        cursor.execute("COMMIT")


def _stored(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value


def _settle() -> None:
    """What an engine does by itself in a quiet hour."""
    from wristband.db import db

    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if db.engine.dialect.name == "sqlite" else "VACUUM ANALYZE")


# ---- asking


def _questions(made: list[tuple[int, str, str, str]], chance: random.Random) -> dict[str, Callable[[], object]]:
    import sqlalchemy as sa

    from wristband.db import db
    from wristband.elders import search
    from wristband.elders.keeping import Standing
    from wristband.elders.search import Ready
    from wristband.values.code import BandCode
    from wristband.values.phone import Phone

    here: dict[str, Any] = {"station_id": 1, "now": _AT + timedelta(days=30)}

    def one(part: int) -> Any:
        return chance.choice(made)[part]

    return {
        "(an empty question)": lambda: db.session.scalar(sa.select(1)),
        "by name": lambda: search.find_by_name(one(1), **here),
        "by telephone": lambda: search.find_by_phone(Phone(one(2)), **here),
        "by band code": lambda: search.find_by_code(BandCode.parse(one(3))),
        "by a name of nobody": lambda: search.find_by_name(f"无{chance.random()}", **here),
        "list, newest": lambda: search.list_page(**here),
        "list, anywhere": lambda: search.list_page(before=one(0), **here),
        "list, to be confirmed": lambda: search.list_page(before=one(0), standing=Standing.PROVISIONAL, **here),
        "list, disputed": lambda: search.list_page(before=one(0), standing=Standing.DISPUTED, **here),
        "list, stale numbers": lambda: search.list_page(before=one(0), ready=Ready.STALE, **here),
        "list, ready": lambda: search.list_page(before=one(0), ready=Ready.READY, **here),
    }


def _time(engine: str, name: str, ask: Callable[[], object], rounds: int) -> None:
    from wristband.db import db

    took, own = [], []
    for number in range(rounds + 20):
        began, worked = time.perf_counter(), time.thread_time()
        ask()
        if number >= 20:
            took.append((time.perf_counter() - began) * 1000)
            own.append((time.thread_time() - worked) * 1000)
        db.session.rollback()
        db.session.expunge_all()
    told = [f"p50 {statistics.median(each):7.2f} ms   p99 {_at_99(each):7.2f} ms" for each in (took, own)]
    print(f"{engine:10} {name:24} {told[0]}   the thread's own: {told[1]}")


def _at_99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


if __name__ == "__main__":
    main()
