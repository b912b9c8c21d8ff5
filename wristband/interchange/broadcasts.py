"""CAP messages of a release, made in the caller's transaction: what is published stays word by word as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from wristband.db import db
from wristband.elders import opened
from wristband.interchange import cap, cap_checks, pfif, published, rules, xml
from wristband.interchange.cap import Alert, Circle, Info, MessageType, Reference, Resource, Scope, Status
from wristband.interchange.models import Broadcast, Release
from wristband.interchange.queries import Found
from wristband.interchange.rules import CIRCLE_KM, MESSAGE_LASTS, RENEWED_BEFORE, Audience, Shown, Site

EVENT = "老人走失"
_RESTRICTION = "仅限值班室和登记过的志愿者"
_SEX = {"female": "女", "male": "男"}
_LANGUAGE = "zh-CN"


def tell(found: Found, site: Site, *, now: datetime, renew: bool = False) -> bool:
    """Publish what a release says now: an Alert, or an Update of what holds. True where something was published.

    The same is not said twice; unless it is to `renew` what ends soon.
    """
    earlier = _unexpired(found.incident.id, now)
    kind = MessageType.UPDATE if earlier else MessageType.ALERT
    info = _info(found, site, now)
    digest = _digest(info, found.release)
    if earlier and earlier[-1].content_digest == digest and not (renew and _ends_soon(earlier[-1], now)):
        return False
    _publish(found, site, kind, info, earlier, digest, now)
    return True


def cancel(found: Found, site: Site, *, now: datetime) -> bool:
    """Publish that it is over, where anything that was published still holds. Not a word of the elder."""
    earlier = _unexpired(found.incident.id, now)
    if not earlier:
        return False
    info = Info(
        language=_LANGUAGE,
        event=EVENT,
        response="AllClear",
        urgency="Past",
        severity="Minor",
        certainty="Observed",
        expires=now + MESSAGE_LASTS,
        sender_name=published.station_name(found.incident, site),
        headline="寻找已经结束，谢谢大家",
    )
    _publish(found, site, MessageType.CANCEL, info, earlier, _digest(info, found.release), now)
    return True


def _ends_soon(message: Broadcast, now: datetime) -> bool:
    return message.expires_at - now <= RENEWED_BEFORE


def _unexpired(incident_id: int, now: datetime) -> Sequence[Broadcast]:
    """What still holds of an incident: since the last Cancel, first to last."""
    rows = db.session.scalars(
        sa.select(Broadcast)
        .where(Broadcast.incident_id == incident_id, Broadcast.expires_at > now)
        .order_by(Broadcast.number)
    ).all()
    cancelled = [row.number for row in rows if row.kind == MessageType.CANCEL]
    return [row for row in rows if row.number > max(cancelled, default=0)]


def _publish(
    found: Found, site: Site, kind: MessageType, info: Info, earlier: Sequence[Broadcast], digest: str, now: datetime
) -> None:
    incident = found.incident
    last = sa.select(sa.func.max(Broadcast.number)).where(Broadcast.incident_id == incident.id)
    number = (db.session.scalar(last) or 0) + 1
    public = found.release.audience is Audience.PUBLIC
    # Whole seconds, and never those of the message before: sender, identifier and sent are what a reader knows it by.
    sent = now.replace(microsecond=0)
    alert = Alert(
        identifier=f"HWB-{incident.number}.{number}",
        sender=f"desk@{site.domain}",
        sent=sent,
        status=Status.EXERCISE if site.exercise else Status.ACTUAL,
        message_type=kind,
        scope=Scope.PUBLIC if public else Scope.RESTRICTED,
        restriction="" if public else _RESTRICTION,
        note="演习" if site.exercise else "",
        references=tuple(Reference(one.sender, one.identifier, one.sent) for one in earlier),
        incident=f"HWB-{incident.number}",
        infos=(info,),
    )
    document = cap.document(alert)
    if wrong := cap_checks.faults(xml.read(document)):
        raise RuntimeError(f"a broadcast of ours is none: {wrong}")
    db.session.add(
        Broadcast(
            release_id=found.release.id,
            incident_id=incident.id,
            identifier=alert.identifier,
            number=number,
            kind=kind.value,
            sender=alert.sender,
            sent=cap.when(sent),
            sent_at=now,
            expires_at=info.expires,
            content_digest=digest,
            document=document.decode(),
        )
    )
    db.session.flush()


def _info(found: Found, site: Site, now: datetime) -> Info:
    release, incident = found.release, found.incident
    person = published.person(found, site, now=now, with_notes=False)
    station = published.station_name(incident, site)
    area, circle = _area(found, station)
    photo = (Resource("老人的照片", "image/jpeg", published.photo_address(release, site)),) if person.photo_url else ()
    return Info(
        language=_LANGUAGE,
        event=EVENT,
        response="Monitor",
        urgency="Immediate",
        severity="Severe",
        certainty="Observed",
        # Never longer than the release itself: what may be shown no longer is said no longer.
        expires=min((now + MESSAGE_LASTS).replace(microsecond=0), release.expires_at),
        sender_name=station,
        headline="请协助寻找一位走失老人",
        description=_description(person, release),
        instruction="发现后请扫描手环，或拨打 110。",
        contact=published.CONTACT,
        resources=photo,
        area=area,
        circle=circle,
    )


def _description(person: pfif.Person, release: Release) -> str:
    name = "" if person.full_name == published.NO_NAME else person.full_name
    age = f"{person.age} 岁" if person.age else ""
    clothes = opened.text(release, "clothes") if Shown.CLOTHES in rules.read_shown(release.shown) else ""
    told = [name, _SEX.get(person.sex, ""), age, "" if clothes == opened.UNREADABLE else clothes or "", "戴黄色手环"]
    return "，".join(filter(None, told)) + "。"


def _area(found: Found, station: str) -> tuple[str, Circle | None]:
    """5 km round the last place, where places are released; otherwise where the station is, by name alone."""
    last = published.last_place(found.incident.id) if Shown.PLACES in rules.read_shown(found.release.shown) else None
    if last is None:
        return f"{station[: cap_checks.LONGEST_AREA - 3]}辖区", None
    return f"最后出现地点 {CIRCLE_KM:g} 公里内", Circle(last[0], CIRCLE_KM)


def _digest(info: Info, release: Release) -> str:
    told = (
        info.headline,
        info.description,
        info.sender_name,
        info.area,
        info.circle.text if info.circle else "",
        *(one.uri for one in info.resources),
        release.audience.value,
    )
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


def last_sent_at(incident_id: int) -> datetime | None:
    """When the last message of an incident was published."""
    return db.session.scalar(sa.select(sa.func.max(Broadcast.sent_at)).where(Broadcast.incident_id == incident_id))


def is_due(found: Found, *, now: datetime, every: timedelta) -> bool:
    """Whether it is time to look if there is anything new to say."""
    last = last_sent_at(found.incident.id)
    return last is None or now - last >= every
