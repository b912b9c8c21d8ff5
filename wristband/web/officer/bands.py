"""Bands at the counter: the station's prints, and giving a blank to an elder."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from datetime import datetime
from typing import BinaryIO, NotRequired, TypedDict, cast

from flask import Response, g, make_response, redirect, render_template, request, send_file, session, url_for

from wristband import clock
from wristband.accounts.rules import Act
from wristband.bands import queries
from wristband.bands.rules import (
    BINDING_LASTS,
    FORM_WORDS,
    LARGEST_PRINT,
    LOOK_WORDS,
    PRINT_LANGUAGES,
    REPRINT_WORDS,
    BandForm,
    PrintStyle,
    Reprint,
)
from wristband.clock import ZONE
from wristband.elders import opened
from wristband.elders.queries import list_elders
from wristband.errors import BadValue, Conflict, Refusal, TooMany, Unavailable
from wristband.services import binding, printing, scanning
from wristband.values.code import BandCode, CheckCode
from wristband.values.phone import Phone
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guards import officer
from wristband.web.language import gettext
from wristband.web.officer import police, shown
from wristband.web.symbols import sheet_svg

# What is printed holds faces and check codes: it stays off the disk unless it is larger than any usual print.
_IN_MEMORY_BYTES = 32_000_000
# In the cookie, between the proof of a band and the choice of its elder.
_BINDING = "binding"


class _Proved(TypedDict):
    """What the cookie keeps: ids and the band's code, and until when (seconds). A guardian once one was found."""

    band: int
    code: str
    until: float
    guardian: NotRequired[int]


# ---- printing


@police.get("/bands")
@officer(Act.PRINT_BANDS)
def bands() -> str:
    """The bands of the station's elders in one form, those not printed yet first and ticked."""
    wanted = request.args.get("form", "")
    return _bands_page(BandForm(wanted) if wanted in set(BandForm) else None)


@police.post("/bands/print")
@officer(Act.PRINT_BANDS)
def print_bands() -> Response:
    """One file with all that were ticked, or a page for the browser's own print."""
    form_name, ids = request.form.get("form", ""), [find_id(text) for text in request.form.getlist("bands")]
    if form_name not in set(BandForm) or None in ids:
        raise BadValue("page.bad_request")
    form, ticked = BandForm(form_name), [band_id for band_id in ids if band_id is not None]
    style, now = PrintStyle(), clock.now()
    chosen = request.form.get("reason", "")
    reprint = Reprint(chosen) if chosen in set(Reprint) else None
    try:
        style = PrintStyle.of(request.form.get("look", ""), request.form.get("language", ""))
        if request.form.get("kind") == "page":
            return make_response(_print_page(ticked, form, style, reprint, now))
        return _sheets(ticked, form, style, reprint, now)
    except (BadValue, Conflict, TooMany, Unavailable) as refusal:
        page = _bands_page(form, style=style, ticked=set(ticked), reprint=reprint, error=sentence(refusal))
        return refused(page, refusal)


def _sheets(ticked: list[int], form: BandForm, style: PrintStyle, reprint: Reprint | None, now: datetime) -> Response:
    file = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES))  # noqa: SIM115  the answer ends it
    try:
        printing.as_sheets(ticked, form, style, file, reprint=reprint, officer=g.account, now=now)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"bands-{form.value}-{now.astimezone(ZONE):%Y%m%d-%H%M}.pdf"
    return send_file(file, mimetype="application/pdf", as_attachment=True, download_name=name)


def _print_page(ticked: list[int], form: BandForm, style: PrintStyle, reprint: Reprint | None, now: datetime) -> str:
    made = printing.as_pages(ticked, form, style, reprint=reprint, officer=g.account, now=now)
    return render_template(
        "officer/bands_print.html",
        door="police",
        form_name=form.value,
        prints=[(each, sheet_svg(each, form)) for each in made],
    )


def _bands_page(
    form: BandForm | None,
    *,
    style: PrintStyle | None = None,
    ticked: Collection[int] | None = None,
    reprint: Reprint | None = None,
    error: str = "",
) -> str:
    station_id, now = g.account.station_id, clock.now()
    counts = queries.count_station_bands(station_id=station_id)
    if counts and form:
        counts.setdefault(form, (0, 0))
    # Without a choice the form of which most is waiting.
    shown = form or max(BandForm, key=lambda each: counts.get(each, (0, 0))[::-1])
    found = queries.list_station_bands(shown, station_id=station_id, most=LARGEST_PRINT)
    return render_template(
        "officer/bands.html",
        door="police",
        bands=found,
        ticked=ticked if ticked is not None else {band.id for band in found if band.printed_at is None},
        today={band.id for band in found if band.issued_at.astimezone(ZONE).date() == now.astimezone(ZONE).date()},
        form_shown=shown.value,
        form_name=gettext(FORM_WORDS[shown]),
        forms=[(each.value, _counted(each, *counts[each])) for each in BandForm if each in counts],
        all_of_them=counts.get(shown, (0, 0))[0],
        most=LARGEST_PRINT,
        looks=[(look.value, gettext(words)) for look, words in LOOK_WORDS.items()],
        languages=list(PRINT_LANGUAGES.items()),
        style=style or PrintStyle(),
        reasons=[
            ("", gettext("没有重印的，不用选")),
            *((why.value, gettext(said)) for why, said in REPRINT_WORDS.items()),
        ],
        reprint=reprint.value if reprint else "",
        error=error,
    )


def _counted(form: BandForm, count: int, waiting: int) -> str:
    words = gettext(FORM_WORDS[form])
    if waiting:
        return gettext("%(form)s：%(n)s 条待打印", form=words, n=waiting)
    return gettext("%(form)s：%(n)s 条，都已打印", form=words, n=count)


# ---- binding


@police.get("/bind")
@officer(Act.BIND_BANDS)
def bind_page() -> str:
    """A blank band, proved by its check code, and the number that the family says."""
    return _bind_page({"code": scanning.code_of(request.args.get("code", "")[:64])}, {})


@police.post("/bind")
@officer(Act.BIND_BANDS)
def look_up_family() -> Response:
    texts = {name: request.form.get(name, "")[:64] for name in ("code", "check", "phone")}
    code, check, phone, errors = _typed(texts)
    if code is None or check is None or phone is None:
        return make_response(_bind_page(texts, errors), BadValue.status)
    now, field = clock.now(), "check"
    try:
        # Once proved it stays proved for the while: a slip in the number costs no try of the check code.
        proved = _proved(now)
        if proved is None or proved["code"] != code.shown:
            band_id = binding.prove_at_counter(code, check, officer=g.account, now=now)
            proved = _Proved(band=band_id, code=code.shown, until=(now + BINDING_LASTS).timestamp())
            session[_BINDING] = proved
        field = "phone"
        guardian_id = binding.look_up_family(proved["band"], phone, officer=g.account, now=now)
    except (BadValue, TooMany) as refusal:
        return refused(_bind_page(texts, {field: refusal}), refusal)
    session[_BINDING] = {**proved, "guardian": guardian_id}
    return make_response(redirect(url_for("police.choose_elder"), code=303))


@police.get("/bind/elder")
@officer(Act.BIND_BANDS)
def choose_elder() -> str | Response:
    """To whom of the family's elders; back to the beginning when the proof has run out."""
    proved = _proved(clock.now())
    if proved is None or "guardian" not in proved:
        return make_response(redirect(url_for("police.bind_page"), code=303))
    return _choice_page(proved)


@police.post("/bind/elder")
@officer(Act.BIND_BANDS)
def bind_band() -> Response:
    proved, now = _proved(clock.now()), clock.now()
    # The page may be an older one's than the band proved last.
    if proved is None or "guardian" not in proved or request.form.get("code") != proved["code"]:
        return refused(_bind_page({}, {}, error=sentence(stale := Conflict("bands.binding_over"))), stale)
    try:
        elder_id = find_id(request.form.get("elder_id", "")) or 0
        binding.bind_at_counter(proved["band"], elder_id, guardian_id=proved["guardian"], officer=g.account, now=now)
    except BadValue as refusal:
        return refused(_choice_page(proved, error=sentence(refusal)), refusal)
    session.pop(_BINDING)
    return make_response(redirect(url_for("police.bound", code=proved["code"]), code=303))


@police.get("/bind/done")
@officer(Act.BIND_BANDS)
def bound() -> str:
    """What to do with the band now."""
    return render_template("officer/bound.html", door="police", code=request.args.get("code", "")[:11])


def _typed(
    texts: dict[str, str],
) -> tuple[BandCode | None, CheckCode | None, Phone | None, dict[str, Refusal]]:
    """What was typed, read; the refusal of each that cannot be."""
    errors: dict[str, Refusal] = {}
    code, check, phone = None, None, None
    try:
        code = BandCode.parse(texts["code"])
    except BadValue as refusal:
        errors["code"] = refusal
    try:
        check = CheckCode.parse(texts["check"])
    except BadValue as refusal:
        errors["check"] = refusal
    try:
        phone = Phone.parse_mobile(texts["phone"])
    except BadValue as refusal:
        errors["phone"] = refusal
    return code, check, phone, errors


def _proved(now: datetime) -> _Proved | None:
    """The band that this officer has proved a moment ago."""
    kept: _Proved | None = session.get(_BINDING)
    return kept if kept and kept["until"] > now.timestamp() else None


def _bind_page(texts: dict[str, str], errors: dict[str, Refusal], *, error: str = "") -> str:
    told = {name: sentence(refusal) for name, refusal in errors.items()}
    return render_template("officer/bind.html", door="police", values=texts, errors=told, error=error)


def _choice_page(proved: _Proved, *, error: str = "") -> str:
    elders = list_elders(guardian_id=proved["guardian"])
    return render_template(
        "officer/bind_elder.html",
        door="police",
        code=proved["code"],
        elders=[(elder.id, shown.readable(opened.text(elder, "name"))) for elder in elders],
        error=error,
    )
