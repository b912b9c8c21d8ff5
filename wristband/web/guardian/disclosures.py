"""What others may see of an elder: a finder's question, what is open now, and who has looked or changed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, g, make_response, redirect, render_template, request, url_for

from wristband import clock
from wristband.accounts.queries import stations_of_officers
from wristband.audit import accesses
from wristband.audit.accesses import CHANGES, Access
from wristband.audit.deeds import Deed
from wristband.bands.rules import REPRINT_WORDS, Reprint
from wristband.elders.keeping import RECORD_REASON_WORDS, RecordReason
from wristband.elders.queries import find_voice, get_elder
from wristband.errors import BadValue, Conflict, NotAllowed
from wristband.incidents.rules import REASON_WORDS, Reason
from wristband.scans import queries as scans
from wristband.scans.levels import FIELD_WORDS, SHOWN, Field, Level
from wristband.services import approving, verifying
from wristband.values.phone import Phone
from wristband.web.errors import refused, sentence
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.language import gettext

_A_PAGE = 50


@family.get("/asks/<int:grant_id>")
@guardian
def ask(grant_id: int) -> str:
    """A finder's question, to be answered with the two digits he reads out."""
    return _ask_page(grant_id)


@family.post("/asks/<int:grant_id>/approve")
@guardian
def approve(grant_id: int) -> Response:
    level = Level.CONSENTED if request.form.get("level") == "fields" else Level.WITH_ELDER
    ticked = {Field(name) for name in request.form.getlist("fields") if name in set(Field)}
    me = g.account.guardian_id
    try:
        approving.approve(grant_id, request.form.get("number", "")[:4], level, ticked, guardian_id=me, now=clock.now())
    except (BadValue, Conflict, NotAllowed) as refusal:
        return refused(_ask_page(grant_id, error=sentence(refusal), ticked=ticked, level=level), refusal)
    return make_response(redirect(url_for("family.ask", grant_id=grant_id), code=303))


@family.post("/asks/<int:grant_id>/refuse")
@guardian
def refuse(grant_id: int) -> Response:
    """No; or what was given, taken back at once."""
    approving.refuse(grant_id, guardian_id=g.account.guardian_id, now=clock.now())
    return make_response(redirect(url_for("family.ask", grant_id=grant_id), code=303))


@family.post("/bands/<int:band_id>/reopen")
@guardian
def reopen_check(band_id: int) -> Response:
    """The check code again, after too many have guessed at it."""
    verifying.reopen_check(band_id, guardian_id=g.account.guardian_id, now=clock.now())
    return make_response(redirect(url_for("family.band", band_id=band_id), code=303))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log, in words."""

    at: datetime
    who: str
    what: str
    why: str = ""
    purpose: str = ""
    """The consent that was given or withdrawn."""


@family.get("/elders/<int:elder_id>/log")
@guardian
def access_log(elder_id: int) -> str:
    """Who scanned, who looked, who changed, when and what for; the newest first, fifty a page."""
    me = g.account.guardian_id
    elder = get_elder(elder_id, guardian_id=me)
    before = _moment(request.args.get("before", ""))
    looks = accesses.list_accesses(elder_id, before=before, limit=_A_PAGE)
    taps = scans.list_scans(elder_id, guardian_id=me, before=before, acted=True, limit=_A_PAGE)
    lines = _lines(looks) + [Line(scan.opened_at, gettext("扫手环的人"), gettext("请人帮忙")) for scan in taps]
    lines = sorted(lines, key=lambda line: line.at, reverse=True)[:_A_PAGE]
    return render_template(
        "guardian/log.html",
        door="family",
        elder=elder,
        lines=lines,
        older=lines[-1].at.isoformat() if len(lines) == _A_PAGE else "",
        first=before is None,
        # Who only opened the page saw nothing of anybody: counted, not listed, so that no look is buried among them.
        openings=scans.count_openings(elder_id, guardian_id=me),
        live=scans.list_live_grants(elder_id, guardian_id=me, now=clock.now()),
        levels=Level,
    )


def _lines(looks: list[Access]) -> list[Line]:
    stations = stations_of_officers({look.actor_id or 0 for look in looks if look.actor_kind == "officer"})
    phones = scans.phones_of_grants({look.subject_id or 0 for look in looks if look.subject_kind == "grant"})
    return [
        Line(look.at, _who(look, stations, phones), _what(look), _why(look), str(look.facts.get("purpose", "")))
        for look in looks
    ]


def _who(look: Access, stations: dict[int, str], phones: dict[int, Phone]) -> str:
    if look.actor_kind == "officer":
        return gettext("%(station)s的民警", station=stations.get(look.actor_id or 0, ""))
    if look.actor_kind == "guardian":
        return gettext("您") if look.actor_id == g.account.guardian_id else gettext("另一位监护人")
    if look.actor_kind == "platform":
        return gettext("警方平台")
    phone = phones.get(look.subject_id or 0)
    return gettext("扫手环的人（%(phone)s）", phone=phone.masked()) if phone else gettext("扫手环的人")


def _(text: str) -> str:
    return text


_DEEDS = {
    "approval.asked": _("请求看资料"),
    "approval.given": _("同意给扫手环的人看"),
    "approval.mistyped": _("输错了两位数，请求已关上"),
    "grant.ended": _("拒绝或收回"),
    "break_glass.justified": _("复核了紧急查阅：合理"),
    "break_glass.unjustified": _("复核了紧急查阅：不合理"),
    "family.looked_up": _("为绑定手环查了您家登记的老人，看了姓名"),
    "band.printed": _("打印了手环"),
    "band.looked_up": _("用手环编号查了是谁登记的，没有看资料"),
    "platform.told": _("随警情收到了老人的资料"),
}
_PROOFS = {"check_code": _("输对了核对码"), "sms_code": _("核实了手机号"), "approval": _("经家人同意")}


def _what(look: Access) -> str:
    if words := _DEEDS.get(look.deed.value):
        return gettext(words)
    fields = gettext("、").join(gettext(words) for field, words in FIELD_WORDS.items() if field.value in look.fields)
    if words := CHANGES.get(look.deed):
        return gettext("%(change)s：%(fields)s", change=gettext(words), fields=fields) if fields else gettext(words)
    if look.subject_kind == "break_glass":
        return gettext("紧急查阅，看了%(fields)s", fields=fields)
    return gettext("看了%(fields)s", fields=fields) if fields else gettext("看了老人的资料")


def _why(look: Access) -> str:
    reason = str(look.facts.get("reason", ""))
    if reason in set(Reason):
        return gettext(REASON_WORDS[Reason(reason)])
    # A band that ended has reasons of its own, in words of which one is the same.
    if look.deed.value == "band.printed" and reason in set(Reprint):
        return gettext(REPRINT_WORDS[Reprint(reason)])
    if look.deed in (Deed.RECORD_OPENED, Deed.RECORD_SHOWN) and reason in set(RecordReason):
        return gettext(RECORD_REASON_WORDS[RecordReason(reason)])
    if look.subject_kind == "incident":
        return gettext("办理警情")
    proof = str(look.facts.get("proof", ""))
    return gettext(_PROOFS[proof]) if proof in _PROOFS else ""


def _ask_page(grant_id: int, *, error: str = "", ticked: set[Field] | None = None, level: Level | None = None) -> str:
    me = g.account.guardian_id
    grant = scans.get_grant(grant_id, guardian_id=me)
    now = clock.now()
    missing = set() if find_voice(grant.elder_id) else {Field.VOICE}
    offered = [field for field in Field if field in SHOWN[Level.CONSENTED] - missing]
    return render_template(
        "guardian/ask.html",
        door="family",
        grant=grant,
        state="ended" if grant.ends_at <= now else grant.state.value,
        elder=get_elder(grant.elder_id, guardian_id=me),
        offered=[(field, gettext(FIELD_WORDS[field])) for field in offered],
        ticked=ticked or set(),
        by_fields=level is Level.CONSENTED,
        phone=Phone(grant.phone) if grant.phone else None,
        error=error,
    )


def _moment(text: str) -> datetime | None:
    """A moment in an address of ours; anything else begins at the newest."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
