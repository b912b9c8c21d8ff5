"""An elder's bands: issue, print, end."""

from __future__ import annotations

import io
import secrets

from flask import Response, g, make_response, redirect, render_template, request, send_file, url_for

from wristband import clock
from wristband.bands import queries
from wristband.bands.rules import (
    END_WORDS,
    LOOK_USES,
    LOOK_WORDS,
    PRINT_LANGUAGES,
    RESOLUTIONS,
    WORN_FOR,
    BandEnd,
    BandForm,
    PrintKind,
    PrintStyle,
    is_tried,
)
from wristband.elders.queries import get_elder, list_elders
from wristband.errors import BadValue, NotFound, TooMany, Unavailable
from wristband.services import binding, issuing, printing, scanning
from wristband.values.code import BandCode, CheckCode
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.language import gettext
from wristband.web.symbols import sheet_svg, symbol_svg

# The symbol on the page, larger than in print: a phone scans it from a screen.
_ON_SCREEN_MM = 60.0

_TYPES = {
    PrintKind.PDF: "application/pdf",
    PrintKind.PNG: "image/png",
    PrintKind.SVG: "image/svg+xml",
    PrintKind.ZPL: "application/octet-stream",
    PrintKind.NDEF: "application/octet-stream",
}
# What the browser's own print can do all the same: the page says so and leads there.
_PAGE_INSTEAD = {"print.no_font", "print.no_glyph"}


@family.post("/elders/<int:elder_id>/bands")
@guardian
def issue_band(elder_id: int) -> Response:
    form, key = request.form.get("form", ""), request.form.get("key", "")
    if form not in set(BandForm) or not 16 <= len(key) <= 64:
        raise BadValue("page.bad_request")
    band_id = issuing.issue(key, elder_id, BandForm(form), guardian_id=g.account.guardian_id, now=clock.now())
    return make_response(redirect(url_for("family.band", band_id=band_id), code=303))


@family.get("/bands/<int:band_id>")
@guardian
def band(band_id: int) -> str:
    """One band; while it is tried, static/live.js asks again and again for the part that says whether it opened."""
    if request.headers.get("X-Part") == "trial":
        found = queries.get_band(band_id, guardian_id=g.account.guardian_id)
        return render_template(
            "guardian/trial_part.html", door="family", band=found, trying=is_tried(found.trial_at, now=clock.now())
        )
    return _band_page(band_id)


@family.get("/bands/<int:band_id>/print.<kind>")
@guardian
def band_as_file(band_id: int, kind: str) -> Response:
    """The band at true size, to be printed without scaling; for a tag writer, its address."""
    if kind not in set(PrintKind):
        raise NotFound("page.unknown")
    style = PrintStyle.of(request.args.get("look", ""), request.args.get("language", ""))
    dpi = request.args.get("dpi", "")
    try:
        made = printing.as_file(
            band_id, PrintKind(kind), style, dpi, guardian_id=g.account.guardian_id, now=clock.now()
        )
    except (BadValue, Unavailable) as refusal:
        if refusal.code not in _PAGE_INSTEAD:
            raise
        return refused(_band_page(band_id, style=style, error=sentence(refusal)), refusal)
    return send_file(
        io.BytesIO(made.data), mimetype=_TYPES[PrintKind(kind)], as_attachment=True, download_name=made.name
    )


@family.get("/bands/<int:band_id>/print")
@guardian
def band_as_page(band_id: int) -> str:
    """The same for the browser's own print, where no font for a PDF is installed."""
    style = PrintStyle.of(request.args.get("look", ""), request.args.get("language", ""))
    made, form = printing.as_page(band_id, style, guardian_id=g.account.guardian_id, now=clock.now())
    return render_template(
        "guardian/band_print.html",
        door="family",
        band_id=band_id,
        made=made,
        form_name=form.value,
        drawn=sheet_svg(made, form),
        chosen_style=style,
    )


@family.post("/bands/<int:band_id>/replace")
@guardian
def replace_band(band_id: int) -> Response:
    """A new band of the same form; the old one ends in the same moment."""
    why, key = request.form.get("replace_why", ""), request.form.get("key", "")
    if why not in set(BandEnd) or not 16 <= len(key) <= 64:
        raise BadValue("page.bad_request")
    me = g.account.guardian_id
    old = queries.get_band(band_id, guardian_id=me)
    new_id = issuing.issue(
        key,
        old.elder_id or 0,
        old.form,
        guardian_id=me,
        instead_of=issuing.Replaced(band_id, BandEnd(why)),
        now=clock.now(),
    )
    return make_response(redirect(url_for("family.band", band_id=new_id), code=303))


@family.get("/bind")
@guardian
def bind_page() -> str:
    """A blank band to be given to an elder; the scan page hands along what was scanned."""
    return _bind_page({"code": scanning.code_of(request.args.get("code", "")[:64])})


@family.post("/bind")
@guardian
def bind_band() -> Response | tuple[str, int]:
    texts = {name: request.form.get(name, "")[:40] for name in ("code", "check", "elder_id")}
    errors: dict[str, str] = {}
    try:
        code = BandCode.parse(texts["code"])
    except BadValue as refusal:
        errors["code"] = sentence(refusal)
    try:
        check = CheckCode.parse(texts["check"])
    except BadValue as refusal:
        errors["check"] = sentence(refusal)
    if errors:
        return _bind_page(texts, errors), 422
    try:
        elder_id = find_id(texts["elder_id"]) or 0
        band_id = binding.bind(code, check, elder_id, guardian_id=g.account.guardian_id, now=clock.now())
    except (BadValue, TooMany) as refusal:
        return refused(_bind_page(texts, {"check": sentence(refusal)}), refusal)
    return make_response(redirect(url_for("family.band", band_id=band_id), code=303))


def _bind_page(texts: dict[str, str], errors: dict[str, str] | None = None) -> str:
    elders = list_elders(guardian_id=g.account.guardian_id)
    return render_template(
        "guardian/bind.html",
        door="family",
        values=texts,
        errors=errors or {},
        elders=[(elder.id, elder.name) for elder in elders],
    )


@family.post("/bands/<int:band_id>/end")
@guardian
def end_band(band_id: int) -> Response:
    why = request.form.get("why", "")
    if why not in set(BandEnd):
        raise BadValue("page.bad_request")
    me = g.account.guardian_id
    elder_id = queries.get_band(band_id, guardian_id=me).elder_id
    issuing.end(band_id, BandEnd(why), guardian_id=me, now=clock.now())
    return make_response(redirect(url_for("family.elder", elder_id=elder_id), code=303))


def _band_page(band_id: int, *, style: PrintStyle | None = None, error: str = "") -> str:
    me = g.account.guardian_id
    found = queries.get_band(band_id, guardian_id=me)
    style = style or PrintStyle()
    return render_template(
        "guardian/band.html",
        door="family",
        band=found,
        elder=get_elder(found.elder_id or 0, guardian_id=me),
        symbol=symbol_svg(printing.drawn(band_id, guardian_id=me), _ON_SCREEN_MM),
        nfc_hex=_nfc_hex(band_id),
        key=secrets.token_urlsafe(16),
        old=found.issued_at + WORN_FOR <= clock.now(),
        ends_shown=[(why, gettext(words)) for why, words in END_WORDS.items()],
        looks=[(look, gettext(words), gettext(LOOK_USES[look])) for look, words in LOOK_WORDS.items()],
        languages=list(PRINT_LANGUAGES.items()),
        zpl_resolutions=RESOLUTIONS[PrintKind.ZPL],
        style=style,
        error=error,
        trying=is_tried(found.trial_at, now=clock.now()),
    )


def _nfc_hex(band_id: int) -> str:
    """Nothing where the address is longer than a usual tag: the file is still there for a larger one."""
    try:
        return printing.nfc_hex(band_id, guardian_id=g.account.guardian_id)
    except BadValue:
        return ""
