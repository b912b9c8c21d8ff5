"""Sealed files: whole on the disk or not there, and readable only where they belong."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband import files
from wristband.errors import NotFound, Unavailable
from wristband.files import FileStore
from wristband.sealing import SealBroken

pytestmark = pytest.mark.usefixtures("keys")

PLACE, ROW = "photo.jpeg", 912961187922632267
DATA = b"\xff\xd8 a face \n with a line and a zero \0"
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def the_file(tmp_path: Path) -> Path:
    return next(path for path in tmp_path.rglob("*") if path.is_file())


@given(data=st.binary(max_size=2000), row=st.integers(0, 2**63 - 1))
def test_what_is_kept_comes_back(tmp_path_factory: pytest.TempPathFactory, data: bytes, row: int) -> None:
    store = FileStore(tmp_path_factory.mktemp("files"))
    store.write(data, place=PLACE, row=row)
    assert store.read(place=PLACE, row=row) == data


def test_a_file_at_rest_is_sealed(store: FileStore, tmp_path: Path) -> None:
    store.write(DATA, place=PLACE, row=ROW)
    kept = the_file(tmp_path).read_bytes()
    assert kept.startswith(b"v1:aesgcm:1\n")
    assert b"a face" not in kept
    assert b"\xff\xd8 " not in kept


def test_writing_leaves_nothing_beside_the_file(store: FileStore, tmp_path: Path) -> None:
    store.write(DATA, place=PLACE, row=ROW)
    store.write(DATA + DATA, place=PLACE, row=ROW)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [the_file(tmp_path)]
    assert store.read(place=PLACE, row=ROW) == DATA + DATA


def test_a_file_that_was_never_kept_is_not_found(store: FileStore) -> None:
    with pytest.raises(NotFound) as refused:
        store.read(place=PLACE, row=ROW)
    assert refused.value.code == "files.gone"


def test_a_removed_file_is_gone_and_removing_it_again_is_no_fault(store: FileStore) -> None:
    store.write(DATA, place=PLACE, row=ROW)
    store.remove(place=PLACE, row=ROW)
    store.remove(place=PLACE, row=ROW)
    with pytest.raises(NotFound):
        store.read(place=PLACE, row=ROW)


@pytest.mark.parametrize("row", [ROW + 256, ROW + 1])
def test_a_file_moved_to_another_row_does_not_open(store: FileStore, tmp_path: Path, row: int) -> None:
    store.write(DATA, place=PLACE, row=ROW)
    store.write(b"other", place=PLACE, row=row)
    mine, other = (next(tmp_path.rglob(f"{number}.sealed")) for number in (ROW, row))
    shutil.copyfile(mine, other)
    with pytest.raises(SealBroken):
        store.read(place=PLACE, row=row)


def test_a_file_moved_to_another_place_does_not_open(store: FileStore, tmp_path: Path) -> None:
    store.write(DATA, place=PLACE, row=ROW)
    (tmp_path / "files" / PLACE).rename(tmp_path / "files" / "voice.ogg")
    with pytest.raises(SealBroken):
        store.read(place="voice.ogg", row=ROW)


@given(data=st.data())
def test_a_file_altered_in_any_byte_does_not_open(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("files")
    store = FileStore(folder)
    store.write(DATA, place=PLACE, row=ROW)
    path = the_file(folder)
    kept = bytearray(path.read_bytes())
    where = data.draw(st.integers(0, len(kept) - 1))
    kept[where] ^= data.draw(st.integers(1, 255))
    path.write_bytes(kept)
    with pytest.raises(SealBroken):
        store.read(place=PLACE, row=ROW)


@pytest.mark.parametrize("length", [0, 5, 12, 20, 30])
def test_a_file_cut_short_does_not_open(store: FileStore, tmp_path: Path, length: int) -> None:
    store.write(DATA, place=PLACE, row=ROW)
    path = the_file(tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(SealBroken):
        store.read(place=PLACE, row=ROW)


def test_no_picture_is_kept_when_the_disk_has_to_be_left_for_reports(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = files.FREE_BYTES_KEPT - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(2 * free, free, free))
    with pytest.raises(Unavailable) as refused:
        store.write(DATA, place=PLACE, row=ROW)
    assert refused.value.code == "files.disk_full"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_disk_that_fills_up_while_writing_keeps_the_old_file_and_no_half_of_the_new(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(DATA, place=PLACE, row=ROW)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", full)
        with pytest.raises(Unavailable) as refused:
            store.write(DATA + DATA, place=PLACE, row=ROW)
    assert refused.value.code == "files.disk_full"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [the_file(tmp_path)]
    assert store.read(place=PLACE, row=ROW) == DATA


def test_a_folder_that_cannot_be_made_is_told_as_no_space(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(Unavailable):
        FileStore(tmp_path / "files").write(DATA, place=PLACE, row=ROW)
