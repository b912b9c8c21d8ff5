"""Opening a band: the frozen address, and the typed code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import quote

from flask import Response, abort, current_app, g, render_template, request
from markupsafe import Markup, escape

from wristband import clock
from wristband.errors import BadValue
from wristband.services import scanning
from wristband.services.scanning import Opening, ScanLog
from wristband.values.code import BandCode
from wristband.web import headers
from wristband.web.errors import sentence
from wristband.web.finder import finder
from wristband.web.guards import anyone, finder_tap
from wristband.web.language import chosen, current
from wristband.web.pages import settings

_CHECK_FILE = re.compile(r"[A-Za-z0-9_-]{1,100}\.txt")
_CHECK_FILE_MAX_BYTES = 4096


@finder.get("/")
@anyone
def home() -> str:
    return render_template("finder/home.html", door="finder")


@finder.get("/t/<token>")
@finder.get("/T/<token>")
@anyone
def open_token(token: str) -> Response:
    """The scan page. Every token gets the same one; opening it tells nobody."""
    if _CHECK_FILE.fullmatch(token):
        return _check_file(token)
    return _scan_page(token)


@finder.get("/b")
@finder.get("/B")
@anyone
def ask_code() -> str:
    return render_template("finder/code.html", door="finder", typed="", error=None)


@finder.post("/b")
@finder_tap
def open_code() -> Response | tuple[str, int]:
    """The scan page for a typed code: the same for a known and an unknown one, and no token in sight."""
    typed = request.form.get("code", "")[:40]
    try:
        code = BandCode.parse(typed)
    except BadValue as refusal:
        page = render_template("finder/code.html", door="finder", typed=typed, error=sentence(refusal))
        return page, refusal.status
    return _scan_page(code.text)


def _scan_page(band: str) -> Response:
    band = band[:64]
    page = scanning.open_band(band)
    if request.method != "HEAD":
        log: ScanLog = current_app.extensions["scan_log"]
        log.note(Opening(page.scan, band, current(), clock.now()))
    g.content_security_policy = _style()[1]
    filled = {
        "scan": page.scan,
        "stamp": page.stamp,
        "band": str(escape(page.band)),
        "scanned": quote(page.band, safe="", errors="replace"),
        "code_tail": page.code_tail,
    }
    pieces = _pieces(current(), chosen())
    return Response("".join(filled.get(piece, piece) for piece in pieces), mimetype="text/html")


@cache
def _pieces(_language: str, _chosen: str) -> list[str]:
    """The page in a language, cut where a scan's own words go: rendered once, since it is the same for every band.

    Each cut is the name of what goes there. Rendering asks for both arguments itself; here they tell pages apart.
    """
    own = ("scan", "stamp", "band", "scanned", "code_tail")
    # Private-use characters stand in no text of ours.
    marks = {name: f"\ue000{name}\ue000" for name in own}
    page = render_template("finder/scan.html", door="finder", inline_style=_style()[0], **marks)
    return page.split("\ue000")


@cache
def _style() -> tuple[Markup, str]:
    """The scan page's own style, and the policy that allows exactly it: no other request, no script."""
    css = (Path(str(current_app.static_folder)) / "scan.css").read_text()
    css = re.sub(r"\s*([{};:,>])\s*", r"\1", re.sub(r"/\*.*?\*/", "", css, flags=re.S)).strip()
    policy = headers.closed_policy(style=headers.style_hash(css), script="'none'", connect="'none'")
    return Markup(css), policy  # noqa: S704  our own file


def _check_file(name: str) -> Response:
    """An ownership check of a mini-program platform, from the operator's folder."""
    folder = settings().check_files_dir
    if folder is None:
        abort(404)
    try:
        with (folder / name).open("rb") as file:
            content = file.read(_CHECK_FILE_MAX_BYTES + 1)
    except OSError:
        abort(404)
    if len(content) > _CHECK_FILE_MAX_BYTES:
        abort(404)
    return Response(content, mimetype="text/plain")
