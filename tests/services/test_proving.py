"""The second factor and proving oneself again: each code and each answer once, whoever comes at the same moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.authenticator import Authenticator
from tests.services.officers import (
    answer,
    appoint,
    asked,
    code_of,
    come,
    live,
    presence_of,
    with_passkey,
    with_totp,
)
from tests.together import raised, together
from tests.world import PASSWORD, World
from wristband.accounts.models import OfficerNotice, Passkey, RecoveryCode
from wristband.accounts.passkeys import CHALLENGE_LASTS_S
from wristband.accounts.rules import PROOF_LASTS, SECOND_FACTOR_WITHIN, Door, NoticeKind, Role, Stage
from wristband.audit.models import AuditRow
from wristband.db import db
from wristband.errors import BadValue, NotAllowed, Refusal, SignInNeeded, TooMany
from wristband.services import appointing, proving, signing_in

MINUTE = timedelta(minutes=1)
ONE_ENGINE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def now(world: World) -> datetime:
    return (world.now + MINUTE).replace(second=0, microsecond=0)


def code(refusal: pytest.ExceptionInfo[Refusal]) -> str:
    return refusal.value.code


def told(officer_id: int) -> list[NoticeKind]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(OfficerNotice.kind).where(OfficerNotice.officer_id == officer_id)))


# ---- the authenticator


def test_without_a_second_factor_the_password_is_enough(world: World, now: datetime) -> None:
    assert come(now).stage is Stage.WHOLE


def test_a_password_alone_opens_nothing_where_there_is_a_second_factor(world: World, now: datetime) -> None:
    with_totp(now)
    reference = signing_in.enter_password("officer", PASSWORD, now=now + MINUTE)
    assert presence_of(reference, now + MINUTE).stage is Stage.HALF
    assert signing_in.resume(reference, Door.POLICE, now=now + MINUTE) is None


def test_the_code_of_this_half_minute_completes_the_sign_in_under_a_new_reference(world: World, now: datetime) -> None:
    secret, _ = with_totp(now)
    later = now + MINUTE
    old = signing_in.enter_password("officer", PASSWORD, now=later)
    new = proving.by_totp(presence_of(old, later), code_of(secret, later), now=later)
    assert signing_in.resume(new, Door.POLICE, now=later) == world.officer
    assert signing_in.resume_officer(old, now=later) is None
    assert signing_in.resume(new, Door.POLICE, now=later + SECOND_FACTOR_WITHIN + MINUTE) == world.officer


def test_a_half_sign_in_waits_ten_minutes(world: World, now: datetime) -> None:
    with_totp(now)
    later = now + MINUTE
    reference = signing_in.enter_password("officer", PASSWORD, now=later)
    assert signing_in.resume_officer(reference, now=later + SECOND_FACTOR_WITHIN - timedelta(seconds=1))
    assert signing_in.resume_officer(reference, now=later + SECOND_FACTOR_WITHIN) is None


def test_a_code_is_good_once_and_the_one_that_set_it_up_is_used(world: World, now: datetime) -> None:
    secret, _ = with_totp(now)
    with pytest.raises(BadValue) as refusal:
        proving.by_totp(come(now), code_of(secret, now), now=now)
    assert code(refusal) == "accounts.totp_wrong"
    later = now + MINUTE
    proving.by_totp(come(later), code_of(secret, later), now=later)
    with pytest.raises(BadValue):
        proving.by_totp(come(later), code_of(secret, later), now=later)


def test_the_step_before_is_good_and_older_ones_are_not(world: World, now: datetime) -> None:
    secret, _ = with_totp(now)
    later = now + 5 * MINUTE
    with pytest.raises(BadValue):
        proving.by_totp(come(later), code_of(secret, later - timedelta(seconds=60)), now=later)
    proving.by_totp(come(later), code_of(secret, later - timedelta(seconds=30)), now=later)


def test_one_code_sent_by_many_at_once_lets_one_in(app: Flask, world: World, now: datetime) -> None:
    secret, _ = with_totp(now)
    later = now + MINUTE
    each = [come(later) for _ in range(4)]
    typed = code_of(secret, later)
    answers = together(app, [lambda one=one: proving.by_totp(one, typed, now=later) for one in each])  # type: ignore[misc]
    assert [str(fault) for fault in raised(answers)] == ["accounts.totp_wrong"] * 3


def test_guesses_are_few_and_a_new_sign_in_gives_no_new_ones(world: World, now: datetime) -> None:
    secret, _ = with_totp(now)
    later = now + 10 * MINUTE
    for _ in range(6):
        with pytest.raises(BadValue):
            proving.by_totp(come(later), "000000", now=later)
    with pytest.raises(TooMany):
        proving.by_totp(come(later), code_of(secret, later), now=later)


def test_another_officers_code_is_no_code(world: World, now: datetime) -> None:
    secret, _ = with_totp(now, "stranger")
    with_totp(now)
    later = now + MINUTE
    with pytest.raises(BadValue):
        proving.by_totp(come(later), code_of(secret, later), now=later)


# ---- recovery codes


def test_a_recovery_code_lets_in_once_and_tells_the_officer_and_her_supervisor(world: World, now: datetime) -> None:
    supervisor = appoint("supervisor", Role.SUPERVISOR, world, now)
    elsewhere = appoint("elsewhere", Role.SUPERVISOR, world, now, world.other_station_id)
    _, codes = with_totp(now)
    proving.by_recovery(come(now), codes[3], now=now)
    assert told(world.officer.officer_id) == [NoticeKind.RECOVERY_USED]
    assert told(supervisor.officer_id) == [NoticeKind.RECOVERY_USED]
    assert told(elsewhere.officer_id) == []
    with pytest.raises(BadValue) as refusal:
        proving.by_recovery(come(now), codes[3], now=now)
    assert code(refusal) == "accounts.recovery_wrong"


def test_a_recovery_code_sent_twice_at_once_lets_one_in(app: Flask, world: World, now: datetime) -> None:
    _, codes = with_totp(now)
    each = [come(now) for _ in range(3)]
    answers = together(app, [lambda one=one: proving.by_recovery(one, codes[0], now=now) for one in each])  # type: ignore[misc]
    assert [str(fault) for fault in raised(answers)] == ["accounts.recovery_wrong"] * 2
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).where(RecoveryCode.used_at.is_not(None))) == 1


@ONE_ENGINE
@pytest.mark.parametrize("typed", ["", "3-AAAAA-AAAAA", "x" * 100_000, "\0", "９-ＡＡＡＡＡ-ＡＡＡＡＡ"])
def test_what_is_no_recovery_code_is_refused_alike(world: World, now: datetime, typed: str) -> None:
    with_totp(now)
    with pytest.raises(BadValue) as refusal:
        proving.by_recovery(come(now), typed, now=now)
    assert code(refusal) == "accounts.recovery_wrong"


def test_a_recovery_code_proves_nothing_within_a_sign_in(world: World, now: datetime) -> None:
    secret, codes = with_totp(now)
    later = now + MINUTE
    whole = presence_of(proving.by_totp(come(later), code_of(secret, later), now=later), later)
    with pytest.raises(NotAllowed):
        proving.by_recovery(whole, codes[0], now=later)


def test_recovery_codes_are_kept_as_hashes(world: World, now: datetime) -> None:
    _, codes = with_totp(now)
    db.session.rollback()
    kept = list(db.session.scalars(sa.select(RecoveryCode.code_hash)))
    assert len(kept) == len(codes) == 10
    assert all(each.startswith("$argon2id$") for each in kept)


# ---- passkeys


def test_a_passkey_alone_signs_its_officer_in(world: World, now: datetime) -> None:
    device, _ = with_passkey(now)
    ask = asked(now)
    reference = signing_in.enter_passkey(ask, answer(device, ask), now=now)
    assert signing_in.resume(reference, Door.POLICE, now=now) == world.officer


def test_a_passkey_completes_a_sign_in_by_password(world: World, now: datetime) -> None:
    device, _ = with_passkey(now)
    ask = asked(now)
    reference = proving.by_passkey(come(now), ask, answer(device, ask), now=now)
    assert presence_of(reference, now).stage is Stage.WHOLE


def test_an_answer_is_taken_once(world: World, now: datetime) -> None:
    device, _ = with_passkey(now, Authenticator(counts=False))
    ask = asked(now)
    said = answer(device, ask)
    signing_in.enter_passkey(ask, said, now=now)
    with pytest.raises(BadValue) as refusal:
        signing_in.enter_passkey(ask, said, now=now)
    assert code(refusal) == "accounts.passkey_wrong"


def test_one_answer_sent_by_many_at_once_lets_one_in(app: Flask, world: World, now: datetime) -> None:
    device, _ = with_passkey(now, Authenticator(counts=False))
    ask = asked(now)
    said = answer(device, ask)
    answers = together(app, [lambda: signing_in.enter_passkey(ask, said, now=now)] * 4)
    assert len(raised(answers)) == 3


def test_an_answer_for_another_origin_party_or_challenge_is_refused(world: World, now: datetime) -> None:
    device, _ = with_passkey(now)
    for wrong in (
        lambda ask: answer(device, ask, origin="https://band.example.evil.example"),
        lambda ask: answer(device, ask, origin="http://band.example"),
        lambda ask: answer(device, ask, party="evil.example"),
        lambda ask: answer(device, asked(now)),
    ):
        ask = asked(now)
        with pytest.raises(BadValue) as refusal:
            signing_in.enter_passkey(ask, wrong(ask), now=now)
        assert code(refusal) == "accounts.passkey_wrong"
    assert live(world.officer.officer_id) == 1


def test_an_answer_that_another_key_has_signed_is_refused(world: World, now: datetime) -> None:
    device, _ = with_passkey(now)
    forged = replace(Authenticator(), credential=device.credential)
    ask = asked(now)
    with pytest.raises(BadValue):
        signing_in.enter_passkey(ask, answer(forged, ask), now=now)


def test_a_device_that_has_not_verified_its_owner_is_refused(world: World, now: datetime) -> None:
    device, _ = with_passkey(now)
    device.verifies = False
    ask = asked(now)
    with pytest.raises(BadValue):
        signing_in.enter_passkey(ask, answer(device, ask), now=now)


def test_a_copied_passkey_is_refused_and_told_of(world: World, now: datetime) -> None:
    supervisor = appoint("supervisor", Role.SUPERVISOR, world, now)
    device, _ = with_passkey(now)
    copy = replace(device)
    for _ in range(2):
        ask = asked(now)
        signing_in.enter_passkey(ask, answer(device, ask), now=now)
    ask = asked(now)
    with pytest.raises(BadValue):
        signing_in.enter_passkey(ask, answer(copy, ask), now=now)
    assert told(world.officer.officer_id) == told(supervisor.officer_id) == [NoticeKind.PASSKEY_DOUBTED]


def test_an_answer_that_comes_too_late_or_from_the_future_is_refused(world: World, now: datetime) -> None:
    device, _ = with_passkey(now)
    for away in (timedelta(seconds=CHALLENGE_LASTS_S + 1), -timedelta(seconds=1)):
        ask = asked(now - away)
        with pytest.raises(BadValue) as refusal:
            signing_in.enter_passkey(ask, answer(device, ask), now=now)
        assert code(refusal) == "accounts.passkey_late"


@ONE_ENGINE
@pytest.mark.parametrize("said", ["", "null", "[]", "{}", '{"id": 1}', '{"id": "x"}', "[" * 10_000, "x" * 100_000])
def test_what_is_no_answer_is_refused(world: World, now: datetime, said: str) -> None:
    with_passkey(now)
    with pytest.raises(BadValue):
        signing_in.enter_passkey(asked(now), said, now=now)


def test_a_disabled_officers_passkey_opens_nothing(world: World, now: datetime) -> None:
    device, _ = with_passkey(now)
    appointing.disable(world.officer.officer_id, keeper=None, now=now)
    ask = asked(now)
    with pytest.raises(BadValue):
        signing_in.enter_passkey(ask, answer(device, ask), now=now)


def test_anothers_passkey_completes_no_sign_in(world: World, now: datetime) -> None:
    device, _ = with_passkey(now)
    with_totp(now, "stranger")
    ask = asked(now)
    with pytest.raises(BadValue):
        proving.by_passkey(come(now, "stranger"), ask, answer(device, ask), now=now)


def test_the_public_half_of_a_passkey_is_all_that_is_kept(world: World, now: datetime) -> None:
    device, _ = with_passkey(now)
    db.session.rollback()
    kept = db.session.scalars(sa.select(Passkey)).one()
    assert kept.name == "值班室电脑"
    assert "值班室" not in kept.name_sealed
    assert device.key.private_numbers().private_value.to_bytes(32, "big").hex() not in kept.public_key


# ---- proving oneself again


def test_a_proof_lasts_ten_minutes_and_the_password_renews_it(world: World, now: datetime) -> None:
    presence = come(now)
    assert presence.is_fresh(now + PROOF_LASTS)
    later = now + PROOF_LASTS + timedelta(seconds=1)
    assert not presence.is_fresh(later)
    new = proving.by_password(presence, PASSWORD, now=later)
    assert presence_of(new, later).is_fresh(later)


def test_a_wrong_password_proves_nothing_and_is_on_the_trail(world: World, now: datetime) -> None:
    presence = come(now)
    with pytest.raises(BadValue) as refusal:
        proving.by_password(presence, "four quiet wooden fridges", now=now)
    assert code(refusal) == "accounts.proof_wrong"
    db.session.rollback()
    last = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.i.desc())).first()
    assert last
    assert (last.deed, last.subject, last.facts) == (
        "officer.refused",
        world.officer.actor,
        {"means": "password"},
    )


def test_the_password_is_no_second_factor(world: World, now: datetime) -> None:
    with_totp(now)
    with pytest.raises(NotAllowed):
        proving.by_password(come(now), PASSWORD, now=now)


def test_a_sign_in_that_has_ended_is_not_proved(world: World, now: datetime) -> None:
    presence = come(now)
    appointing.end_sign_ins(world.officer.officer_id, keeper=None, now=now)
    with pytest.raises(SignInNeeded):
        proving.by_password(presence, PASSWORD, now=now)
