"""Partners and their keys: shown once, replaced without a gap, ended at once, and never known apart by a stranger."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.services.partners import added, admitted
from tests.together import raised, together
from tests.world import World, every_row
from wristband.db import db
from wristband.errors import BadValue, Conflict, NotFound, SignInNeeded, TooMany
from wristband.partners import queries
from wristband.partners.models import PartnerKey
from wristband.partners.rules import CALLS, OVERLAP, Scope
from wristband.services import admitting, partnering
from wristband.services.partnering import NewKey, Rights

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + MINUTE


def _refused(made: NewKey | str, now: datetime) -> bool:
    db.session.rollback()
    try:
        admitting.admit(made if isinstance(made, str) else f"Bearer {made.key}", now=now)
    except SignInNeeded:
        return True
    return False


def test_a_key_opens_what_its_partner_may_and_is_kept_nowhere(world: World, now: datetime) -> None:
    made = added(now, scopes=["bands:check", "stations:read"], district="同安区")
    account = admitted(made, now)
    assert (account.name, account.scopes) == ("示例热线", frozenset({Scope.BANDS_CHECK, Scope.STATIONS_READ}))
    assert (account.district, account.station_id) == ("同安区", None)
    assert made.key.rpartition("_")[2] not in str(every_row())


def test_a_wrong_an_unknown_and_no_key_are_told_alike(world: World, now: datetime) -> None:
    made = added(now)
    other = "A" if made.key[-1] != "A" else "B"
    for wrong in (
        f"Bearer {made.key[:-1]}{other}",
        f"Bearer wbk_{'a' * 12}_{'b' * 43}",
        "Bearer x",
        "",
        f"Basic {made.key}",
    ):
        assert _refused(wrong, now)
    assert not _refused(made, now)


def test_a_key_ends_with_its_time_and_not_a_moment_later(world: World, now: datetime) -> None:
    made = added(now, days=2)
    assert not _refused(made, now + 2 * DAY - timedelta(seconds=1))
    assert _refused(made, now + 2 * DAY)


def test_while_it_is_renewed_both_keys_hold_for_seven_days(world: World, now: datetime) -> None:
    first = added(now)
    second = partnering.rotate(first.partner_id, by="operator", now=now)
    later = now + OVERLAP - timedelta(seconds=1)
    assert not _refused(first, later)
    assert not _refused(second, later)
    assert _refused(first, now + OVERLAP)
    assert not _refused(second, now + OVERLAP)


def test_a_third_key_ends_the_oldest_at_once(world: World, now: datetime) -> None:
    first = added(now)
    second = partnering.rotate(first.partner_id, by="operator", now=now)
    third = partnering.rotate(first.partner_id, by="operator", now=now + MINUTE)
    assert _refused(first, now + MINUTE)
    assert not _refused(second, now + MINUTE)
    assert not _refused(third, now + MINUTE)


def test_a_key_and_a_partner_end_at_once_and_once(world: World, now: datetime) -> None:
    first = added(now)
    second = partnering.rotate(first.partner_id, by="operator", now=now)
    first_id = min(key.id for key in queries.list_keys(first.partner_id))
    for _ in range(2):
        partnering.end_key(first.partner_id, first_id, by="operator", now=now)
    assert _refused(first, now)
    assert not _refused(second, now)
    for _ in range(2):
        partnering.end(first.partner_id, by="operator", now=now)
    assert _refused(second, now)
    with pytest.raises(NotFound):
        partnering.rotate(first.partner_id, by="operator", now=now)


def test_no_key_is_ended_through_another_partner(world: World, now: datetime) -> None:
    first, other = added(now), added(now, "另一家")
    key_id = queries.list_keys(first.partner_id)[0].id
    with pytest.raises(NotFound):
        partnering.end_key(other.partner_id, key_id, by="operator", now=now)
    assert not _refused(first, now)


def test_other_rights_hold_from_the_next_call_on_by_the_same_key(world: World, now: datetime) -> None:
    made = added(now)
    rights = Rights("示例热线", ["stations:read"], station_id=world.station_id)
    partnering.change(made.partner_id, rights, version=1, by="operator", now=now)
    account = admitted(made, now)
    assert (account.scopes, account.station_id) == (frozenset({Scope.STATIONS_READ}), world.station_id)


def test_of_two_administrators_at_once_one_is_told_to_look_again(app: Flask, world: World, now: datetime) -> None:
    made = added(now)

    def change(scope: str) -> None:
        partnering.change(made.partner_id, Rights("示例热线", [scope]), version=1, by="operator", now=now)

    told = together(app, [lambda: change("stations:read"), lambda: change("bands:check")])
    assert [type(refusal) for refusal in raised(told)] == [Conflict]


@pytest.mark.parametrize(
    ("rights", "code"),
    [
        (Rights("", ["stations:read"]), "partners.name_missing"),
        (Rights("示" * 81, ["stations:read"]), "partners.name_long"),
        (Rights("示例", []), "partners.scopes_missing"),
        (Rights("示例", ["stations:read"], 1, "同安区"), "partners.area_twice"),
        (Rights("示例", ["stations:read"], 1), "partners.area_unknown"),
        (Rights("示例", ["stations:read"], None, "没有的区"), "partners.area_unknown"),
        (Rights("示例", ["stations:read"], None, "", "no host"), "partners.hosts_wrong"),
    ],
)
def test_what_does_not_fit_makes_no_partner(world: World, now: datetime, rights: Rights, code: str) -> None:
    with pytest.raises(BadValue) as refusal:
        partnering.add(rights, by="operator", now=now)
    assert refusal.value.code == code
    assert db.session.scalar(sa.select(sa.func.count(PartnerKey.id))) == 0


def test_two_partners_of_one_name_would_be_mixed_up(world: World, now: datetime) -> None:
    added(now)
    with pytest.raises(Conflict):
        added(now)


def test_a_key_that_calls_too_fast_waits_and_another_does_not(world: World, now: datetime) -> None:
    mine, other = added(now), added(now, "另一家")
    account = admitted(mine, now)
    left = [admitting.spend(account, [CALLS], now=now).calls for _ in range(CALLS.burst)]
    assert left == list(range(CALLS.burst - 1, -1, -1))
    with pytest.raises(TooMany) as refusal:
        admitting.spend(account, [CALLS], now=now)
    assert refusal.value.retry_after_s == 1
    assert admitting.spend(admitted(other, now), [CALLS], now=now).calls == CALLS.burst - 1
    assert admitting.spend(account, [CALLS], now=now + timedelta(seconds=1)).calls == 1


def test_when_a_key_was_shown_last_is_known_to_the_minute(world: World, now: datetime) -> None:
    made = added(now)
    account = admitted(made, now)
    for seconds, told in ((0, 0), (30, 0), (61, 61)):
        admitting.spend(account, [CALLS], now=now + timedelta(seconds=seconds))
        used = queries.list_keys(made.partner_id)[0].used_at
        db.session.rollback()
        assert used == now + timedelta(seconds=told)


def test_the_list_tells_who_needs_a_key(world: World, now: datetime) -> None:
    added(now, days=1)
    listed = queries.list_partners(now=now + 2 * DAY)
    assert [(one.partner.name, one.keys, one.next_expiry_at) for one in listed] == [("示例热线", 0, None)]
