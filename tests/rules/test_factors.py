"""Codes that are typed: the authenticator's, against the standard's own figures, and recovery codes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.accounts import factors, passkeys
from wristband.accounts.factors import find_recovery, find_step, new_recovery_codes, shown, step_at
from wristband.accounts.rules import KEEPS, PERMISSIONS, Act, Browser, Role
from wristband.accounts.sign_ins import browser_of

# RFC 6238, appendix B: the last six of its eight digits under SHA-1.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC = {59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037"}


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(("seconds", "code"), RFC.items())
def test_a_code_is_the_standards(seconds: int, code: str) -> None:
    assert find_step(RFC_SECRET, code, last=None, now=at(seconds)) == seconds // 30


@pytest.mark.parametrize("typed", ["287 082", "２８７０８２", " 287-082 "])
def test_a_code_is_read_however_it_is_typed(typed: str) -> None:
    assert find_step(RFC_SECRET, typed, last=None, now=at(59)) == 1


@pytest.mark.parametrize("typed", ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢x", "287082" * 1000, "\0"])
def test_what_is_no_code_fits_no_step(typed: str) -> None:
    assert find_step(RFC_SECRET, typed, last=None, now=at(59)) is None


def test_this_step_and_the_one_before_are_good_and_no_other() -> None:
    begins = 1111111080
    found = {after: find_step(RFC_SECRET, "081804", last=None, now=at(begins + after)) for after in (-1, 0, 59, 60)}
    assert found == {-1: None, 0: begins // 30, 59: begins // 30, 60: None}


def test_a_step_that_was_used_is_used() -> None:
    assert find_step(RFC_SECRET, "287082", last=1, now=at(59)) is None
    assert find_step(RFC_SECRET, "287082", last=0, now=at(59)) == 1


def test_the_address_names_who_and_where_and_the_symbol_holds_it() -> None:
    address = factors.address_of(RFC_SECRET, username="wang.min", issuer="同安分局:黄手环")
    assert address.startswith("otpauth://totp/")
    assert f"secret={RFC_SECRET}" in address
    symbol = factors.symbol_of(address)
    assert symbol.size >= 29
    assert symbol.path.startswith("M4 4h1v1h-1z")  # the finder pattern's corner, inside four quiet modules


def test_a_secret_has_160_bits_and_is_typed_in_groups() -> None:
    secret = factors.new_secret()
    assert len(base64.b32decode(secret)) == 20
    assert factors.grouped(secret).replace(" ", "") == secret


def test_ten_recovery_codes_are_each_read_as_they_are_printed() -> None:
    codes = new_recovery_codes()
    assert len({code.secret for code in codes}) == 10
    assert [find_recovery(text) for text in shown(codes)] == codes
    assert [find_recovery(text.lower().replace("-", " ")) for text in shown(codes)] == codes


@given(st.text(max_size=80))
def test_any_text_is_a_recovery_code_or_none(text: str) -> None:
    found = find_recovery(text)
    assert found is None or (0 <= found.number <= 9 and len(found.secret) == 10)


# ---- passkeys: for whom


@pytest.mark.parametrize(
    ("host", "scheme", "development", "party"),
    [
        ("band.example", "https", False, passkeys.Party("band.example", "https://band.example")),
        ("Band.Example", "https", False, passkeys.Party("band.example", "https://band.example")),
        ("localhost:8000", "http", True, passkeys.Party("localhost", "http://localhost:8000")),
        ("localhost:8000", "http", False, None),
        ("elsewhere.example", "https", True, None),
        ("127.0.0.1:8000", "http", True, None),
        ("[::1]:8000", "http", True, None),
        ("[", "http", True, None),
    ],
)
def test_a_passkey_is_for_our_hosts_by_name(
    host: str, scheme: str, development: bool, party: passkeys.Party | None
) -> None:
    ours = frozenset({"band.example", "127.0.0.1:8000"})
    assert passkeys.party_of(host, scheme=scheme, ours=ours, development=development) == party


@pytest.mark.parametrize(
    ("count", "before", "risen"), [(1, 0, True), (0, 0, True), (5, 5, False), (4, 5, False), (0, 5, False)]
)
def test_a_count_that_does_not_rise_is_a_copys(count: int, before: int, risen: bool) -> None:
    assert passkeys.has_risen(count, before=before) is risen


# ---- who keeps whom


def test_only_who_keeps_staff_keeps_anybody() -> None:
    assert {role for role, kept in KEEPS.items() if kept} == {
        role for role, acts in PERMISSIONS.items() if Act.KEEP_STAFF in acts
    }


@pytest.mark.parametrize("role", Role)
def test_nobody_appoints_an_administrator(role: Role) -> None:
    assert Role.ADMINISTRATOR not in KEEPS[role]


def test_a_supervisor_appoints_below_the_district() -> None:
    assert KEEPS[Role.SUPERVISOR] == {Role.OFFICER, Role.SUPERVISOR}


# ---- what is kept of a browser


@pytest.mark.parametrize(
    ("agent", "browser"),
    [
        ("Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36", Browser.CHROME),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", Browser.EDGE),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15", Browser.SAFARI),
        ("Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0", Browser.FIREFOX),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36 MicroMessenger/8.0", Browser.WECHAT),
        ("curl/8", Browser.OTHER),
        ("", Browser.OTHER),
    ],
)
def test_of_a_browser_its_family_is_kept(agent: str, browser: Browser) -> None:
    assert browser_of(agent) is browser


def test_the_step_before_ends_with_its_half_minute() -> None:
    moment = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
    assert step_at(moment + timedelta(seconds=29)) == step_at(moment)
    assert step_at(moment + timedelta(seconds=30)) == step_at(moment) + 1
