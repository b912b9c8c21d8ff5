"""One seal: it opens in its own place only, under its own key only, unaltered only. A hash tells nothing."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import pytest
from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import modes
from hypothesis import given
from hypothesis import strategies as st

from wristband import ciphers
from wristband.ciphers import Algorithm, AlgorithmMissing, Sm4Gcm
from wristband.keys import KeyRing
from wristband.sealing import Box, Erased, Key, SealBroken

PLACE, ROW = "elder.name", 7
KEY = bytes.fromhex("5f0c7d1e93a2b84466e1d0f7c3958a2b1c4d6e8fa0b2c3d4e5f60718293a4b5c")
OTHER = bytes.fromhex("a3d41f6b08c97e5520d86c1fb9743ea66f0e8d2c4b5a69788796a5b4c3d2e1f0")
RING = KeyRing({"fields": {"1": KEY}, "index": {"1": KEY}, "codes": {"1": KEY}})
ids = st.integers(0, 2**63 - 1)


class Owners:
    """A store of data keys as the database's is, without one: owner 8's was destroyed, 9 never had any."""

    def __init__(self) -> None:
        self._keys = {owner: Key(bytes([owner]) * 32) for owner in range(8)}

    def get(self, owner: int) -> Key:
        if owner == 8:
            raise Erased("seal.erased")
        if owner not in self._keys:
            raise SealBroken("seal.key_gone", key_id=f"d{owner}")
        return self._keys[owner]

    def get_or_make(self, owner: int) -> Key:
        return self._keys.setdefault(owner, Key(owner.to_bytes(32, "big")))

    def forget(self, owners: Iterable[int]) -> None:
        for owner in owners:
            self._keys.pop(owner)


BOX = Box(RING, data_keys=Owners())
SM4 = Box(RING, algorithm=Algorithm.SM4GCM, data_keys=Owners())
BOXES = {"aesgcm": BOX, "sm4gcm": SM4}
any_box = pytest.mark.parametrize("sealing", BOXES.values(), ids=BOXES)


# ---- one seal


@any_box
@given(clear=st.text(), row=ids, owner=st.none() | ids.filter(lambda owner: owner not in (8, 9)))
def test_a_seal_opens_to_what_was_sealed(sealing: Box, clear: str, row: int, owner: int | None) -> None:
    clear = clear.encode(errors="ignore").decode()
    assert sealing.open(sealing.seal(clear, place=PLACE, row=row, owner=owner), place=PLACE, row=row) == clear


@any_box
@pytest.mark.parametrize("owner", [None, 3])
def test_no_nonce_ever_comes_twice(sealing: Box, owner: int | None) -> None:
    nonces = {sealing.seal_bytes(b"", place=PLACE, row=ROW, owner=owner)[1][:12] for _ in range(50_000)}
    assert len(nonces) == 50_000


def test_a_seal_names_its_version_algorithm_and_key() -> None:
    assert BOX.seal("林", place=PLACE, row=ROW).startswith("v1:aesgcm:1:")
    assert BOX.seal("林", place=PLACE, row=ROW, owner=3).startswith("v1:aesgcm:d3:")
    assert SM4.seal("林", place=PLACE, row=ROW).startswith("v1:sm4gcm:1:")


def test_either_algorithm_is_read_whichever_is_chosen_for_writing() -> None:
    for owner in (None, 3):
        assert SM4.open(BOX.seal("林", place=PLACE, row=ROW, owner=owner), place=PLACE, row=ROW) == "林"
        assert BOX.open(SM4.seal("林", place=PLACE, row=ROW, owner=owner), place=PLACE, row=ROW) == "林"


columns = st.sampled_from(["elder.name", "elder.called", "guardian.name", "guardian.phone", "elde.rname"])
places = st.tuples(columns, ids)


@given(here=places, there=places, owner=st.none() | st.integers(0, 7), sm4=st.booleans())
def test_a_seal_moved_to_another_table_column_or_row_does_not_open(
    here: tuple[str, int], there: tuple[str, int], owner: int | None, sm4: bool
) -> None:
    sealing = SM4 if sm4 else BOX
    moved = sealing.seal("林秀英", place=here[0], row=here[1], owner=owner)
    if here == there:
        assert sealing.open(moved, place=there[0], row=there[1]) == "林秀英"
        return
    with pytest.raises(SealBroken):
        sealing.open(moved, place=there[0], row=there[1])


@given(owner=st.integers(0, 7), other=st.sampled_from(["1", *(f"d{owner}" for owner in range(8))]))
def test_a_seal_given_to_another_owner_does_not_open(owner: int, other: str) -> None:
    version, algorithm, key, body = BOX.seal("林秀英", place=PLACE, row=ROW, owner=owner).split(":")
    if key == other:
        return
    with pytest.raises(SealBroken):
        BOX.open(f"{version}:{algorithm}:{other}:{body}", place=PLACE, row=ROW)


@pytest.mark.parametrize("spelling", ["d03", "d+3", "d 3", "d３", "D3", "d-3", "d3 ", "d"])
def test_an_owner_has_one_spelling(spelling: str) -> None:
    version, algorithm, _, body = BOX.seal("林", place=PLACE, row=ROW, owner=3).split(":")
    with pytest.raises(SealBroken):
        BOX.open(f"{version}:{algorithm}:{spelling}:{body}", place=PLACE, row=ROW)


def test_one_algorithm_does_not_pass_for_the_other() -> None:
    with pytest.raises(SealBroken):
        BOX.open(BOX.seal("林", place=PLACE, row=ROW).replace("aesgcm", "sm4gcm"), place=PLACE, row=ROW)


def test_every_bit_of_a_seal_counts_in_either_algorithm() -> None:
    for sealing in BOXES.values():
        header, body = sealing.seal_bytes("林".encode(), place=PLACE, row=ROW)
        for bit in range(8 * len(body)):
            altered = bytearray(body)
            altered[bit // 8] ^= 1 << bit % 8
            with pytest.raises(SealBroken):
                sealing.open_bytes(header, bytes(altered), place=PLACE, row=ROW)
        for cut in range(len(body)):
            with pytest.raises(SealBroken):
                sealing.open_bytes(header, body[:cut], place=PLACE, row=ROW)


def test_what_is_emptied_or_under_a_destroyed_key_is_told_as_erased() -> None:
    body = base64.b64encode(bytes(40)).decode()
    for gone in ("", f"v1:aesgcm:d8:{body}", f"v1:sm4gcm:d8:{body}"):
        with pytest.raises(Erased) as refused:
            BOX.open(gone, place=PLACE, row=ROW)
        assert (refused.value.code, refused.value.status) == ("seal.erased", 410)
    with pytest.raises(SealBroken) as refused_too:
        BOX.open(f"v1:aesgcm:d9:{body}", place=PLACE, row=ROW)
    assert refused_too.value.code == "seal.key_gone"


# ---- SM4-GCM, against RFC 8998, appendix A.1

_VECTOR = {
    "key": "0123456789ABCDEFFEDCBA9876543210",
    "nonce": "00001234567800000000ABCD",
    "bound": "FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2",
    "clear": "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD"
    "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA",
    "sealed": "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
    "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
    "83DE3541E4C2B58177E065A9BF7B62EC",
}


def test_sm4_gcm_is_the_one_of_the_standard() -> None:
    given_ = {name: bytes.fromhex(value) for name, value in _VECTOR.items()}
    cipher = Sm4Gcm(given_["key"])
    assert cipher.encrypt(given_["nonce"], given_["clear"], given_["bound"]) == given_["sealed"]
    assert cipher.decrypt(given_["nonce"], given_["sealed"], given_["bound"]) == given_["clear"]
    with pytest.raises(InvalidTag):
        cipher.decrypt(given_["nonce"], given_["sealed"], b"")


def test_a_machine_without_sm4_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def __init__(self, _nonce: bytes) -> None:
            raise UnsupportedAlgorithm("sm4 in gcm")

    monkeypatch.setattr(modes, "GCM", Missing)
    ciphers.check(Algorithm.AESGCM)
    with pytest.raises(AlgorithmMissing) as refused:
        ciphers.check(Algorithm.SM4GCM)
    assert (refused.value.code, refused.value.facts) == ("seal.algorithm_missing", {"algorithm": "sm4gcm"})


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


def test_after_a_new_key_a_hash_is_kept_under_the_new_one_and_found_under_every_one() -> None:
    newer = Box(KeyRing({"fields": {"1": KEY}, "index": {"1": KEY, "2": OTHER}, "codes": {"1": KEY, "2": OTHER}}))
    for before, after in (
        (BOX.keyed_hash("a", "b"), newer.keyed_hash("a", "b")),
        (BOX.blind("x", place=PLACE), newer.blind("x", place=PLACE)),
    ):
        assert (before[0], after[0]) == ("1", "2")
        assert after.every == (str(after), str(before))
        assert after.fits(before)
        assert after.fits(after)
        assert not after.fits(before[:-1] + "?")
        assert after.under_key_of(before) == before
        assert after.under_key_of("Z") == after
