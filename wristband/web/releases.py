"""What the officers' and the guardians' pages of a release have in common: the form, and what is to be seen of it."""

from __future__ import annotations

from datetime import datetime

from werkzeug.datastructures import MultiDict

from wristband.errors import BadValue
from wristband.house import house
from wristband.incidents.queries import IncidentFacts
from wristband.interchange import published, queries, rules
from wristband.interchange.queries import Found
from wristband.interchange.rules import LASTS_DAYS, LASTS_USUALLY_DAYS, SHOWN_WORDS, Audience, Shown
from wristband.services.releasing import Wanted
from wristband.web.language import gettext


def _(text: str) -> str:
    return text


# What a tick shows to others, said before it is ticked.
_HINTS = {
    Shown.NAME: _("真名。不勾，别人看到「姓名未公开」。"),
    Shown.AGE: _("只说一段，例如 80-84 岁，不说生日。"),
    Shown.SEX: _("男或女。"),
    Shown.CLOTHES: _("只有下面写的这几个字。"),
    Shown.PHOTO: _("登记的照片。持有密钥的合作单位能下载。"),
    Shown.PLACES: _("有人见到老人的地方和时间。"),
}
_LONGEST_TYPED = 2000


def wanted(form: MultiDict[str, str]) -> Wanted:
    """The ticks of a form. Raises BadValue for what the form does not offer."""
    ticked, days = form.getlist("fields"), form.get("days", "")
    audience = form.get("audience", Audience.RESTRICTED.value)
    if not set(ticked) <= {one.value for one in Shown} or audience not in set(Audience) or not days.isdecimal():
        raise BadValue("page.bad_request")
    return Wanted(
        shown=frozenset(map(Shown, ticked)),
        clothes=form.get("clothes", "")[:_LONGEST_TYPED],
        audience=Audience(audience),
        days=int(days[:4]),
    )


def facts(incident: IncidentFacts, *, now: datetime) -> dict[str, object]:
    """What a page tells of an incident's release: what is shown now, to whom it was given, what was broadcast."""
    every = queries.list_of_incident(incident.id)
    held = queries.find_holding(incident, now=now)
    seen = published.person(Found(held, incident), house().site, now=now) if held else None
    return {
        "release": held,
        "person": seen,
        "no_name": published.NO_NAME,
        "shown": rules.read_shown(held.shown) if held else frozenset(),
        "shown_words": {one: gettext(said) for one, said in SHOWN_WORDS.items()},
        "audience_words": {one: gettext(said) for one, said in rules.AUDIENCE_WORDS.items()},
        "past": [
            (one, end[0], gettext(rules.ENDING_WORDS[end[1]]))
            for one in every
            if (end := queries.over(one, incident, now)) is not None
        ],
        "readers": queries.list_readers([one.id for one in every]),
        "broadcasts": queries.list_broadcasts_of(incident.id),
        "has_pfif": bool(house().settings.record_domain),
    }


def choices(typed: MultiDict[str, str] | None, held: queries.ReleaseFacts | None) -> dict[str, object]:
    """The form as it was typed, or as the release stands, or with nothing ticked."""
    if typed is not None:
        ticked, clothes = set(typed.getlist("fields")), typed.get("clothes", "")
        days, audience = typed.get("days", ""), typed.get("audience", "")
    elif held is not None:
        ticked, clothes = {one.value for one in rules.read_shown(held.shown)}, held.clothes or ""
        days, audience = str(LASTS_USUALLY_DAYS), held.audience.value
    else:
        ticked, clothes, days, audience = set(), "", str(LASTS_USUALLY_DAYS), Audience.RESTRICTED.value
    return {
        "ticks": [(one.value, gettext(SHOWN_WORDS[one]), gettext(_HINTS[one]), one.value in ticked) for one in Shown],
        "clothes": clothes,
        "clothes_max": rules.CLOTHES_MAX,
        "days": days,
        "days_shown": [(str(number), gettext(_("%(n)s 天"), n=number)) for number in LASTS_DAYS],
        "audience": audience,
    }
