"""Witnessing: checkpoints are made in time and copied out, and what they prove is found against any thief."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from structlog.testing import capture_logs

from tests.services.post import Post, worker
from tests.together import raised, together
from tests.trails import (
    ANOTHERS,
    AT,
    KEY,
    add,
    broken,
    honest,
    signed,
    steal,
    verify,
)
from wristband.audit.models import CheckpointRow
from wristband.audit.verification import Whole
from wristband.db import db
from wristband.errors import BadValue, Unavailable
from wristband.house import house
from wristband.keys import PURPOSES, KeyRing
from wristband.services import witnessing
from wristband.services.witnessing import EACH, EACH_ROWS, witness

pytestmark = pytest.mark.usefixtures("app")


def kept() -> list[int]:
    """The sizes of the checkpoints in the table."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(CheckpointRow.i).order_by(CheckpointRow.i)))


def lines() -> list[str]:
    return witnessing.file_path().read_text().splitlines()


# ---- checkpoints in time


def test_an_empty_trail_has_no_checkpoint(app: Flask) -> None:
    assert witnessing.checkpoint(now=AT) is None
    assert not witnessing.file_path().exists()


def test_a_checkpoint_is_kept_copied_and_passed_through(app: Flask) -> None:
    add(3)
    line = witnessing.checkpoint(now=AT)
    add(1)
    assert line
    assert lines() == [line]
    assert kept() == [3]
    # From the table and from the file.
    assert verify() == Whole(4, AT, 2, 3)


def test_where_nothing_is_new_the_checkpoint_stays(app: Flask) -> None:
    add(3)
    first = witnessing.checkpoint(now=AT)
    assert witnessing.checkpoint(now=AT + timedelta(days=1)) == first
    assert lines() == [first]


def test_one_is_made_for_each_hundred_rows_or_after_a_minute(app: Flask) -> None:
    now = AT
    witness(now)
    assert kept() == []
    add(1)
    witness(now := now + timedelta(seconds=1))
    assert kept() == [1]
    add(EACH_ROWS - 1)
    witness(now := now + timedelta(seconds=1))
    assert kept() == [1]
    add(1)
    witness(now := now + timedelta(seconds=1))
    assert kept() == [1, EACH_ROWS + 1]
    add(1)
    witness(now + EACH - timedelta(seconds=1))
    assert kept() == [1, EACH_ROWS + 1]
    witness(now + EACH)
    assert kept() == [1, EACH_ROWS + 1, EACH_ROWS + 2]
    witness(now + timedelta(days=1))
    assert len(kept()) == 3


def test_the_worker_makes_checkpoints_between_its_steps(app: Flask) -> None:
    add(3)
    worker(Post(), between=witness).drain()
    assert kept() == [3]


def test_many_who_witness_at_once_keep_one_and_copy_it_once(app: Flask) -> None:
    add(3)
    made = together(app, [lambda: witnessing.checkpoint(now=AT)] * 4)
    assert raised(made) == []
    assert len(set(made)) == 1
    assert lines() == made[:1]


# ---- the file


def test_a_line_that_a_crash_left_behind_or_broke_off_is_made_good(app: Flask) -> None:
    made = []
    for _ in range(3):
        add(1)
        made.append(witnessing.checkpoint(now=AT))
    path = witnessing.file_path()
    path.write_text(f"{made[0]}\n{str(made[1])[:50]}")
    assert verify().checkpoints == 4  # half a line was still being written
    add(1)
    made.append(witnessing.checkpoint(now=AT))
    assert lines() == made
    path.unlink()
    witnessing.checkpoint(now=AT)
    assert lines() == made
    assert verify() == Whole(4, AT, 8, 4)


def test_a_file_that_cannot_be_written_stops_no_worker_and_is_caught_up_with(app: Flask) -> None:
    add(1)
    folder = witnessing.file_path().parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    with pytest.raises(Unavailable):
        witnessing.checkpoint(now=AT)
    add(1)
    with capture_logs() as told:
        witness(AT + EACH)
    assert [entry["event"] for entry in told] == ["checkpoint_not_copied"]
    folder.unlink()
    add(1)
    witnessing.checkpoint(now=AT)
    assert len(lines()) == 3


def test_a_file_that_ends_in_something_else_is_left_alone(app: Flask) -> None:
    add(1)
    path = witnessing.file_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("words\n")
    with pytest.raises(BadValue) as refused:
        witnessing.checkpoint(now=AT)
    assert refused.value.code == "audit.no_checkpoint"
    assert path.read_text() == "words\n"


# ---- a copy kept elsewhere


@pytest.fixture
def copy(app: Flask, tmp_path: Path) -> Path:
    """Six rows with checkpoints at two, four and six, and the copy of them on another host."""
    for _ in range(3):
        add(2)
        witnessing.checkpoint(now=AT)
    elsewhere = tmp_path / "copy.jsonl"
    elsewhere.write_bytes(witnessing.file_path().read_bytes())
    return elsewhere


def test_a_copy_kept_elsewhere_is_passed_through_too(copy: Path) -> None:
    assert verify(copy) == Whole(6, AT, 9, 6)


def test_a_tail_cut_off_is_found_by_the_table(copy: Path) -> None:
    witnessing.file_path().unlink()
    steal("DELETE FROM audit_row WHERE i > 4")
    found = broken()
    assert (found.code, found.facts["i"], found.facts["size"], found.facts["proved"]) == ("audit.cut_off", 5, 6, 4)


def test_a_tail_cut_off_with_its_checkpoints_is_found_by_the_file_of_this_host(copy: Path) -> None:
    steal("DELETE FROM audit_row WHERE i > 4", "DELETE FROM audit_checkpoint WHERE i > 4")
    found = broken()
    assert (found.code, found.facts["i"], found.facts["where"]) == ("audit.cut_off", 5, "checkpoints.jsonl:3")


def test_a_tail_cut_off_everywhere_here_is_found_by_the_copy_alone(copy: Path) -> None:
    steal("DELETE FROM audit_row WHERE i > 4", "DELETE FROM audit_checkpoint WHERE i > 4")
    witnessing.file_path().unlink()
    assert verify().rows == 4
    found = broken(copy)
    assert (found.code, found.facts["i"], found.facts["where"]) == ("audit.cut_off", 5, "copy.jsonl:3")


def test_a_trail_written_anew_under_our_own_key_is_found_by_the_copy(copy: Path) -> None:
    """A thief of everything on this host, keys and all."""
    steal("DELETE FROM audit_row WHERE i > 2", "DELETE FROM audit_checkpoint WHERE i > 2")
    witnessing.file_path().unlink()
    add(4, "forged")
    witnessing.checkpoint(now=AT)
    assert verify().rows == 6
    found = broken(copy)
    assert (found.code, found.facts) == ("audit.rewritten", {"i": 3, "last": 4, "where": "copy.jsonl:2"})


def test_a_forged_checkpoint_in_the_table_is_found(copy: Path) -> None:
    steal("UPDATE audit_checkpoint SET line = replace(line, '\"size\":4', '\"size\":5') WHERE i = 4")
    found = broken()
    assert (found.code, found.facts["where"]) == ("audit.forged", "audit_checkpoint:4")


def test_rows_that_came_after_the_copy_do_not_disturb_it(copy: Path) -> None:
    add(5)
    witnessing.checkpoint(now=AT)
    assert verify(copy).rows == 11


ANOTHER = honest(6)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "audit.file_empty"),
        (b"\n", "audit.no_checkpoint"),
        (b"words\n", "audit.no_checkpoint"),
        (b"\xff\xfe\n", "audit.no_checkpoint"),
        (b"{}\n", "audit.no_checkpoint"),
        (b"[" * 1500 + b"\n", "audit.no_checkpoint"),
        (b"x" * 100_000 + b"\n", "audit.no_checkpoint"),
        (b"\x89PNG\r\n\x1a\n", "audit.no_checkpoint"),
        (signed(ANOTHER, 4, key=ANOTHERS).encode() + b"\n", "audit.forged"),
        (signed(ANOTHER, 4, key=KEY, key_id="Z").encode() + b"\n", "audit.key_gone"),
    ],
    ids=lambda value: str(value[:12]) if isinstance(value, bytes) else value,
)
def test_a_wrong_copy_is_told_as_that(copy: Path, text: bytes, code: str) -> None:
    copy.write_bytes(text)
    assert broken(copy).code == code


def test_a_copy_with_a_line_twice_is_told_as_that(copy: Path) -> None:
    first, *others = copy.read_text().splitlines(keepends=True)
    copy.write_text(first + first + "".join(others))
    found = broken(copy)
    assert (found.code, found.facts) == ("audit.repeated", {"where": "copy.jsonl:2"})


def test_a_copy_of_a_thousand_million_bytes_is_not_read_to_its_end(copy: Path) -> None:
    with copy.open("ab") as file:
        file.truncate(1_000_000_000)
    found = broken(copy)
    assert (found.code, found.facts) == ("audit.no_checkpoint", {"where": "copy.jsonl:4"})


def test_what_cannot_be_opened_as_a_file_is_told_as_that(copy: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "pipe", Path("/dev/zero")):
        assert broken(path).code == "audit.not_opened"


def test_checkpoints_of_a_key_that_was_rotated_away_still_count(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = dict(house().ring.all("audit"))

    def hold(keys: dict[str, bytes]) -> None:
        held = KeyRing({purpose: dict(house().ring.all(purpose)) for purpose in PURPOSES} | {"audit": keys})
        monkeypatch.setattr("wristband.house._installed", [replace(house(), ring=held)])

    hold(old | {"2": ANOTHERS})
    add(1)
    line = witnessing.checkpoint(now=AT)
    assert '"key":"2"' in str(line)
    assert verify(copy) == Whole(7, AT, 11, 7)
    hold({"2": ANOTHERS})
    assert broken(copy).code == "audit.key_gone"
