"""Looking: what an officer sees of an elder, each showing recorded and told to the family before it is shown."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
import structlog

from wristband import data_keys, limits
from wristband.accounts.rules import OfficerAccount, reviews_district
from wristband.audit import trail
from wristband.audit.accesses import has_looked
from wristband.audit.deeds import Deed
from wristband.bands.queries import find_band
from wristband.bands.rules import reaches_family
from wristband.clock import ZONE
from wristband.db import db, new_id, transaction
from wristband.elders import photos
from wristband.elders.models import Photo
from wristband.elders.photos import PHOTO_PLACE
from wristband.elders.queries import find_portrait, get_elder_for_service, list_guardians
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict, NotAllowed, NotFound, Refusal
from wristband.house import house
from wristband.incidents import queries, records
from wristband.incidents.models import BreakGlassLook, Incident
from wristband.incidents.records import ElderToHelp, ElderToMeet, FullRecord, Revealed
from wristband.incidents.rules import (
    LOOK_COUNTS_FOR,
    LOOKS_AN_OFFICER,
    Opening,
    Reason,
    Verdict,
    is_record_shut,
    opening,
)
from wristband.outbox import family, guardians
from wristband.scans.levels import SHOWN, Field, Level
from wristband.sealing import SealBroken, box
from wristband.values.code import BandCode

WORDS_MAX = 300
# What an incident shows at first; the rest is revealed with a reason.
_REVEALED = frozenset({Field.ADDRESS, Field.PHONES})
_TO_HELP = SHOWN[Level.DUTY] - _REVEALED - {Field.PORTRAIT}
# What another station than the elder's sees before it has accepted.
_TO_MEET = frozenset({Field.CALLED, Field.APPROACH})

log = structlog.get_logger(__name__)


# ---- with an incident


def look(incident_id: int, *, officer: OfficerAccount, now: datetime) -> ElderToHelp | ElderToMeet | None:
    """The elder of an incident that this officer's station has accepted or was given; None where unknown.

    A station that is not the elder's own sees the lesser of the two until it has accepted.

    Raises NotFound, NotAllowed where the incident opens no record, TooMany where the officer has looked at too many.
    """
    _spend_look(incident_id, officer, now)
    with transaction():
        incident, opens = _opening_incident(incident_id, officer, now)
        helping = opens >= Opening.HELPING
        _record_look(incident, officer, _TO_HELP if helping else _TO_MEET, now)
        if incident.elder_id is None:
            return None
        elder = get_elder_for_service(incident.elder_id)
        return records.to_help(elder) if helping else records.to_meet(elder)


def portrait_bytes(incident_id: int, *, officer: OfficerAccount, now: datetime) -> bytes:
    """The portrait of the same elder, as JPEG. Raises NotFound also where it does not open, NotAllowed, TooMany."""
    _spend_look(incident_id, officer, now)
    with transaction():
        incident, _opens = _opening_incident(incident_id, officer, now)
        photo = find_portrait(incident.elder_id) if incident.elder_id else None
        if photo is None:
            raise NotFound("elders.no_portrait")
        jpeg = _read(photo)
        if jpeg is None:
            raise NotFound("files.gone")
        _record_look(incident, officer, frozenset({Field.PORTRAIT}), now, photo=photo.id)
    return jpeg


def reveal(incident_id: int, reason: Reason | None, *, officer: OfficerAccount, now: datetime) -> Revealed:
    """Address and the family's numbers, for this incident and this reason. Every time is a showing of its own.

    From the acceptance to the end of the incident; after it there is the break-glass look. Raises BadValue without a
    reason, NotFound, NotAllowed, TooMany.
    """
    if reason is None:
        raise BadValue("scans.reason_missing")
    with transaction():
        _reaching_incident(incident_id, officer, now)
        limits.spend(LOOKS_AN_OFFICER, officer.actor, now=now)
    with transaction():
        incident = _reaching_incident(incident_id, officer, now)
        if incident.elder_id is None:
            raise NotFound("looks.nobody")
        trail.record(
            Deed.INCIDENT_REVEALED,
            actor=officer.actor,
            subject=f"incident:{incident.id}",
            at=now,
            elder_id=incident.elder_id,
            reason=reason.value,
            fields=_named(_REVEALED),
        )
        # Once a reason: a second showing for the same one is on the family's page, and no news.
        key = f"revealed:{incident.id}:{officer.officer_id}:{reason.value}"
        _tell(incident.elder_id, key, "officer_revealed", officer, now, incident=incident)
        return records.revealed(get_elder_for_service(incident.elder_id))


def _spend_look(incident_id: int, officer: OfficerAccount, now: datetime) -> None:
    """Counted in a transaction of its own, whatever becomes of the look; once an hour for one incident."""
    with transaction():
        incident, _opens = _opening_incident(incident_id, officer, now)
        subject = f"incident:{incident_id}"
        if incident.elder_id is not None and not has_looked(officer.actor, subject, since=now - LOOK_COUNTS_FOR):
            limits.spend(LOOKS_AN_OFFICER, officer.actor, now=now)


def _opening_incident(incident_id: int, officer: OfficerAccount, now: datetime) -> tuple[Incident, Opening]:
    """The incident, and how much of a record it opens, which is something. Raises NotFound, NotAllowed."""
    incident = queries.get_incident(incident_id, station_id=officer.station_id)
    opens = opening(
        own=_is_own(incident.elder_id, officer),
        steps=queries.steps_of_officers(incident.id),
        closed_at=incident.closed_at,
        now=now,
    )
    if opens is Opening.NOTHING:
        over = is_record_shut(closed_at=incident.closed_at, now=now)
        raise NotAllowed("looks.incident_over" if over else "looks.not_handled")
    if incident.station_id is None and incident.elder_id is not None:
        raise NotAllowed("looks.accept_first")
    return incident, opens


def _reaching_incident(incident_id: int, officer: OfficerAccount, now: datetime) -> Incident:
    incident, opens = _opening_incident(incident_id, officer, now)
    if opens < Opening.REACHING and incident.elder_id is not None:
        raise NotAllowed("looks.accept_to_reveal" if incident.closed_at is None else "looks.reveal_over")
    return incident


def _is_own(elder_id: int | None, officer: OfficerAccount) -> bool:
    """Whether the elder is this station's; nobody's record may be anybody's."""
    return elder_id is None or get_elder_for_service(elder_id).station_id == officer.station_id


def _record_look(
    incident: Incident, officer: OfficerAccount, fields: frozenset[Field], now: datetime, **facts: int
) -> None:
    known = {"fields": _named(fields)} if incident.elder_id is not None else {}
    trail.record(
        Deed.INCIDENT_LOOKED_AT,
        actor=officer.actor,
        subject=f"incident:{incident.id}",
        at=now,
        elder_id=incident.elder_id,
        **known,
        **facts,
    )
    if incident.elder_id is not None:
        key = f"looked:{incident.id}:{officer.officer_id}"
        _tell(incident.elder_id, key, "officer_looked", officer, now, incident=incident)


# ---- without one


def break_glass(
    code: BandCode, reason: Reason | None, words: str, *, officer: OfficerAccount, now: datetime
) -> FullRecord:
    """The whole record behind a band, without an incident: for an elder who stands there and cannot wait.

    Any station may; somebody else judges it afterwards. A code of no band and one of a band without family are
    refused alike and count as looks. Raises BadValue, NotFound, TooMany.
    """
    if reason is None:
        raise BadValue("scans.reason_missing")
    words = clean_text(words, "looks.words", WORDS_MAX, lines=True)
    with transaction():
        limits.spend(LOOKS_AN_OFFICER, officer.actor, now=now)
    with transaction():
        band = find_band(code.serial)
        elder_id = band.elder_id if band is not None and reaches_family(band.state) else None
        if elder_id is None:
            trail.record(Deed.BREAK_GLASS_MISSED, actor=officer.actor, subject=officer.actor, at=now)
        else:
            _record_break_glass(elder_id, reason, words, officer, now)
            elder, photo = get_elder_for_service(elder_id), find_portrait(elder_id)
            helpful, revealed = records.to_help(elder), records.revealed(elder)
    if elder_id is None:
        raise NotFound("looks.no_such_band")
    return FullRecord(helpful, revealed, _face(photo) if photo else None)


def _record_break_glass(elder_id: int, reason: Reason, words: str, officer: OfficerAccount, now: datetime) -> None:
    look_id = new_id()
    taken = BreakGlassLook(
        id=look_id,
        elder_id=elder_id,
        officer_id=officer.officer_id,
        station_id=officer.station_id,
        reason=reason,
        words_sealed=_sealed("words", look_id, words, elder_id),
        at=now,
    )
    db.session.add(taken)
    trail.record(
        Deed.BREAK_GLASS_LOOKED,
        actor=officer.actor,
        subject=f"break_glass:{look_id}",
        at=now,
        elder_id=elder_id,
        reason=reason.value,
        station=officer.station_id,
        fields=_named(SHOWN[Level.DUTY]),
    )
    key, wording = f"break_glass:{look_id}", "officer_broke_glass"
    if data_keys.opens(elder_id):
        _tell(elder_id, key, wording, officer, now)
    else:
        _tell_guardians(elder_id, key, wording, officer, now)


def _sealed(field: str, look_id: int, words: str, elder_id: int) -> str:
    """What is said of a look, under the elder's key; where that is broken under a key file: no look fails for it."""
    owner = elder_id if data_keys.opens(elder_id) else None
    return box().seal(words, place=f"{BreakGlassLook.__tablename__}.{field}", row=look_id, owner=owner)


def _tell_guardians(elder_id: int, key: str, wording: str, officer: OfficerAccount, now: datetime) -> None:
    """With the elder's key the family's telephones are closed: whoever has an account has a key of his own."""
    for _, guardian in list_guardians(elder_id):
        try:
            guardians.owe_one(guardian, None, key, wording=wording, facts=_facts(officer, None, now), at=now)
        except SealBroken as broken:
            log.error("guardian_untold", guardian=guardian.id, code=broken.code)


def review(look_id: int, verdict: Verdict, words: str, *, officer: OfficerAccount, now: datetime) -> None:
    """Judge a break-glass look: a supervisor those of his station, district and audit those of the district.

    Nobody judges his own. Raises BadValue without words, Conflict where it is judged already, NotAllowed, NotFound.
    """
    words = clean_text(words, "looks.review", WORDS_MAX, lines=True)
    with transaction():
        taken = queries.get_break_glass_look(
            look_id, station_id=officer.station_id, district=reviews_district(officer.role)
        )
        if taken.officer_id == officer.officer_id:
            raise NotAllowed("looks.own")
        judged = db.session.execute(
            sa.update(BreakGlassLook)
            .where(BreakGlassLook.id == look_id, BreakGlassLook.reviewed_at.is_(None))
            .values(reviewed_at=now, reviewed_by=officer.officer_id, verdict=verdict)
        )
        if judged.rowcount != 1:  # type: ignore[attr-defined]
            raise Conflict("looks.reviewed")
        if get_elder_for_service(taken.elder_id).erased_at is None:  # of whom nothing is kept, not a word is added
            taken.review_sealed = _sealed("review", look_id, words, taken.elder_id)
        trail.record(
            Deed.BREAK_GLASS_JUSTIFIED if verdict is Verdict.JUSTIFIED else Deed.BREAK_GLASS_UNJUSTIFIED,
            actor=officer.actor,
            subject=f"break_glass:{look_id}",
            at=now,
            elder_id=taken.elder_id,
        )


# ---- what the looks share


def _read(photo: Photo) -> bytes | None:
    """The portrait's JPEG; None, and a line in the log, where the file is gone or does not open."""
    try:
        return house().files.read(place=PHOTO_PLACE, row=photo.id)
    except (Refusal, OSError) as fault:
        log.error("portrait_unreadable", photo=photo.id, fault=type(fault).__name__)
        return None


def _face(photo: Photo) -> bytes | None:
    jpeg = _read(photo)
    if jpeg is None:
        return None
    try:
        return photos.square_jpeg(jpeg, photos.Crop(photo.crop_left, photo.crop_top, photo.crop_size))
    except OSError as fault:  # what Pillow says of bytes that are no picture
        log.error("portrait_unreadable", photo=photo.id, fault=type(fault).__name__)
        return None


def _named(fields: frozenset[Field]) -> str:
    return " ".join(sorted(fields))


def _tell(
    elder_id: int,
    key: str,
    wording: str,
    officer: OfficerAccount,
    now: datetime,
    *,
    incident: Incident | None = None,
) -> None:
    facts, incident_id = _facts(officer, incident, now), incident.id if incident else None
    family.owe(elder_id, key, wording=wording, facts=facts, at=now, incident_id=incident_id)


def _facts(officer: OfficerAccount, incident: Incident | None, now: datetime) -> dict[str, str]:
    return house().settings.issuer | {
        "station": officer.station_name,
        "time": f"{now.astimezone(ZONE):%H:%M}",
        "number": incident.number if incident else "",
    }
