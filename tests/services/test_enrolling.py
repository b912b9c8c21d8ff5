"""Second factors set up and taken away; with at least one left where one has to be."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.authenticator import Authenticator
from tests.services.officers import PARTY, add_passkey, asked, code_of, come, live, presence_of, with_passkey, with_totp
from tests.together import raised, together
from tests.world import World
from wristband.accounts import staff
from wristband.accounts.models import Officer, Passkey
from wristband.accounts.passkeys import PASSKEYS_AN_OFFICER
from wristband.accounts.rules import Presence
from wristband.config import Settings
from wristband.db import db
from wristband.errors import BadValue, Conflict, NotAllowed, NotFound
from wristband.services import enrolling, proving

MINUTE = timedelta(minutes=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Where a second factor has to be, as in every production."""
    return settings.model_copy(update={"second_factor": "required"})


@pytest.fixture
def now(world: World) -> datetime:
    return (world.now + MINUTE).replace(second=0, microsecond=0)


def whole(secret: str, now: datetime) -> Presence:
    return presence_of(proving.by_totp(come(now), code_of(secret, now), now=now), now)


def test_a_first_code_sets_the_authenticator_up_and_gives_ten_recovery_codes(world: World, now: datetime) -> None:
    _, codes = with_totp(now)
    assert len(set(codes)) == 10
    found = staff.get_factors(world.officer.officer_id)
    assert (found.totp, len(found.passkeys), found.codes_left) == (True, 0, 10)


def test_the_secret_is_sealed(world: World, now: datetime) -> None:
    secret, _ = with_totp(now)
    db.session.rollback()
    kept = db.session.scalar(sa.select(Officer.totp_sealed).where(Officer.username == "officer"))
    assert kept
    assert secret not in kept


def test_a_wrong_first_code_sets_nothing_up(world: World, now: datetime) -> None:
    presence = come(now)
    enrolling.begin_totp(presence, now=now)
    with pytest.raises(BadValue) as refusal:
        enrolling.confirm_totp(presence, "000000", now=now)
    assert refusal.value.code == "factors.first_code_wrong"
    assert not staff.has_a_factor(world.officer.officer_id)


def test_a_page_opened_twice_shows_one_secret(world: World, now: datetime) -> None:
    presence = come(now)
    enrolling.begin_totp(presence, now=now)
    secret = enrolling.find_pending(presence)
    db.session.rollback()
    enrolling.begin_totp(presence, now=now)
    assert enrolling.find_pending(presence) == secret


def test_a_first_code_sent_twice_at_once_sets_up_once(app: Flask, world: World, now: datetime) -> None:
    presence = come(now)
    enrolling.begin_totp(presence, now=now)
    secret = enrolling.find_pending(presence)
    assert secret
    db.session.rollback()
    answers = together(app, [lambda: enrolling.confirm_totp(presence, code_of(secret, now), now=now)] * 2)
    assert [str(fault) for fault in raised(answers)] == ["factors.nothing_pending"]
    assert staff.get_factors(world.officer.officer_id).codes_left == 10


def test_a_new_factor_ends_every_other_sign_in(world: World, now: datetime) -> None:
    come(now)
    come(now)
    with_totp(now)
    assert live(world.officer.officer_id) == 1


def test_a_new_phone_replaces_the_old_one_and_leaves_the_recovery_codes(world: World, now: datetime) -> None:
    old, codes = with_totp(now)
    later = now + MINUTE
    presence = whole(old, later)
    enrolling.begin_totp(presence, now=later)
    new = enrolling.find_pending(presence)
    assert new not in (None, old)
    assert enrolling.confirm_totp(presence, code_of(new or "", later), now=later).codes == []
    after = later + MINUTE
    with pytest.raises(BadValue):
        proving.by_totp(come(after), code_of(old, after), now=after)
    proving.by_recovery(come(after), codes[9], now=after)


def test_the_last_factor_stays_where_one_has_to_be(world: World, now: datetime) -> None:
    secret, _ = with_totp(now)
    presence = whole(secret, now + MINUTE)
    with pytest.raises(Conflict) as refusal:
        enrolling.remove_totp(presence, now=now + MINUTE)
    assert refusal.value.code == "factors.last_one"
    assert staff.has_a_factor(world.officer.officer_id)


def test_of_two_factors_removed_at_once_one_stays(app: Flask, world: World, now: datetime) -> None:
    secret, _ = with_totp(now)
    later = now + MINUTE
    presence = whole(secret, later)
    ask = asked(later)
    made = Authenticator().create(ask.challenge, party=PARTY.id, origin=PARTY.origin)
    presence = presence_of(enrolling.add_passkey(presence, ask, made, "", now=later).reference, later)
    passkey_id = db.session.scalars(sa.select(Passkey.id)).one()
    db.session.rollback()
    answers = together(
        app,
        [
            lambda: enrolling.remove_totp(presence, now=later),
            lambda: enrolling.remove_passkey(presence, passkey_id, now=later),
        ],
    )
    assert [str(fault) for fault in raised(answers)] == ["factors.last_one"]
    assert staff.has_a_factor(world.officer.officer_id)


def test_a_passkey_made_for_another_origin_or_challenge_is_not_kept(world: World, now: datetime) -> None:
    for origin, same in (("https://evil.example", True), (PARTY.origin, False)):
        ask = asked(now)
        challenge = ask.challenge if same else asked(now).challenge
        made = Authenticator().create(challenge, party=PARTY.id, origin=origin)
        with pytest.raises(BadValue):
            enrolling.add_passkey(come(now), ask, made, "", now=now)
    assert not staff.has_a_factor(world.officer.officer_id)


def test_one_passkey_is_kept_once(world: World, now: datetime) -> None:
    device, presence = with_passkey(now)
    with pytest.raises(Conflict) as refusal:
        add_passkey(presence, device, now)
    assert refusal.value.code == "factors.passkey_known"


def test_a_passkey_is_named_by_its_owner_and_by_nobody_else(world: World, now: datetime) -> None:
    _, presence = with_passkey(now)
    passkey_id = db.session.scalars(sa.select(Passkey.id)).one()
    enrolling.rename_passkey(presence, passkey_id, " 我的手机 ")
    assert staff.get_factors(world.officer.officer_id).passkeys[0].name == "我的手机"
    for deed in (
        lambda: enrolling.rename_passkey(come(now, "stranger"), passkey_id, "别人的"),
        lambda: enrolling.remove_passkey(come(now, "stranger"), passkey_id, now=now),
    ):
        with pytest.raises(NotFound):
            deed()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_passkeys_are_not_too_many(world: World, now: datetime) -> None:
    presence = come(now)
    for _ in range(PASSKEYS_AN_OFFICER):
        presence = add_passkey(presence, Authenticator(), now)
    with pytest.raises(Conflict) as refusal:
        add_passkey(presence, Authenticator(), now)
    assert refusal.value.code == "factors.passkeys_many"


def test_new_recovery_codes_replace_the_old_ones(world: World, now: datetime) -> None:
    secret, old = with_totp(now)
    later = now + MINUTE
    new = enrolling.renew_codes(whole(secret, later), now=later)
    assert not set(new) & set(old)
    with pytest.raises(BadValue):
        proving.by_recovery(come(later), old[0], now=later)
    proving.by_recovery(come(later), new[0], now=later)


def test_half_a_sign_in_sets_nothing_up_and_takes_nothing_away(world: World, now: datetime) -> None:
    with_totp(now)
    half = come(now)
    for deed in (
        lambda: enrolling.begin_totp(half, now=now),
        lambda: enrolling.confirm_totp(half, "000000", now=now),
        lambda: enrolling.remove_totp(half, now=now),
        lambda: enrolling.renew_codes(half, now=now),
        lambda: add_passkey(half, Authenticator(), now),
    ):
        with pytest.raises(NotAllowed):
            deed()


def test_without_a_factor_there_are_no_recovery_codes(world: World, now: datetime) -> None:
    with pytest.raises(Conflict) as refusal:
        enrolling.renew_codes(come(now), now=now)
    assert refusal.value.code == "factors.none_yet"
