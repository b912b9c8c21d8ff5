"""Exporting: a guardian takes along everything kept about her elder, after a fresh code to her own phone."""

from __future__ import annotations

import secrets
from datetime import datetime

from wristband import limits
from wristband.accounts.models import Guardian
from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.clock import ZONE
from wristband.db import db, new_id, transaction
from wristband.elders import export, queries
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.record import collect
from wristband.elders.rules import CONFIRMED_FOR, EXPORT_CODES, EXPORT_TRIES, EXPORTS_A_GUARDIAN
from wristband.elders.voices import VOICE_PLACE
from wristband.errors import BadValue, NotAllowed
from wristband.house import house
from wristband.outbox import guardians, queue
from wristband.outbox.rules import Channel
from wristband.scans import challenges
from wristband.scans.rules import CODE_LASTS, ChallengePurpose
from wristband.values.phone import Phone

_EXPORT = ChallengePurpose.EXPORT


def ask_code(elder_id: int, *, guardian_id: int, device: str, now: datetime) -> Phone:
    """Send a code to the guardian's own phone, for this elder and this browser alone. Returns the phone.

    Raises NotFound, TooMany.
    """
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id)
        guardian = db.session.get_one(Guardian, guardian_id)
        limits.spend(EXPORT_CODES, str(guardian_id), now=now)
        code = challenges.pose(_EXPORT, _holder(elder_id, guardian_id, device), now=now)
        queue.enqueue(
            key=f"export_code:{secrets.token_hex(12)}",
            channel=Channel.SMS,
            wording="export_code",
            language=guardian.language,
            recipient=guardian.phone,
            facts=house().settings.issuer | {"code": code},
            at=now,
            expires_at=now + CODE_LASTS,
        )
        return Phone(guardian.phone)


def enter_code(elder_id: int, code: str, *, guardian_id: int, device: str, now: datetime) -> None:
    """From now on this browser may download this elder's for ten minutes. Raises BadValue, TooMany."""
    holder = _holder(elder_id, guardian_id, device)
    with transaction():
        limits.spend(EXPORT_TRIES, str(guardian_id), now=now)
        taken = challenges.spend_try(_EXPORT, holder, now=now)
    if taken is None or not challenges.matches(taken, _EXPORT, holder, code):
        raise BadValue("accounts.code_wrong")
    with transaction():
        if not challenges.win(taken[0], now=now):
            raise BadValue("accounts.code_wrong")


def is_confirmed(elder_id: int, *, guardian_id: int, device: str, now: datetime) -> bool:
    """Whether this browser may download this elder's now."""
    return challenges.was_won(_EXPORT, _holder(elder_id, guardian_id, device), since=now - CONFIRMED_FOR)


def take(elder_id: int, *, guardian_id: int, device: str, now: datetime) -> bytes:
    """Everything kept about one of my elders, as a ZIP. The other guardians are told before it is given.

    Raises NotFound, NotAllowed without a fresh code, TooMany.
    """
    queries.get_elder(elder_id, guardian_id=guardian_id)
    if not is_confirmed(elder_id, guardian_id=guardian_id, device=device, now=now):
        raise NotAllowed("elders.confirm_first")
    with transaction():
        limits.spend(EXPORTS_A_GUARDIAN, str(guardian_id), now=now)
    with transaction():
        queries.get_elder(elder_id, guardian_id=guardian_id, held=True)
        sections = collect(elder_id, guardian_id=guardian_id)
        photo = queries.find_portrait(elder_id)
        photo_id = photo.id if photo is not None else None
        voice = queries.find_voice(elder_id)
        voice_id = voice.id if voice is not None else None
        subject = f"elder:{elder_id}"
        trail.record(Deed.ELDER_EXPORTED, actor=f"guardian:{guardian_id}", subject=subject, at=now, elder_id=elder_id)
        facts = house().settings.issuer | {"time": f"{now.astimezone(ZONE):%H:%M}"}
        key = f"elder_exported:{new_id()}"
        guardians.owe(elder_id, key, but=guardian_id, wording="elder_exported", facts=facts, at=now)
    portrait = house().files.read(place=PHOTO_PLACE, row=photo_id) if photo_id is not None else None
    sound = house().files.read(place=VOICE_PLACE, row=voice_id) if voice_id is not None else None
    return export.archive(sections, portrait, sound, title="老人的全部资料", made_at=now.astimezone(ZONE))


def _holder(elder_id: int, guardian_id: int, device: str) -> str:
    return f"{guardian_id} {elder_id} {device}"
