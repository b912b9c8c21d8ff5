"""gunicorn killed with SIGKILL while finders report: no report that was acknowledged is lost, none is doubled.

Each round sends reports over several connections and kills every process that answers them at a random moment,
each tenth time the master with them. What was not acknowledged is sent again in the next round under the same key,
as a phone does. At the end every acknowledged report is looked for in the store, and every scan counted.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from report import Tap, call, free_port, instance, make_families, serve, taps

CONNECTIONS = 12
MOST_A_ROUND = 1500


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    words.add_argument("--kills", type=int, default=100)
    asked = words.parse_args()
    for engine in asked.engine or ["sqlite", "postgresql"]:
        _kill(engine, asked.kills)


def _kill(engine: str, kills: int) -> None:
    with instance(engine) as environment:
        tokens, port = make_families(20), free_port()
        acknowledged: set[str] = set()
        again: list[Tap] = []
        repeated, began, server = 0, time.monotonic(), serve(environment, port)
        for nth in range(kills):
            # Half of them about elders of families, half about nobody known.
            mine = [*again, *taps(MOST_A_ROUND, tokens if nth % 2 else [])]
            repeated += len(again)
            whole = nth % 10 == 9
            told = _round(server.pid, port, mine, whole=whole)
            # Those that may have been on their way when it was killed.
            again = [tap for tap in mine[: len(told) + CONNECTIONS] if tap.reference not in told]
            acknowledged |= told
            if whole:
                server.wait(20)
                server = serve(environment, port)
        acknowledged |= set(asyncio.run(call(port, again, CONNECTIONS, 20)).kept)
        server.terminate()
        server.wait(20)
        missing, doubled, kept = _look(acknowledged)
        print(
            f"{engine}: {kills} kills in {time.monotonic() - began:.0f} s, {len(acknowledged)} acknowledged,"
            f" {repeated} sent again, {kept} kept; lost {missing}, doubled {doubled}",
            flush=True,
        )


def _round(master: int, port: int, mine: list[Tap], *, whole: bool) -> set[str]:
    """The references of those acknowledged before the kill."""
    alarm = threading.Timer(random.uniform(0.2, 1.0), _strike, (master, whole))  # noqa: S311
    alarm.start()
    told = asyncio.run(call(port, mine, CONNECTIONS, 20))
    alarm.join()
    return set(told.kept)


def _strike(master: int, whole: bool) -> None:
    if whole:
        os.killpg(master, signal.SIGKILL)
        return
    for child in Path(f"/proc/{master}/task/{master}/children").read_text().split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(child), signal.SIGKILL)


def _look(acknowledged: set[str]) -> tuple[int, int, int]:
    """How many acknowledged reports are missing, how many scans have more than one, and how many reports there are."""
    import sqlalchemy as sa

    from wristband import create_app
    from wristband.db import db
    from wristband.incidents.models import Incident, Report
    from wristband.scans.keeping import reference_hash
    from wristband.scans.models import Scan

    with create_app().app_context():
        rows = db.session.execute(
            sa.select(Scan.reference_hash, Report.scan_id)
            .join(Report, Report.scan_id == Scan.id)
            .join(Incident, Incident.id == Report.incident_id)
        ).all()
        there = Counter(row.reference_hash for row in rows)
        missing = sum(str(reference_hash(one)) not in there for one in acknowledged)
        db.session.remove()
        db.engine.dispose()
    return missing, sum(count > 1 for count in there.values()), len(rows)


if __name__ == "__main__":
    main()
