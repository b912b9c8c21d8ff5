"""Everything kept about an elder, as sections of an export. Other people's numbers and words stay theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from wristband.accounts.queries import stations_of_officers
from wristband.audit.accesses import CHANGES, Access, list_accesses
from wristband.audit.deeds import Deed
from wristband.bands.queries import list_bands
from wristband.bands.rules import END_WORDS, FORM_WORDS, BandState
from wristband.board.queries import list_posts
from wristband.board.rules import PhotoState, Side
from wristband.clock import ZONE
from wristband.db import db
from wristband.elders.erasing import scans_of
from wristband.elders.export import Section, Value
from wristband.elders.models import Contact, Elder
from wristband.elders.queries import consented, find_voice, list_consents, list_contacts, list_guardians
from wristband.elders.quiet_record import quiet_section
from wristband.elders.rules import CONSENT_TEXTS, RELATIONS, ElderState, Purpose, Sex
from wristband.incidents.models import Incident
from wristband.incidents.queries import list_moves, list_sightings, told_place
from wristband.incidents.rules import DISPOSITION_WORDS, IncidentState
from wristband.outbox.models import Message
from wristband.outbox.rules import Channel, MessageState
from wristband.scans.levels import FIELD_WORDS
from wristband.scans.models import Reach
from wristband.scans.queries import list_scans
from wristband.scans.rules import Answer
from wristband.stations.queries import find_station
from wristband.values.phone import Phone

_MOST = 10_000
"""Rows of one kind: more is no elder's life."""
_SEX = {Sex.FEMALE: "女", Sex.MALE: "男"}
_ELDER = {
    ElderState.PROVISIONAL: "已受保护，待民警核实",
    ElderState.CONFIRMED: "民警已核实",
    ElderState.ERASED: "已删除",
}
_BAND = {BandState.BLANK: "空白", BandState.ACTIVE: "使用中", BandState.ENDED: "已停用"}
_INCIDENT = {
    IncidentState.REPORTED: "已报警",
    IncidentState.ACCEPTED: "已受理",
    IncidentState.DISPATCHED: "民警已出发",
    IncidentState.ON_SCENE: "民警已到场",
    IncidentState.HANDED_OVER: "民警已接到老人",
    IncidentState.CLOSED: "已办结",
}
_ANSWER = {
    Answer.ON_IT: "看到了，正在处理",
    Answer.COMING: "正在赶来",
    Answer.CALLING_POLICE: "已联系警方",
    Answer.AT_HOME: "老人在家",
}
_MESSAGE = {
    MessageState.PENDING: "等待发送",
    MessageState.LEASED: "正在发送",
    MessageState.DELIVERED: "已交给短信通道",
    MessageState.STOPPED: "没有发出",
}
_SIDES = {Side.FINDER: "发现人", Side.FAMILY: "家人", Side.POLICE: "民警"}
_KINDS = {
    "band_scanned": "有人求助",
    "board_posted": "发现人留言",
    "number_left": "发现人留了电话",
    "incident_reported": "已报警",
    "finder_news": "发现人的新情况",
    "incident_accepted": "警情已受理",
    "incident_closed": "警情已办结",
    "card_opened": "有人看了急救卡",
    "check_guessed": "有人猜核对码",
    "finder_known": "有人核实了手机号",
    "approval_asked": "有人请求看资料",
    "approval_given": "已同意给人看资料",
    "drill": "演练",
    "call_drill": "演练时打的电话",
    "contact_code": "确认联系电话的验证码",
    "number_due": "提醒重新确认电话",
    "number_stale": "提醒重新确认电话",
    "officer_looked": "民警查看资料",
    "officer_revealed": "民警查看住址和电话",
    "officer_broke_glass": "民警紧急查看",
    "band_bound": "绑定了新手环",
    "band_printed": "打印了手环",
    "family_looked_up": "为绑定手环查了您家",
    "guardian_invited": "邀请监护人",
    "guardian_joined": "监护人加入",
    "guardian_left": "监护人退出",
    "elder_exported": "下载了资料",
    "family_changed": "监护人改动",
    "erasure_asked": "要求删除资料",
    "erasure_yours": "您要求删除资料",
    "erasure_undone": "撤回删除",
    "erasure_objected": "不同意删除",
}
_LOOKS = CHANGES | {
    Deed.GRANT_SHOWN: "看了资料",
    Deed.APPROVAL_ASKED: "请求看资料",
    Deed.APPROVAL_GIVEN: "同意给扫手环的人看",
    Deed.APPROVAL_MISTYPED: "输错了两位数",
    Deed.GRANT_ENDED: "拒绝或收回",
    Deed.INCIDENT_LOOKED_AT: "办理警情时查看",
    Deed.INCIDENT_REVEALED: "查看住址和电话",
    Deed.BREAK_GLASS_LOOKED: "紧急查看",
    Deed.BREAK_GLASS_JUSTIFIED: "复核：有必要",
    Deed.BREAK_GLASS_UNJUSTIFIED: "复核：没有必要",
    Deed.FAMILY_LOOKED_UP: "绑定手环时看了姓名",
    Deed.BAND_PRINTED: "打印手环",
    Deed.PLATFORM_TOLD: "随警情发给警方平台",
}
_WHO = {"finder": "扫手环的人", "guardian": "监护人", "platform": "警方平台"}


def collect(elder_id: int, *, guardian_id: int) -> list[Section]:
    """Every section, for this guardian, in the caller's transaction. A guardian asks after get_elder."""
    elder = db.session.get_one(Elder, elder_id)
    return [
        _particulars(elder),
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
        "sex": _SEX[elder.sex] if elder.sex else None,
        "birth_year": elder.birth_year,
        "address": elder.address,
        "approach": elder.approach,
        "health": elder.health,
        "station": station.name if station else None,
        "state": _ELDER[elder.state],
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
            "state": _BAND[band.state],
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
            "answer": _ANSWER[reach.answer] if reach.answer else None,
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
            "state": _INCIDENT[step.state],
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
        {"at": _time(post.at), "who": _SIDES[post.side], "words": post.said, "photo": post.photo is PhotoState.KEPT}
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
            "kind": _KINDS.get(message.wording, message.wording),
            "state": _MESSAGE[message.state],
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
            "deed": _LOOKS.get(look.deed, look.deed.value),
            "fields": "、".join(words for field, words in FIELD_WORDS.items() if field.value in look.fields),
        }
        for look in looks
    ]
    return Section("looks", "谁看过、改过", {"at": "时间", "who": "谁", "deed": "做了什么", "fields": "哪些资料"}, rows)


def _who(look: Access, stations: dict[int, str]) -> str:
    if look.actor_kind == "officer":
        return f"{stations.get(look.actor_id or 0, '')}的民警"
    return _WHO.get(look.actor_kind, look.actor_kind)
