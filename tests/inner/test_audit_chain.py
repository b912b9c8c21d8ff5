"""The chain and its checkpoints: no two deeds alike, and every tampering is found and located."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import trails
from tests.trails import ANOTHERS, AT, KEY, Entry, honest, in_order, rehashed, signed
from wristband.audit import chain, checkpoints
from wristband.audit.checkpoints import Checkpoint
from wristband.audit.verification import TrailBroken, Whole, walk
from wristband.errors import BadValue

LENGTH, EACH = 240, 40
VERIFIERS = checkpoints.verifiers({"1": KEY})

# ---- one row's bytes

_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
_NUMBERS = st.integers(-(2**63), 2**63 - 1)
_DEEDS = st.fixed_dictionaries(
    {
        "row_id": st.integers(0, 2**63 - 1),
        "at": st.datetimes(timezones=st.just(UTC)),
        "deed": _WORDS,
        "actor": _WORDS,
        "subject": _WORDS,
        "elder_id": st.none() | _NUMBERS,
        "facts": st.dictionaries(_WORDS, st.none() | st.booleans() | _NUMBERS | _WORDS, max_size=3),
    }
)


def _spelled(deed: dict[str, Any]) -> str:
    """Told apart as JSON tells apart: True is not 1."""
    return json.dumps(deed, sort_keys=True, default=repr)


@given(_DEEDS, st.data())
def test_two_different_deeds_never_have_the_same_bytes(one: dict[str, Any], data: st.DataObject) -> None:
    part = data.draw(st.sampled_from(sorted(one)))
    two = {**one, part: data.draw(_DEEDS)[part]}
    assert (chain.body(**one) == chain.body(**two)) == (_spelled(one) == _spelled(two))


@given(st.text("ab:", max_size=4), st.text("ab:", max_size=4), st.text("ab:", max_size=4), st.text("ab:", max_size=4))
def test_what_moves_from_one_part_to_the_next_is_another_deed(a: str, b: str, c: str, d: str) -> None:
    one, two = replace(Entry(1, 1), actor=a, subject=b), replace(Entry(1, 1), actor=c, subject=d)
    assert (one.link().body == two.link().body) == ((a, b) == (c, d))


def test_the_same_moment_has_the_same_bytes_in_every_zone() -> None:
    shanghai = replace(Entry(1, 1), at=AT.astimezone(timezone(timedelta(hours=8))))
    assert shanghai.link().body == Entry(1, 1).link().body


def test_the_order_in_which_facts_are_told_makes_no_difference() -> None:
    one, two = replace(Entry(1, 1), facts={"a": 1, "b": 2}), replace(Entry(1, 1), facts={"b": 2, "a": 1})
    assert one.link().body == two.link().body


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": AT.replace(tzinfo=None)},
        {"row_id": True},
        {"elder_id": "7"},
        {"facts": {"n": float("nan")}},
        {"deed": b"x"},
    ],
    ids=str,
)
def test_what_is_no_deed_has_no_bytes(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        replace(Entry(1, 1), **wrong).link()


def test_the_first_rows_digest_is_written_down_so_that_it_never_changes() -> None:
    """The chain of an instance outlives every version of this code."""
    assert honest(1)[0].hash.hex() == "a297858124eda1bc3496102566688ef7975c652ffd3841a684b5d59859033a9e"


def test_a_digest_depends_on_number_predecessor_and_body() -> None:
    digests = {
        chain.digest(1, chain.START, b"x"),
        chain.digest(2, chain.START, b"x"),
        chain.digest(1, bytes(31) + b"1", b"x"),
        chain.digest(1, chain.START, b"y"),
    }
    assert len(digests) == 4


# ---- the walk


HONEST = honest(LENGTH)
CHECKPOINTS = [
    checkpoints.read(signed(HONEST, size), VERIFIERS, where=f"copy:{size}") for size in range(EACH, LENGTH + 1, EACH)
]


def test_an_honest_trail_is_whole() -> None:
    assert walk(in_order(HONEST), CHECKPOINTS) == Whole(LENGTH, HONEST[-1].at, LENGTH // EACH, LENGTH)


def test_rows_after_the_last_checkpoint_are_told_to_be_without_one() -> None:
    whole = walk(in_order(HONEST), CHECKPOINTS[:2])
    assert (whole.rows, whole.witnessed) == (LENGTH, 2 * EACH)


def test_the_same_checkpoint_from_three_places_is_as_good_as_one() -> None:
    assert walk(in_order(HONEST), [one for one in CHECKPOINTS for _ in range(3)]).witnessed == LENGTH


def test_an_empty_trail_is_whole_until_a_checkpoint_says_otherwise() -> None:
    assert walk([], []) == Whole(0, None, 0, 0)
    with pytest.raises(TrailBroken) as broken:
        walk([], CHECKPOINTS)
    assert (broken.value.code, broken.value.facts["i"], broken.value.facts["size"]) == ("audit.cut_off", 1, LENGTH)


def _found(entries: list[Entry]) -> tuple[str, dict[str, Any]]:
    try:
        walk(in_order(entries), CHECKPOINTS)
    except TrailBroken as broken:
        return broken.code, broken.facts
    return "nothing", {"i": 0}


LOCATED = {
    trails.edit: {"audit.edited", "audit.missing"},
    trails.delete: {"audit.missing"},
    trails.delete_and_close_the_gap: {"audit.edited"},
    trails.swap: {"audit.edited"},
    trails.truncate: {"audit.cut_off"},
    trails.insert: {"audit.edited"},
    trails.repeat: {"audit.out_of_order"},
}


def test_a_thousand_random_tamperings_are_found_and_the_first_bad_row_is_named() -> None:
    chance = random.Random(110)  # noqa: S311  the same tamperings every time
    missed = []
    for number in range(1000):
        tampering = chance.choice(list(LOCATED))
        tampered, first = tampering(HONEST, chance)
        code, facts = _found(tampered)
        if code not in LOCATED[tampering] or facts["i"] != first:
            missed.append((number, tampering.__name__, first, code, facts))
    assert not missed


@pytest.mark.parametrize("tampering", [trails.forge, trails.rewrite])
def test_two_hundred_tamperings_with_right_hashes_are_found(tampering: trails.Tampering) -> None:
    """A row with the hash it should have tears the chain behind it; where all later hashes were made right again,
    checkpoints tell, each to within the rows since the one before."""
    chance = random.Random(120)  # noqa: S311  the same tamperings every time
    missed = []
    for number in range(200):
        tampered, first = tampering(HONEST, chance)
        if tampered == HONEST:
            continue  # only a hash or a number was changed, and is right again
        code, facts = _found(tampered)
        rightly = {
            "audit.edited": facts["i"] == first + 1,
            "audit.rewritten": facts["i"] <= first <= facts.get("last", 0),
            "audit.cut_off": facts.get("proved", first) < first,  # cut shorter than the next checkpoint as well
        }
        if not rightly.get(code):
            missed.append((number, first, code, facts))
    assert not missed


def test_a_row_that_is_edited_is_named_with_its_id() -> None:
    tampered = [*HONEST[:6], replace(HONEST[6], actor="officer:8"), *HONEST[7:]]
    assert _found(tampered) == ("audit.edited", {"i": 7, "row_id": HONEST[6].row_id})


def test_a_missing_row_is_named_with_the_row_that_is_there_instead() -> None:
    assert _found(HONEST[:6] + HONEST[8:]) == ("audit.missing", {"i": 7, "next": 9, "next_id": HONEST[8].row_id})


def test_a_row_without_a_number_is_named() -> None:
    unnumbered = replace(HONEST[6], i=None)  # type: ignore[arg-type]
    with pytest.raises(TrailBroken) as broken:
        walk([unnumbered.link(), *in_order(HONEST)], [])
    assert (broken.value.code, broken.value.facts["row_id"]) == ("audit.out_of_order", HONEST[6].row_id)


def test_of_two_bad_rows_the_first_is_named() -> None:
    tampered = [replace(entry, actor="officer:8") if entry.i in (50, 9) else entry for entry in HONEST]
    assert _found(tampered)[1]["i"] == 9


def test_a_trail_rewritten_from_its_first_row_is_not_the_one_that_was_witnessed() -> None:
    tampered = rehashed([replace(entry, actor="officer:8") for entry in HONEST])
    assert _found(tampered) == ("audit.rewritten", {"i": 1, "last": EACH, "where": f"copy:{EACH}"})


# ---- checkpoints


def test_a_checkpoint_says_who_how_long_and_what() -> None:
    line = signed(HONEST, 40)
    said = json.loads(line)
    assert (said["origin"], said["size"], said["root"]) == ("同安分局黄手环/hsh.cn", 40, HONEST[39].hash.hex())
    assert "\n" not in line
    read = checkpoints.read(line, VERIFIERS, where="here")
    assert read == Checkpoint(40, HONEST[39].hash, AT, "here")


def test_a_stranger_verifies_a_checkpoint_with_the_public_key_alone() -> None:
    """As the README tells them: the line without its signature, checked by anybody's Ed25519."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    line = signed(HONEST, 40)
    signature = json.loads(line)["signature"]
    key = load_pem_public_key(checkpoints.public_pem(VERIFIERS["1"]).encode())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(bytes.fromhex(signature), line.replace(f'"signature":"{signature}",', "").encode())


@given(st.data())
def test_a_checkpoint_altered_in_any_character_is_none_of_ours(data: st.DataObject) -> None:
    whole = signed(HONEST, 40)
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.characters(exclude_categories=["Cs"]).filter(lambda character: character != whole[place]))
    with pytest.raises(BadValue) as refused:
        checkpoints.read(whole[:place] + other + whole[place + 1 :], VERIFIERS, where="copy:1")
    assert refused.value.facts["where"] == "copy:1"


@given(st.text(max_size=50) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        checkpoints.read(text, VERIFIERS, where="copy:1")
    assert refused.value.code == "audit.no_checkpoint"


def _resigned(**changes: object) -> str:
    """A line of ours with some member changed and signed again with our own key: only its form is wrong."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    said = {**json.loads(signed(HONEST, 40)), **changes}
    said.pop("signature")
    spell = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
    signature = Ed25519PrivateKey.from_private_bytes(KEY).sign(json.dumps(said, **spell).encode())  # type: ignore[arg-type]
    return json.dumps({**said, "signature": signature.hex()}, **spell)  # type: ignore[arg-type]


def test_a_line_signed_again_unchanged_is_the_same_line() -> None:
    assert _resigned() == signed(HONEST, 40)


@pytest.mark.parametrize(
    "changes",
    [
        {"size": 0},
        {"size": -1},
        {"size": True},
        {"size": 1.5},
        {"size": "40"},
        {"size": 2**63},
        {"size": None},
        {"root": "00"},
        {"root": "zz" * 32},
        {"root": "AA" * 32},
        {"root": None},
        {"at": "2026-11-24T06:05:07"},
        {"at": "yesterday"},
        {"at": 7},
        {"key": 1},
        {"kind": "wristband.audit.0"},
        {"more": "words"},
        {"origin": "x" * 3000},
    ],
    ids=str,
)
def test_our_key_under_another_form_makes_no_checkpoint(changes: dict[str, object]) -> None:
    with pytest.raises(BadValue) as refused:
        checkpoints.read(_resigned(**changes), VERIFIERS, where="copy:1")
    assert refused.value.code == "audit.no_checkpoint"


@pytest.mark.parametrize(
    "line", ["[" * 1900, "1" * 1999, '{"size":' + "9" * 1900 + "}", "", "null", "{}", "\0", "\ud800"]
)
def test_a_hostile_line_is_no_checkpoint(line: str) -> None:
    with pytest.raises(BadValue) as refused:
        checkpoints.read(line, VERIFIERS, where="copy:1")
    assert refused.value.code == "audit.no_checkpoint"


def test_a_line_spelled_another_way_is_no_checkpoint() -> None:
    line = signed(HONEST, 40)
    for other in (line + " ", line.replace(",", ", "), line.replace('"size":40', '"size":40,"size":40')):
        with pytest.raises(BadValue):
            checkpoints.read(other, VERIFIERS, where="copy:1")
        assert checkpoints.size_of(other) == 0
    assert checkpoints.size_of(line) == 40


def test_anothers_signature_is_told_as_that() -> None:
    with pytest.raises(BadValue) as refused:
        checkpoints.read(signed(HONEST, 40, key=ANOTHERS), VERIFIERS, where="copy:1")
    assert refused.value.code == "audit.forged"


def test_after_a_new_key_the_old_checkpoints_still_count_and_without_the_old_key_it_is_named() -> None:
    old, new = signed(HONEST, 40), signed(HONEST, 80, key_id="2", key=ANOTHERS)
    both = checkpoints.verifiers({"1": KEY, "2": ANOTHERS})
    assert [one.size for one in checkpoints.read_all([("copy:1", old), ("copy:2", new)], both)] == [40, 80]
    with pytest.raises(BadValue) as refused:
        checkpoints.read(old, checkpoints.verifiers({"2": ANOTHERS}), where="copy:1")
    assert (refused.value.code, refused.value.facts) == ("audit.key_gone", {"where": "copy:1", "key": "1"})


@pytest.mark.parametrize("sizes", [(40, 40), (80, 40), (40, 80, 80), (40, 120, 80)])
def test_checkpoints_that_are_repeated_or_out_of_order_are_refused(sizes: tuple[int, ...]) -> None:
    def lines() -> Iterator[tuple[str, str]]:
        return ((f"copy:{number}", signed(HONEST, size)) for number, size in enumerate(sizes, 1))

    with pytest.raises(BadValue) as refused:
        list(checkpoints.read_all(lines(), VERIFIERS))
    assert (refused.value.code, refused.value.facts) == ("audit.repeated", {"where": f"copy:{len(sizes)}"})
