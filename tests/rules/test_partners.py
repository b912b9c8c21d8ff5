"""What a partner may do and where it may be told: keys, hosts, addresses, giving up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.errors import BadValue, NotAllowed
from wristband.outbox.rules import MessageState
from wristband.partners import keys
from wristband.partners.rules import (
    KEY_LASTS_MOST_DAYS,
    STOPPED_IN_A_ROW,
    PartnerAccount,
    ProposalState,
    Scope,
    WebhookEnd,
    check_address,
    end_for,
    hosts_of,
    is_live,
    key_expiry,
    proposal_state,
    scopes_of,
    written,
)

NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
DAY = timedelta(days=1)
HOSTS = ("hooks.example.org",)
STOPPED, DELIVERED = MessageState.STOPPED, MessageState.DELIVERED


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/a",
        "https://user:secret@hooks.example.org/",
        "https://hooks.example.org/#part",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://2130706433/",
        "ftp://hooks.example.org/",
        "https://hooks.example.org:99999999/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\n",
        "https://例.example.org/",
        "//hooks.example.org/",
        "",
    ],
)
def test_no_address_of_ours_nor_one_in_the_clear_is_taken_in_production(url: str) -> None:
    with pytest.raises(BadValue) as refusal:
        check_address(url, (*HOSTS, "127.0.0.1", "localhost", "::1", "2130706433"), production=True)
    assert refusal.value.code == "partners.address_wrong"


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example.org/",
        "https://hooks.example.org.evil.example/",
        "https://evil.example/hooks.example.org",
        "https://evil.example/?hooks.example.org",
        "https://evilhooks.example.org/",
        "https://169.254.169.254/latest",
    ],
)
def test_only_hosts_that_an_administrator_named_are_called(url: str) -> None:
    with pytest.raises(BadValue) as refusal:
        check_address(url, HOSTS, production=True)
    assert refusal.value.code == "partners.host_not_allowed"


def test_an_https_address_on_a_named_host_is_taken_as_it_is() -> None:
    url = "https://hooks.example.org:8443/in?from=wristband"
    assert check_address(url, HOSTS, production=True) == url


def test_a_developer_may_listen_on_the_own_machine() -> None:
    assert check_address("http://127.0.0.1:9/", ("127.0.0.1",), production=False)


@given(st.text(max_size=60))
def test_whatever_is_typed_as_an_address_is_taken_or_refused_by_a_sentence(url: str) -> None:
    try:
        assert check_address(url, HOSTS, production=True).startswith("https://hooks.example.org")
    except BadValue:
        return


def test_hosts_are_read_by_lines_and_commas_each_once() -> None:
    assert hosts_of(" Hooks.example.org\n b.example.org，hooks.example.org ") == ("hooks.example.org", "b.example.org")
    assert hosts_of("  ") == ()


@pytest.mark.parametrize("text", ["https://a.example", "localhost", "a..b", "-a.example", "a_b.example", "a.example/x"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        hosts_of(text)


def test_a_key_lasts_two_years_at_most() -> None:
    assert key_expiry(KEY_LASTS_MOST_DAYS, now=NOW) == NOW + KEY_LASTS_MOST_DAYS * DAY
    for days in (0, -1, KEY_LASTS_MOST_DAYS + 1):
        with pytest.raises(BadValue):
            key_expiry(days, now=NOW)


def test_a_key_holds_until_its_time_or_its_end() -> None:
    assert is_live(expires_at=NOW + DAY, ended_at=None, now=NOW)
    assert not is_live(expires_at=NOW, ended_at=None, now=NOW)
    assert not is_live(expires_at=NOW + DAY, ended_at=NOW - DAY, now=NOW)


def test_a_partner_has_at_least_one_scope_and_only_known_ones() -> None:
    assert written(scopes_of(["stations:read", "bands:check"])) == "bands:check stations:read"
    for texts in ([], ["everything"], ["stations:read", ""]):
        with pytest.raises(BadValue):
            scopes_of(texts)


def test_no_scope_includes_another() -> None:
    for scope in Scope:
        only = PartnerAccount(1, 2, "示例", frozenset({scope}), None, "")
        only.check(scope)
        for other in set(Scope) - {scope}:
            with pytest.raises(NotAllowed):
                only.check(other)


@pytest.mark.parametrize(
    ("states", "code", "end"),
    [
        ([], "", None),
        ([STOPPED] * (STOPPED_IN_A_ROW - 1), "timeout", None),
        ([STOPPED] * STOPPED_IN_A_ROW, "timeout", WebhookEnd.FAILING),
        ([DELIVERED, *[STOPPED] * STOPPED_IN_A_ROW], "", None),
        ([STOPPED, DELIVERED, STOPPED, STOPPED], "http_500", None),
        ([STOPPED], "http_410", WebhookEnd.GONE),
        ([DELIVERED, STOPPED], "http_410", None),
    ],
)
def test_a_webhook_is_given_up_after_several_in_a_row_or_when_it_says_so(
    states: list[MessageState], code: str, end: WebhookEnd | None
) -> None:
    assert end_for(states, code) is end


def test_a_proposal_that_nobody_settles_expires() -> None:
    def state(**settled: datetime) -> ProposalState:
        times: dict[str, datetime | None] = {"confirmed_at": None, "declined_at": None, **settled}
        return proposal_state(expires_at=NOW + DAY, now=NOW + 2 * DAY, **times)

    assert state() is ProposalState.EXPIRED
    assert state(confirmed_at=NOW) is ProposalState.CONFIRMED
    assert state(declined_at=NOW) is ProposalState.DECLINED


def test_a_key_reads_as_it_was_shown_and_in_no_other_spelling() -> None:
    handle, secret = keys.make()
    shown = keys.shown(handle, secret)
    assert keys.read(f"Bearer {shown}") == keys.read(f"bearer   {shown}") == (handle, secret)
    for wrong in ("", shown, f"Basic {shown}", f"Bearer {shown}x", f"Bearer {shown[:-1]}", f"Bearer {shown} {shown}"):
        assert keys.read(wrong) is None


@given(st.text(max_size=200))
def test_no_header_is_too_odd_to_be_read(text: str) -> None:
    found = keys.read(text)
    assert found is None or text.lower().lstrip().startswith("bearer")
