"""Verifying: what a finder proves, and the grant that it wins. A try is spent and committed before it is compared."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband import limits
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.bands.models import Band
from wristband.bands.queries import get_band
from wristband.bands.rules import CHECK_BY_BAND, CHECK_BY_DEVICE, CHECK_TOLD_AT, CHECK_TRIES_FOR_LIFE, BandState
from wristband.db import db, transaction
from wristband.elders.queries import consented
from wristband.elders.rules import Purpose
from wristband.errors import BadValue, NotAllowed
from wristband.house import house
from wristband.outbox import queue
from wristband.outbox.rules import Channel
from wristband.scans import challenges, grants, news, queries
from wristband.scans.levels import (
    GRANT_LASTS,
    GrantState,
    Level,
    Proof,
)
from wristband.scans.models import Scan
from wristband.scans.openness import get_open_elder
from wristband.scans.rules import (
    CODE_DIGITS,
    CODE_LASTS,
    ELDERS_BY_PHONE,
    FINDER_CODE_BY_ADDRESS,
    FINDER_CODE_BY_PHONE,
    FINDER_CODE_BY_PREFIX,
    FINDER_CODES,
    FINDER_TRY_BY_PHONE,
    ChallengePurpose,
)
from wristband.values.code import CheckCode
from wristband.values.phone import Phone

# ---- the check code from the inside of the band


def enter_check_code(reference: str, check: CheckCode, *, now: datetime) -> str:
    """The emergency card for who has the band in hand. Returns the grant's token, for this phone alone.

    A wrong code, an ended band and one without family are refused alike. Raises BadValue, NotAllowed where the family
    does not show the card to anybody now, NotFound, TooMany, Unavailable.
    """
    with challenges.hash_slot():
        tried = _spend_check_try(reference, now)
        fits = challenges.check_code_matches(tried.kept, tried.band_id, check.digits)
    if not fits:
        _tell_of_guesses(tried, now)
        raise BadValue("scans.check_refused")
    with transaction():
        scan = queries.get_acted_scan(reference, held=True)
        # An honest try costs nobody anything: not this phone's hour, not the band's day, not its life. In the order in
        # which a try takes them: two at once would else wait for each other.
        limits.give_back(CHECK_BY_DEVICE, f"scan:{scan.id}", now=now)
        limits.give_back(CHECK_BY_BAND, tried.serial, now=now)
        db.session.execute(sa.update(Band).where(Band.id == tried.band_id).values(check_tries=Band.check_tries - 1))
        elder_id = get_open_elder(scan, now=now)
        if not consented(elder_id, Purpose.CARD):
            raise NotAllowed("scans.card_closed")
        return _give(scan, elder_id, Proof.CHECK_CODE, Level.WITH_ELDER, now)


@dataclass(frozen=True, slots=True)
class _Tried:
    band_id: int
    elder_id: int | None
    kept: str
    tries: int
    serial: str = ""


def _spend_check_try(reference: str, now: datetime) -> _Tried:
    """The try is taken of the scan, of the band's day and of the band's life; then it may be compared."""
    with transaction():
        scan = queries.get_acted_scan(reference, held=True)
        limits.spend(CHECK_BY_DEVICE, f"scan:{scan.id}", now=now)
        serial = db.session.scalar(sa.select(Band.serial).where(Band.id == scan.band_id))
        if serial is not None:
            limits.spend(CHECK_BY_BAND, serial, now=now)
        taken = db.session.execute(
            sa.update(Band)
            .where(Band.id == scan.band_id, Band.state == BandState.ACTIVE, Band.check_tries < Band.check_allowed)
            .values(check_tries=Band.check_tries + 1)
            .returning(Band.id, Band.elder_id, Band.check_code_hash, Band.check_tries)
        ).first()
        _record_try(scan, Proof.CHECK_CODE, taken.elder_id if taken else None, now)
    if taken is None:
        return _Tried(0, None, challenges.no_check_code(), 0)
    return _Tried(taken.id, taken.elder_id, taken.check_code_hash, taken.check_tries, serial or "")


def _tell_of_guesses(tried: _Tried, now: datetime) -> None:
    """The family hears of guessing before it can have any success."""
    if tried.elder_id is None or tried.tries not in CHECK_TOLD_AT:
        return
    key, issuer = f"check_guessed:{tried.band_id}:{tried.tries}", house().settings.issuer
    with transaction():
        news.tell(
            tried.elder_id,
            key,
            "check_guessed",
            tried.band_id,
            issuer=issuer,
            at=now,
            by_a_tap=True,
            tries=str(tried.tries),
        )


def reopen_check(band_id: int, *, guardian_id: int, now: datetime) -> None:
    """A guardian opens a check code again that too many have guessed at: as many tries as before. Raises NotFound."""
    with transaction():
        band = get_band(band_id, guardian_id=guardian_id)
        opened = db.session.execute(
            sa.update(Band)
            .where(Band.id == band_id, Band.check_tries >= Band.check_allowed)
            .values(check_allowed=Band.check_tries + CHECK_TRIES_FOR_LIFE)
        )
        if opened.rowcount == 1:  # type: ignore[attr-defined]
            trail.record(
                Deed.CHECK_REOPENED,
                actor=f"guardian:{guardian_id}",
                subject=f"band:{band_id}",
                at=now,
                elder_id=band.elder_id,
            )


# ---- a code to the finder's phone


def ask_code(reference: str, phone: Phone, *, address: str, language: str, now: datetime) -> None:
    """Send a code to the finder's own phone. Raises BadValue, NotAllowed, NotFound, TooMany.

    The budgets are apart from those of sign-in codes and of owed messages: spent, they silence neither.
    """
    if phone.calling_code not in house().settings.sms_countries:
        raise BadValue("phone.country_not_texted", countries=house().settings.sms_countries_told)
    with transaction():
        scan = queries.get_acted_scan(reference, held=True)
        get_open_elder(scan, now=now)  # no text for a record that stays shut
        limits.spend(FINDER_CODE_BY_PHONE, phone.e164, now=now)
        limits.spend(FINDER_CODE_BY_PREFIX, phone.prefix, now=now)
        limits.spend(FINDER_CODE_BY_ADDRESS, address, now=now)
        limits.spend(FINDER_CODES, now=now)
        code = challenges.pose(ChallengePurpose.FINDER, _holder(scan, phone), now=now)
        queue.enqueue(
            key=f"finder_code:{scan.id}:{secrets.token_hex(8)}",
            channel=Channel.SMS,
            wording="finder_code",
            language=language,
            recipient=phone.e164,
            facts=house().settings.issuer | {"code": code},
            at=now,
            expires_at=now + CODE_LASTS,
        )


def enter_code(reference: str, phone: Phone, code: str, *, now: datetime) -> str:
    """A finder who can be called back. Returns the grant's token. Raises BadValue, NotAllowed, NotFound, TooMany.

    What cannot be a code is a slip and spends no try.
    """
    code = "".join(unicodedata.normalize("NFKC", code).split())
    if not re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", code, re.ASCII):
        raise BadValue("scans.code_missing")
    with transaction():
        scan = queries.get_acted_scan(reference, held=True)
        limits.spend(FINDER_TRY_BY_PHONE, phone.e164, now=now)
        taken = challenges.spend_try(ChallengePurpose.FINDER, _holder(scan, phone), now=now)
        _record_try(scan, Proof.SMS_CODE, None, now)
        holder = _holder(scan, phone)
    if taken is None or not challenges.matches(taken, ChallengePurpose.FINDER, holder, code):
        raise BadValue("accounts.code_wrong")
    with transaction():
        scan = queries.get_acted_scan(reference, held=True)
        elder_id = get_open_elder(scan, now=now)
        if not grants.known_to_phone(elder_id, phone):
            limits.spend(ELDERS_BY_PHONE, phone.e164, now=now)
        if not challenges.win(taken[0], now=now):
            raise BadValue("accounts.code_wrong")
        return _give(scan, elder_id, Proof.SMS_CODE, Level.TRACEABLE, now, phone=phone)


def _holder(scan: Scan, phone: Phone) -> str:
    return f"{scan.id} {phone.e164}"


# ---- what the proofs share


def _give(scan: Scan, elder_id: int, proof: Proof, level: Level, now: datetime, *, phone: Phone | None = None) -> str:
    """A grant, its audit row and the family's message, in the caller's transaction. Returns the token."""
    token, grant = grants.make(
        scan, elder_id, proof, level, GrantState.GIVEN, ends_at=now + GRANT_LASTS, now=now, phone=phone
    )
    grant.given_at = now
    db.session.flush()
    grants.keep_room(grant.band_id, now=now)
    grants.record(Deed.GRANT_WON, grant, actor="finder", at=now, proof=proof.value, level=int(level))
    wording = {Proof.CHECK_CODE: "card_opened", Proof.SMS_CODE: "finder_known"}[proof]
    told = phone.masked() if phone else ""
    news.tell_of(grant, wording, issuer=house().settings.issuer, at=now, by_a_tap=True, phone=told)
    return token


def _record_try(scan: Scan, proof: Proof, elder_id: int | None, now: datetime) -> None:
    trail.record(
        Deed.PROOF_TRIED, actor="finder", subject=f"scan:{scan.id}", at=now, elder_id=elder_id, proof=proof.value
    )
