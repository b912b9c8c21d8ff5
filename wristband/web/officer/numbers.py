"""The numbers: how many, how fast, how often nobody answered; as a page and as a table to take along."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

from flask import Response, g, make_response, render_template, request

from wristband import clock
from wristband.accounts.rules import Act, counts_all, sees_district
from wristband.errors import BadValue
from wristband.incidents.rules import DISPOSITION_WORDS
from wristband.numbers import chart, queries
from wristband.numbers.queries import Numbers, Scope
from wristband.numbers.rules import AGAIN_WITHIN, UNANSWERED_AFTER, Period, Share, Spread, busiest
from wristband.web.errors import refused, sentence
from wristband.web.guards import officer
from wristband.web.language import gettext as _
from wristband.web.officer import police

_SHORTCUTS = (7, 30, 90, 180)
_EXCEL_READS_UTF8 = "\ufeff"


@police.get("/numbers")
@officer(Act.SEE_NUMBERS)
def numbers() -> Response:
    now = clock.now()
    today = now.astimezone(clock.ZONE).date()
    first, last = _typed()
    try:
        period = Period.of(first, last, today=today)
    except BadValue as refusal:
        usual = Period.of("", "", today=today)
        return refused(_page(usual, error=sentence(refusal), first=first, last=last), refusal)
    return make_response(_page(period))


@police.get("/numbers.csv")
@officer(Act.SEE_NUMBERS)
def numbers_table() -> Response:
    """The same as a table; a period that is none is told on the page."""
    now = clock.now()
    period = Period.of(*_typed(), today=now.astimezone(clock.ZONE).date())
    table = io.StringIO()
    csv.writer(table, quoting=csv.QUOTE_ALL).writerows(_rows(period, queries.count(period, _scope(), now=now)))
    response = make_response(_EXCEL_READS_UTF8 + table.getvalue())
    response.mimetype = "text/csv"
    response.headers["Content-Disposition"] = f"attachment; filename=numbers-{period.first}-{period.last}.csv"
    return response


def _typed() -> tuple[str, str]:
    return request.args.get("first", "")[:20], request.args.get("last", "")[:20]


def _scope() -> Scope:
    if counts_all(g.account.role):
        return Scope()
    return Scope(g.account.station_id, district=sees_district(g.account.role))


def _page(period: Period, *, error: str = "", first: str = "", last: str = "") -> str:
    now, scope = clock.now(), _scope()
    counted = queries.count(period, scope, now=now)
    peaks = busiest(counted.hours)
    today = now.astimezone(clock.ZONE).date()
    return render_template(
        "officer/numbers.html",
        door="police",
        numbers=counted,
        period=period,
        scope=scope,
        peaks=peaks,
        chart=chart.draw(counted.hours, peaks),
        dispositions=[(DISPOSITION_WORDS[one], number) for one, number in counted.dispositions.items()],
        shortcuts=[(days, (today - timedelta(days=days - 1)).isoformat()) for days in _SHORTCUTS],
        answered_within=_minutes(),
        again_within=AGAIN_WITHIN.days,
        error=error,
        first=first or period.first.isoformat(),
        last=last or period.last.isoformat(),
        today=today.isoformat(),
    )


def _rows(period: Period, counted: Numbers) -> Iterator[tuple[str, str | int]]:
    """What is counted and how many, a line each: durations in whole seconds, nothing at all left empty."""
    yield _("从"), period.first.isoformat()
    yield _("到"), period.last.isoformat()
    yield _("新登记的老人"), counted.registered
    yield _("现在已核实的老人"), counted.confirmed
    yield _("现在待核实的老人"), counted.provisional
    yield _("新做的手环"), counted.bands.issued
    yield _("现在使用中的手环"), counted.bands.active
    yield _("现在停用的手环"), counted.bands.ended
    yield _("使用中、从没试扫过的手环"), counted.bands.never_tested.part
    yield _("扫码"), counted.opened
    yield _("扫码后有求助或报警"), counted.acted
    yield _("通知家人"), counted.calls
    yield from _share_rows(_("%(n)s 分钟内没有人回应", n=_minutes()), counted.unanswered)
    yield _("报警"), counted.reports
    yield _("其中拨 110 录入的"), counted.by_telephone
    yield _("警情"), counted.incidents
    yield from _share_rows(_("%(n)s 天内再次走失", n=AGAIN_WITHIN.days), counted.repeats)
    for disposition, number in counted.dispositions.items():
        yield _(DISPOSITION_WORDS[disposition]), number
    yield from _spread_rows(_("扫码到家人看到"), counted.to_seen)
    yield from _spread_rows(_("扫码到受理"), counted.to_accepted)
    yield from _spread_rows(_("扫码到交接"), counted.to_hand_over)
    for hour, number in enumerate(counted.hours):
        yield _("%(hour)s 点的报警", hour=hour), number


def _minutes() -> int:
    return int(UNANSWERED_AFTER.total_seconds() // 60)


def _share_rows(words: str, share: Share) -> Iterator[tuple[str, str | int]]:
    yield words, share.part
    yield _("%(words)s（一共）", words=words), share.whole


def _spread_rows(words: str, told: Spread | None) -> Iterator[tuple[str, str | int]]:
    yield _("%(words)s（起数）", words=words), told.count if told else 0
    yield _("%(words)s（中位数，秒）", words=words), round(told.median_s) if told else ""
    yield _("%(words)s（九成以内，秒）", words=words), round(told.p90_s) if told else ""
