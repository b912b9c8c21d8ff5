"""An elder's bands: issue, print, end."""

from __future__ import annotations

import io
import secrets

from flask import Response, g, make_response, redirect, render_template, request, send_file, url_for
from markupsafe import Markup

from wristband import clock
from wristband.bands import queries
from wristband.bands.artwork import drawing
from wristband.bands.printing.pdf import BandPrint, band_pdf
from wristband.bands.rules import END_WORDS, WORN_FOR, BandEnd, BandForm
from wristband.elders.queries import get_elder, list_elders
from wristband.errors import BadValue, TooMany
from wristband.services import binding, issuing
from wristband.values.code import BandCode, CheckCode
from wristband.web.errors import refused, sentence
from wristband.web.forms import find_id
from wristband.web.guardian import family
from wristband.web.guards import guardian
from wristband.web.language import current, gettext
from wristband.web.pages import settings

# The symbol on the page, larger than in print: a phone scans it from a screen.
_ON_SCREEN_MM = 60.0


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
    me = g.account.guardian_id
    found = queries.get_band(band_id, guardian_id=me)
    elder = get_elder(found.elder_id or 0, guardian_id=me)
    return render_template(
        "guardian/band.html",
        door="family",
        band=found,
        elder=elder,
        symbol=_symbol(issuing.drawn(band_id, guardian_id=me), _ON_SCREEN_MM),
        key=secrets.token_urlsafe(16),
        old=found.issued_at + WORN_FOR <= clock.now(),
        ends_shown=[(why, gettext(words)) for why, words in END_WORDS.items()],
    )


@family.get("/bands/<int:band_id>/print.pdf")
@guardian
def band_as_pdf(band_id: int) -> Response:
    """The band at true size, to be printed without scaling."""
    printable = issuing.printable(band_id, guardian_id=g.account.guardian_id, now=clock.now())
    sheet = BandPrint(
        design=printable.design,
        face=printable.face,
        code=printable.code,
        check_code=printable.check_code,
        issued=printable.issued_at.date(),
        language="en" if current() == "en" else "zh",
    )
    data = band_pdf([sheet], printable.form, font_path=settings().print_font)
    name = f"band-{printable.code.tail}.pdf"
    return send_file(io.BytesIO(data), mimetype="application/pdf", as_attachment=True, download_name=name)


@family.get("/bands/<int:band_id>/print")
@guardian
def band_as_page(band_id: int) -> str:
    """The same for the browser's own print, where no font for a PDF is installed."""
    printable = issuing.printable(band_id, guardian_id=g.account.guardian_id, now=clock.now())
    return render_template(
        "guardian/band_print.html",
        door="family",
        band=printable,
        band_id=band_id,
        symbol=_symbol(printable, drawing.SIZE_MM),
        host=settings().host,
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
    """A blank band to be given to an elder; the scan page hands its code along."""
    return _bind_page({"code": request.args.get("code", "")[:40]})


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


def _symbol(printable: issuing.PrintableBand, size_mm: float) -> Markup:
    title = gettext("手环二维码")
    svg = drawing.svg(printable.design, printable.face, size_mm=size_mm, paper=drawing.YELLOW, title=title)
    return Markup(svg)  # noqa: S704  drawn by us, no text of anybody's in it
