"""Import: how long a sheet of elders takes from upload to the last row, and how much memory, whatever its length.

Real parts: a database (SQLite, or PostgreSQL with --engine postgresql), a sealed upload, the worker's own steps, in a
process of its own for each length. Wall time and processor time are told apart, since the machine may be shared:

    check       every row read, judged by the rules of a registration, looked up
    import      every row registered: elder, guardian, telephones, consents, invitation, trail; fifty a commit
    again       the same file once more: nothing is added

Nothing is timed in a test.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import postgres  # noqa: E402

LENGTHS = (2_000, 20_000)
_SURNAMES, _GIVEN = "林陈黄张吴李王郑蔡洪", "秀美玉丽英兰珍金水土木火山河春夏秋冬德福"


@contextlib.contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'wristband.db'}"
        return
    with postgres.running() as server:
        url = server.create()
        yield url.render_as_string(hide_password=False)
        server.drop(url)


def sheet(rows: int, kind: str) -> bytes:
    """So many elders, each of a family of its own; numbers of one made-up range."""
    from wristband import clock
    from wristband.sheets.headings import HEADINGS, SheetField
    from wristband.sheets.rules import SheetKind
    from wristband.sheets.writing import Properties, write

    headings = [words[0] for words in HEADINGS.values()]
    values = {
        SheetField.CALLED: "阿姨",
        SheetField.SEX: "女",
        SheetField.BIRTH_YEAR: "1943",
        SheetField.APPROACH: "说闽南语，请慢慢说",
        SheetField.HEALTH: "对青霉素过敏",
        SheetField.GUARDIAN_NAME: "家人",
        SheetField.RELATION: "子女",
        **{field: "2026-03-01" for field in SheetField if field.startswith("agreed")},
    }
    table = [headings]
    for number in range(rows):
        name = _SURNAMES[number % 10] + _GIVEN[number // 10 % 20] + _GIVEN[number // 200 % 20]
        own = {
            SheetField.NAME: name,
            SheetField.ADDRESS: f"示例路 {number} 号",
            SheetField.PHONE: f"138001{number:05d}",
        }
        table.append([(values | own).get(field, "") for field in SheetField])
    if kind == "csv":
        text = io.StringIO()
        csv.writer(text).writerows(table)
        return text.getvalue().encode()
    return write(SheetKind.XLSX, table, Properties("bench", "bench", "", clock.now()))


def measure(rows: int, kind: str, url: str, folder: str, pipe: object) -> None:
    from flask_migrate import upgrade

    from wristband import clock, create_app
    from wristband.accounts.queries import find_officer_account
    from wristband.accounts.rules import Role
    from wristband.config import Settings
    from wristband.services import importing, staffing
    from wristband.sheets import queries
    from wristband.stations.models import Station

    settings = Settings(data_dir=Path(folder), database_url=url)
    with create_app(settings, patient=True).app_context():
        upgrade()
        from wristband.db import db, transaction

        station = Station(
            source="bench",
            source_id=str(rows),
            name=f"示例派出所{rows}",
            imported_at=clock.now(),
            latitude=24.7,
            longitude=118.1,
        )
        with transaction():
            db.session.add(station)
        officer_id = staffing.add_officer(
            f"bench{rows}", name="bench", password_hash="", role=Role.SUPERVISOR, station_id=station.id, now=clock.now()
        )
        officer = find_officer_account(officer_id)
        if officer is None:
            raise SystemExit("no officer")
        data = sheet(rows, kind)
        quiet = _memory_mb()
        for word in ("first", "again"):
            import_id = importing.begin(data, f"{word}.{kind}", invites=True, officer=officer, now=clock.now())
            spent = [_timed()]
            importing.start(import_id, officer=officer, now=clock.now())
            spent.append(_timed())
            one = queries.get_import(import_id, station_id=officer.station_id)
            pipe.send((word, spent, one.state.value, one.added, one.met, quiet, _memory_mb()))
    pipe.send(None)


def _timed() -> tuple[float, float]:
    """The worker's steps until the import in hand stands still: wall seconds, and those of this process."""
    from wristband import clock
    from wristband.db import db
    from wristband.services import importing_rows

    wall, processor = time.monotonic(), time.process_time()
    for _ in importing_rows.go_on(clock.now()):
        db.session.rollback()
    return time.monotonic() - wall, time.process_time() - processor


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kind", choices=("csv", "xlsx"), default="csv")
    parser.add_argument("--rows", type=int, nargs="*", default=list(LENGTHS))
    asked = parser.parse_args()
    print(f"{asked.engine}, {asked.kind}, {os.cpu_count()} cores; ceiling: 20,000 rows in 120 s, memory flat")
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as folder, database(asked.engine, Path(folder)) as url:
            ours, its = multiprocessing.get_context("spawn").Pipe()
            process = multiprocessing.get_context("spawn").Process(
                target=measure, args=(rows, asked.kind, url, folder, its)
            )
            process.start()
            while (told := ours.recv()) is not None:
                word, spent, state, added, met, quiet, peak = told
                (check, check_cpu), (take, take_cpu) = spent
                print(
                    f"{rows:6} rows {word:5}: check {check:5.1f} s ({check_cpu:.1f} of processor), import {take:5.1f} s"
                    f" ({take_cpu:.1f}), {state}, added {added}, there {met}; {quiet:.0f} MB before, {peak:.0f} MB peak"
                )
            process.join()


if __name__ == "__main__":
    main()
