"""Personal data at rest: a seal opens in its own row and column only, and nothing personal lies beside it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.orm
from hypothesis import given
from hypothesis import strategies as st

from tests.life import Lived, whole_journey
from tests.world import World, every_row
from wristband import keys as key_files
from wristband.db import Row, db, transaction
from wristband.elders.models import Elder
from wristband.keys import KeyRing
from wristband.sealing import Box, SealBroken, box, sealed

PLACE, ROW = "elder.name", 7
KEY = bytes.fromhex("5f0c7d1e93a2b84466e1d0f7c3958a2b1c4d6e8fa0b2c3d4e5f60718293a4b5c")
OTHER = bytes.fromhex("a3d41f6b08c97e5520d86c1fb9743ea66f0e8d2c4b5a69788796a5b4c3d2e1f0")
BOX = Box(KeyRing({"fields": {"1": KEY}, "index": {"1": KEY}, "codes": {"1": KEY}}))

# Every column of text must be sealed (its attribute ends in _sealed), or be one of these.
KEYED = {
    "band.key",
    "challenge.code_hash",
    "challenge.holder",
    "contact.address_index",
    "elder.key",
    "guardian.phone_index",
    "message.recipient_index",
    "scan.reference_hash",
    "sighting.key",
    "sign_in.reference_hash",
    "spent_budget.key",
}
A_WORD_OF_OURS = "one of a few words of the programme's own"
PUBLIC = "a public fact about a police station"
IN_THE_CLEAR = {
    "audit_row.deed": A_WORD_OF_OURS,
    "audit_row.actor": "a kind and an id",
    "audit_row.subject": "a kind and an id",
    "audit_row.facts": "ids and words of ours",
    "band.serial": "random digits; they name a band and prove nothing",
    "band.key_id": "the name of a key, not the key",
    "band.form": A_WORD_OF_OURS,
    "band.state": A_WORD_OF_OURS,
    "band.end": A_WORD_OF_OURS,
    "band.design": "the symbol as it hangs on the wrist; the portrait in it has a few hundred squares",
    "band.check_code_hash": "argon2id over a keyed hash",
    "band.issued_by": "a kind and an id",
    "batch.address": "our own address, as it is printed on every band of the batch",
    "batch.form": A_WORD_OF_OURS,
    "challenge.purpose": A_WORD_OF_OURS,
    "consent.purpose": A_WORD_OF_OURS,
    "consent.text_sha256": "digest of a sentence of ours",
    "contact.kind": A_WORD_OF_OURS,
    "delivery.code": "the gateway's word for what happened",
    "delivery.gateway": A_WORD_OF_OURS,
    "delivery.outcome": A_WORD_OF_OURS,
    "delivery.receipt": "the gateway's own number",
    "elder.sex": "one of two words; it does not tell who it is",
    "elder.state": A_WORD_OF_OURS,
    "guardian.language": A_WORD_OF_OURS,
    "guardianship.relation": "one of a few words; it does not tell who it is",
    "incident.disposition": A_WORD_OF_OURS,
    "incident.number": "a date and a count",
    "incident.state": A_WORD_OF_OURS,
    "incident_move.state": A_WORD_OF_OURS,
    "message.channel": A_WORD_OF_OURS,
    "message.key": "words of ours and ids",
    "message.language": A_WORD_OF_OURS,
    "message.leased_by": "the name of a worker of ours",
    "message.state": A_WORD_OF_OURS,
    "message.wording": A_WORD_OF_OURS,
    "officer.language": A_WORD_OF_OURS,
    "officer.password_hash": "argon2id",
    "officer.role": A_WORD_OF_OURS,
    "officer.username": "a name to sign in with, given by the operator and searched by",
    "photo.sha256": "digest of a picture of which we keep no copy in the clear",
    "reach.answer": A_WORD_OF_OURS,
    "scan.language": A_WORD_OF_OURS,
    "sighting.source": A_WORD_OF_OURS,
    "sign_in.door": A_WORD_OF_OURS,
    "station.source": PUBLIC,
    "station.source_id": PUBLIC,
    "station.name": PUBLIC,
    "station.address": PUBLIC,
    "station.phone": PUBLIC,
    "station.org_code": PUBLIC,
    "station.adcode": PUBLIC,
    "station.district": PUBLIC,
    "station.opening_hours": PUBLIC,
    "station.licence": PUBLIC,
}
# What the journey leaves empty: nothing is handed over, and no stock is made in advance.
NOT_ON_THIS_JOURNEY = {"batch", "delivery"}


# ---- one seal


@given(st.text(), st.integers(0, 2**63 - 1))
def test_a_seal_opens_to_what_was_sealed(clear: str, row: int) -> None:
    clear = clear.encode(errors="ignore").decode()
    assert BOX.open(BOX.seal(clear, place=PLACE, row=row), place=PLACE, row=row) == clear


def test_the_same_text_is_never_sealed_alike_twice() -> None:
    assert len({BOX.seal("林", place=PLACE, row=ROW) for _ in range(100)}) == 100


def test_a_seal_names_its_version_algorithm_and_key() -> None:
    assert BOX.seal("林", place=PLACE, row=ROW).startswith("v1:aesgcm:1:")


@pytest.mark.parametrize(
    ("place", "row"),
    [("elder.called", ROW), ("elde.rname", ROW), ("guardian.name", ROW), (PLACE, 8), (PLACE, -7), ("elder.name7", 0)],
)
def test_a_seal_moved_elsewhere_does_not_open(place: str, row: int) -> None:
    with pytest.raises(SealBroken) as refused:
        BOX.open(BOX.seal("林秀英", place=PLACE, row=ROW), place=place, row=row)
    assert refused.value.code == "seal.broken"
    assert "林" not in str(refused.value.facts)


@given(st.data())
def test_a_seal_altered_in_any_character_does_not_open(data: st.DataObject) -> None:
    whole = BOX.seal(data.draw(st.sampled_from(["", "林", "林秀", "林秀英"])), place=PLACE, row=ROW)
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.characters().filter(lambda character: character != whole[place]))
    with pytest.raises(SealBroken):
        BOX.open(whole[:place] + other + whole[place + 1 :], place=PLACE, row=ROW)


@given(st.data())
def test_a_seal_cut_or_lengthened_does_not_open(data: st.DataObject) -> None:
    whole = BOX.seal("林秀英", place=PLACE, row=ROW)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    for broken in (cut, whole + data.draw(st.text(min_size=1))):
        with pytest.raises(SealBroken):
            BOX.open(broken, place=PLACE, row=ROW)


@given(st.text())
def test_what_is_no_seal_does_not_open(text: str) -> None:
    with pytest.raises(SealBroken):
        BOX.open(text, place=PLACE, row=ROW)


def test_another_key_of_the_same_name_does_not_open() -> None:
    with pytest.raises(SealBroken):
        Box(KeyRing({"fields": {"1": OTHER}})).open(BOX.seal("林", place=PLACE, row=ROW), place=PLACE, row=ROW)


def test_a_key_that_is_gone_is_named() -> None:
    with pytest.raises(SealBroken) as refused:
        Box(KeyRing({"fields": {"2": OTHER}})).open(BOX.seal("林", place=PLACE, row=ROW), place=PLACE, row=ROW)
    assert (refused.value.code, refused.value.facts) == ("seal.key_gone", {"key_id": "1"})


def test_after_a_new_key_the_old_seals_still_open_and_new_ones_are_made_with_it() -> None:
    newer = Box(KeyRing({"fields": {"1": KEY, "2": OTHER}}))
    assert newer.open(BOX.seal("林", place=PLACE, row=ROW), place=PLACE, row=ROW) == "林"
    assert newer.seal("林", place=PLACE, row=ROW).startswith("v1:aesgcm:2:")


# ---- blind indexes and keyed hashes


def test_a_blind_index_finds_again_and_tells_nothing_across_columns() -> None:
    one = BOX.blind("+8613800138000", place="contact.address")
    assert one == BOX.blind("+8613800138000", place="contact.address")
    assert one != BOX.blind("+8613800138000", place="guardian.phone")
    assert one != BOX.blind("+8613800138001", place="contact.address")
    assert len(one) == 32


def test_a_keyed_hash_depends_on_its_purpose_and_on_where_its_parts_end() -> None:
    hashes = {
        BOX.keyed_hash("a", "bc", "d"),
        BOX.keyed_hash("a", "b", "cd"),
        BOX.keyed_hash("a", "bcd"),
        BOX.keyed_hash("ab", "c", "d"),
        BOX.keyed_hash("a", "bc", "d", ""),
    }
    assert len(hashes) == 5
    assert {len(one) for one in hashes} == {64}


def test_without_the_key_no_hash_is_found_again() -> None:
    other = Box(KeyRing({"fields": {"1": KEY}, "index": {"1": OTHER}, "codes": {"1": OTHER}}))
    assert other.blind("x", place=PLACE) != BOX.blind("x", place=PLACE)
    assert other.keyed_hash("x") != BOX.keyed_hash("x")


# ---- a model's sealed attributes


def test_a_row_shows_its_clear_text_and_keeps_a_seal(world: World) -> None:
    elder = db.session.get_one(Elder, world.elder_id)
    assert elder.name == "林秀英"
    assert elder.name_sealed.startswith("v1:aesgcm:")


@pytest.mark.usefixtures("keys")
def test_nothing_is_sealed_as_nothing() -> None:
    elder = Elder(name="林", called=None)
    assert elder.called_sealed is None
    assert elder.called is None


@pytest.mark.usefixtures("keys")
def test_a_row_without_an_id_seals_nothing() -> None:
    elder = Elder(name="林")
    elder.id = None  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="id"):
        elder.name = "陈"


@pytest.mark.parametrize("column", ["name", "called"])
def test_a_seal_copied_to_another_row_or_column_does_not_open_there(world: World, column: str) -> None:
    stolen = db.session.get_one(Elder, world.her.elder_id).name_sealed
    with transaction():
        db.session.execute(
            sa.update(Elder).where(Elder.id == world.other.elder_id).values({f"{column}_sealed": stolen})
        )
    with pytest.raises(SealBroken):
        getattr(db.session.get_one(Elder, world.other.elder_id), column)


def test_a_process_without_keys_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wristband.sealing._installed", [])
    with pytest.raises(RuntimeError, match="no keys installed"):
        box()


# ---- the inventory


def _attributes(mapper: sa.orm.Mapper[Any]) -> list[str]:
    return [attribute.key for attribute in mapper.column_attrs]


def _texts() -> dict[str, str]:
    """Every column that could hold words, as table.column, with the name of its attribute."""
    return {
        f"{mapper.local_table.name}.{mapper.columns[attribute].name}": attribute
        for mapper in Row.registry.mappers
        for attribute in _attributes(mapper)
        if isinstance(mapper.columns[attribute].type, sa.String | sa.LargeBinary | sa.JSON)
    }


def test_every_column_of_words_is_sealed_or_hashed_or_known_to_be_harmless() -> None:
    left = {column for column, attribute in _texts().items() if not attribute.endswith("_sealed")}
    assert left == KEYED | set(IN_THE_CLEAR)


def test_every_sealed_column_is_reached_through_its_seal_alone() -> None:
    for mapper in Row.registry.mappers:
        columns = {attribute for attribute in _attributes(mapper) if attribute.endswith("_sealed")}
        seals = {seal._column for seal in vars(mapper.class_).values() if isinstance(seal, sealed)}
        assert columns == seals, mapper.class_


@pytest.fixture
def lived(world: World) -> Lived:
    return whole_journey(world)


def _spellings(word: str) -> set[bytes]:
    """A word as a store may hold it: as itself, escaped in JSON, in hexadecimal or base64."""
    raw = word.encode()
    return {raw, json.dumps(word)[1:-1].encode(), raw.hex().encode(), base64.b64encode(raw).rstrip(b"=")[:-1]}


def _found(words: dict[str, str], where: bytes) -> set[str]:
    return {name for name, word in words.items() if any(spelling in where for spelling in _spellings(word))}


def _raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def test_after_a_whole_journey_no_column_holds_a_personal_word_or_a_key(lived: Lived, keys: KeyRing) -> None:
    rows = every_row()
    assert {name for name in rows if not rows[name]} <= NOT_ON_THIS_JOURNEY
    secrets = [keys.current(purpose)[1] for purpose in key_files.PURPOSES]
    for name, table in rows.items():
        for column in table[0] if table else ():
            kept = b"\n".join(_raw(row[column]) for row in table)
            assert _found(lived.canaries, kept) == set(), f"{name}.{column}"
            assert not any(key in kept or key.hex().encode() in kept for key in secrets), f"{name}.{column}"


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_after_a_whole_journey_nothing_on_the_disk_and_in_the_log_holds_a_personal_word(
    world: World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lived = whole_journey(world)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"wristband.db", "wristband.db-wal"} <= {path.name for path in files}
    assert any(path.suffix == ".sealed" for path in files)
    for path in files:
        kept = path.read_bytes()
        assert _found(lived.canaries, kept) == set(), path.name
        assert not any(lived.jpeg[start : start + 16] in kept for start in range(0, len(lived.jpeg) - 16, 16))
    assert _found(lived.canaries, "".join(capfd.readouterr()).encode()) == set()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_search_would_find_what_it_looks_for(lived: Lived) -> None:
    """The same search over the opened rows finds every word that a row can be opened to."""
    opened = " ".join(
        str(getattr(row, name))
        for mapper in Row.registry.mappers
        for row in db.session.scalars(sa.select(mapper.class_))
        for name, seal in vars(mapper.class_).items()
        if isinstance(seal, sealed)
    )
    kept_as_hash_only = {"password", "family's sign-in", "officer's sign-in", "finder's address", "network address"}
    ended_since = {"check code"}
    assert _found(lived.canaries, opened.encode()) == set(lived.canaries) - kept_as_hash_only - ended_since
