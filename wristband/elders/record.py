"""Everything kept about an elder, as sections of an export. Other people's numbers and words stay theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.queries import stations_of_officers
from wristband.audit.accesses import Access, list_accesses
from wristband.bands.queries import list_bands
from wristband.bands.rules import END_WORDS, FORM_WORDS
from wristband.board.queries import list_posts
from wristband.board.rules import PhotoState
from wristband.clock import ZONE
from wristband.db import db
from wristband.elders.changes import list_changes
from wristband.elders.erasing import scans_of
from wristband.elders.export import Section, Value
from wristband.elders.models import Contact, Elder
from wristband.elders.queries import consented, find_voice, list_consents, list_contacts, list_guardians
from wristband.elders.quiet_record import quiet_section
from wristband.elders.record_words import ANSWER, BAND, CHANGED, ELDER, INCIDENT, KINDS, LOOKS, MESSAGE, SEX, SIDES, WHO
from wristband.elders.rules import CONSENT_TEXTS, RELATIONS, Purpose
from wristband.incidents.models import Incident
from wristband.incidents.queries import list_moves, list_sightings, told_place
from wristband.incidents.rules import DISPOSITION_WORDS, IncidentState
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel
from wristband.scans.levels import FIELD_WORDS
from wristband.scans.models import Reach
from wristband.scans.queries import list_scans
from wristband.stations.queries import find_station
from wristband.values.phone import Phone

_MOST = 10_000
"""Rows of one kind: more is no elder's life."""


def collect(elder_id: int, *, guardian_id: int) -> list[Section]:
    """Every section, for this guardian, in the caller's transaction. A guardian asks after get_elder."""
    elder = db.session.get_one(Elder, elder_id)
    return [
        _particulars(elder),
        _changes(elder_id),
        _family(elder_id, guardian_id),
        _contacts(elder_id, guardian_id),
        quiet_section(guardian_id),
        _consents(elder_id),
        _voice(elder_id),
        _bands(elder_id, guardian_id),
        _scans(elder_id, guardian_id),
        _calls(elder_id),
        _incidents(elder_id),
        _places(elder_id),
        _boards(elder_id),
        _messages(elder_id),
        _looks(elder_id),
    ]


def _time(at: datetime | None) -> datetime | None:
    return at.astimezone(ZONE) if at else None


def _particulars(elder: Elder) -> Section:
    station = find_station(elder.station_id)
    row: dict[str, Value] = {
        "name": elder.name,
        "called": elder.called,
        "sex": SEX[elder.sex] if elder.sex else None,
        "birth_year": elder.birth_year,
        "address": elder.address,
        "approach": elder.approach,
        "health": elder.health,
        "station": station.name if station else None,
        "state": ELDER[elder.state],
        "registered_at": _time(elder.registered_at),
        "changed_at": _time(elder.changed_at),
    }
    titles = (
        "姓名",
        "称呼",
        "性别",
        "出生年份",
        "住址",
        "怎样和老人说话",
        "健康提示",
        "派出所",
        "状态",
        "登记",
        "修改",
    )
    return Section("particulars", "资料", dict(zip(row, titles, strict=True)), [row], upright=True)


def _changes(elder_id: int) -> Section:
    rows = [
        {
            "at": _time(change.at),
            "who": WHO.get(change.actor.partition(":")[0], change.actor.partition(":")[0]),
            "field": CHANGED.get(change.field, change.field),
            "before": SEX.get(before, before) if (before := change.before) and change.field == "sex" else change.before,
        }
        for change in list_changes(elder_id, limit=_MOST)
    ]
    titles = {"at": "时间", "who": "谁", "field": "哪一项", "before": "改之前"}
    return Section("changes", "资料的改动", titles, rows)


def _family(elder_id: int, guardian_id: int) -> Section:
    rows = [
        {"me": guardian.id == guardian_id, "relation": RELATIONS[link.relation], "began_at": _time(link.began_at)}
        for link, guardian in list_guardians(elder_id)
    ]
    return Section("guardians", "监护人", {"me": "是我", "relation": "是老人的", "began_at": "从"}, rows)


def _contacts(elder_id: int, guardian_id: int) -> Section:
    rows = [
        {
            "order": contact.calling_order,
            "phone": _number(contact, guardian_id),
            "added_at": _time(contact.added_at),
            "confirmed_at": _time(contact.confirmed_at),
        }
        for contact in list_contacts(elder_id)
    ]
    titles = {"order": "顺序", "phone": "电话", "added_at": "添加", "confirmed_at": "确认"}
    return Section("contacts", "联系电话", titles, rows)


def _number(contact: Contact, guardian_id: int) -> str:
    """As it is dialled; another guardian's is that one's own."""
    phone = Phone(contact.address)
    return phone.national() if contact.guardian_id in (None, guardian_id) else phone.masked()


def _consents(elder_id: int) -> Section:
    rows = [
        {
            "purpose": consent.purpose.value,
            "text": CONSENT_TEXTS[consent.purpose],
            "given_at": _time(consent.given_at),
            "withdrawn_at": _time(consent.withdrawn_at),
        }
        for consent in list_consents(elder_id)
    ]
    titles = {"text": "同意的内容", "given_at": "同意", "withdrawn_at": "撤回"}
    return Section("consents", "同意事项", titles, rows)


def _voice(elder_id: int) -> Section:
    voice = find_voice(elder_id)
    rows = [{"kept_at": _time(voice.kept_at), "seconds": f"{voice.seconds:.1f}"}] if voice else []
    return Section("voice", "放给老人听的录音", {"kept_at": "录音", "seconds": "秒"}, rows)


def _bands(elder_id: int, guardian_id: int) -> Section:
    rows = [
        {
            "code": band.code.shown,
            "form": FORM_WORDS[band.form],
            "state": BAND[band.state],
            "issued_at": _time(band.issued_at),
            "printed_at": _time(band.printed_at),
            "tested_at": _time(band.tested_at),
            "ended_at": _time(band.ended_at),
            "end": END_WORDS[band.end] if band.end else None,
        }
        for band in list_bands(elder_id, guardian_id=guardian_id)
    ]
    titles = ("编号", "样式", "状态", "制作", "打印", "试扫", "停用", "停用原因")
    names = ("code", "form", "state", "issued_at", "printed_at", "tested_at", "ended_at", "end")
    return Section("bands", "手环", dict(zip(names, titles, strict=True)), rows)


def _scans(elder_id: int, guardian_id: int) -> Section:
    rows = [
        {"opened_at": _time(scan.opened_at), "acted": scan.acted_at is not None}
        for scan in list_scans(elder_id, guardian_id=guardian_id, limit=_MOST)
    ]
    return Section("scans", "扫码", {"opened_at": "时间", "acted": "请人帮忙"}, rows)


def _calls(elder_id: int) -> Section:
    reaches = db.session.scalars(
        sa.select(Reach).where(Reach.elder_id == elder_id).order_by(Reach.id.desc()).limit(_MOST)
    )
    rows = [
        {
            "made_at": _time(reach.made_at),
            "seen_at": _time(reach.seen_at),
            "answered_at": _time(reach.answered_at),
            "answer": ANSWER[reach.answer] if reach.answer else None,
            "drill": reach.drill,
        }
        for reach in reaches
    ]
    titles = {"made_at": "求助", "seen_at": "家人看到", "answered_at": "家人回应", "answer": "回应", "drill": "演练"}
    return Section("calls", "通知家人", titles, rows)


def _incidents_of(elder_id: int) -> Sequence[Incident]:
    return db.session.scalars(sa.select(Incident).where(Incident.elder_id == elder_id).order_by(Incident.id)).all()


def _incidents(elder_id: int) -> Section:
    rows = [
        {
            "number": incident.number,
            "at": _time(step.at),
            "state": INCIDENT[step.state],
            "disposition": DISPOSITION_WORDS[incident.disposition]
            if step.state is IncidentState.CLOSED and incident.disposition
            else None,
        }
        for incident in _incidents_of(elder_id)
        for step in list_moves(incident.id)
    ]
    titles = {"number": "警情编号", "at": "时间", "state": "进展", "disposition": "结果"}
    return Section("incidents", "警情", titles, rows)


def _places(elder_id: int) -> Section:
    """What finders told of the place, where the family has agreed to see it."""
    shown = consented(elder_id, Purpose.WHEREABOUTS)
    told = map(told_place, list_sightings(scans_of(elder_id))) if shown else ()
    rows = [
        {
            "at": _time(place.at),
            "latitude": f"{place.position.latitude:.5f}" if place.position else None,
            "longitude": f"{place.position.longitude:.5f}" if place.position else None,
            "words": place.words,
        }
        for place in told
    ]
    titles = {"at": "时间", "latitude": "纬度", "longitude": "经度", "words": "发现人的话"}
    return Section("places", "发现人留下的位置", titles, rows)


def _boards(elder_id: int) -> Section:
    rows = [
        {"at": _time(post.at), "who": SIDES[post.side], "words": post.said, "photo": post.photo is PhotoState.KEPT}
        for post in list_posts(scans_of(elder_id))
    ]
    titles = {"at": "时间", "who": "谁", "words": "说了什么", "photo": "照片"}
    return Section("boards", "留言板", titles, rows)


def _messages(elder_id: int) -> Section:
    question = sa.select(Message).where(Message.elder_id == elder_id, Message.channel != Channel.PLATFORM)
    messages = db.session.scalars(question.order_by(Message.id.desc()).limit(_MOST))
    rows = [
        {
            "owed_at": _time(message.owed_at),
            "kind": KINDS.get(message.wording, message.wording),
            "state": MESSAGE[message.state],
            "settled_at": _time(message.settled_at),
        }
        for message in messages
    ]
    titles = {"owed_at": "时间", "kind": "种类", "state": "状态", "settled_at": "发出"}
    return Section("messages", "发给家人的短信", titles, rows)


def _looks(elder_id: int) -> Section:
    looks = list_accesses(elder_id, limit=_MOST)
    stations = stations_of_officers({look.actor_id or 0 for look in looks if look.actor_kind == "officer"})
    rows = [
        {
            "at": _time(look.at),
            "who": _who(look, stations),
            "deed": LOOKS.get(look.deed, look.deed.value),
            "fields": "、".join(words for field, words in FIELD_WORDS.items() if field.value in look.fields),
        }
        for look in looks
    ]
    return Section("looks", "谁看过、改过", {"at": "时间", "who": "谁", "deed": "做了什么", "fields": "哪些资料"}, rows)


def _who(look: Access, stations: dict[int, str]) -> str:
    if look.actor_kind == "officer":
        return f"{stations.get(look.actor_id or 0, '')}的民警"
    return WHO.get(look.actor_kind, look.actor_kind)
