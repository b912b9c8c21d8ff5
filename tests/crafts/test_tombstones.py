"""The file of what must stay deleted: added to, never losing a line to a crash."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from wristband.elders.tombstones import Kind, Tombstone, append, read

AT = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
ONE, TWO = Tombstone(Kind.ELDER, 12, AT), Tombstone(Kind.CONSENT, 2**63 - 1, AT)


def test_what_was_added_is_read_in_order(tmp_path: Path) -> None:
    append(tmp_path / "erased.jsonl", [ONE])
    append(tmp_path / "erased.jsonl", [TWO, ONE])
    assert read(tmp_path / "erased.jsonl") == [ONE, TWO, ONE]


def test_no_file_is_no_tombstone_and_none_makes_no_file(tmp_path: Path) -> None:
    append(tmp_path / "erased.jsonl", [])
    assert read(tmp_path / "erased.jsonl") == []
    assert not (tmp_path / "erased.jsonl").exists()


def test_nobody_else_on_the_machine_can_read_it(tmp_path: Path) -> None:
    append(tmp_path / "erased.jsonl", [ONE])
    assert (tmp_path / "erased.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_line_torn_by_a_crash_takes_no_other_with_it(tmp_path: Path) -> None:
    path = tmp_path / "erased.jsonl"
    append(path, [ONE, TWO])
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first + 1, len(whole)):
        path.write_bytes(whole[:cut])
        append(path, [ONE])
        assert read(path)[-1] == ONE
        assert read(path)[0] == ONE


@given(st.binary(max_size=200))
def test_whatever_stands_in_it_is_read_without_a_fault(tmp_path_factory: object, octets: bytes) -> None:
    path = tmp_path_factory.mktemp("stones") / "erased.jsonl"  # type: ignore[attr-defined]
    path.write_bytes(octets)
    assert all(isinstance(stone, Tombstone) for stone in read(path))
