"""The finder's report after the tap: more words and photographs, "I cannot stay", a mistake, what he thought of it."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage

from wristband import clock
from wristband.elders.photos import MOST_BYTES
from wristband.errors import BadValue, Conflict, Refusal, Unavailable
from wristband.reports import queries
from wristband.reports.rules import Score, Waits
from wristband.scans import queries as scans
from wristband.services import collecting, supplementing, withdrawing
from wristband.web.errors import refused, sentence
from wristband.web.finder import finder
from wristband.web.finder.told import by_the_phone, to_progress
from wristband.web.forms import with_files
from wristband.web.guards import anyone, finder_tap
from wristband.web.language import chosen

_TOLD = (BadValue, Conflict, Unavailable)
# One byte and one character beyond what may be show that it is too much.
_ENOUGH_BYTES = MOST_BYTES + 1
_ENOUGH_CHARACTERS = 20_000
# A script's form has one photograph; a page's without script has what was chosen, and each beyond six is told of.
_MOST_FILES = 60


@finder.get("/s/<scan>/more")
@anyone
def more(scan: str) -> str:
    return _page(scan)


@finder.post("/s/<scan>/words")
@finder_tap
def add_words(scan: str) -> Response:
    now = clock.now()
    try:
        supplementing.add_words(scan, _key(), _words(), claimed=by_the_phone(now), now=now)
    except _TOLD as refusal:
        return _refused(scan, refusal, "words")
    return _to_more(scan, "words")


@finder.post("/s/<scan>/photos")
@with_files
@finder_tap
def add_photos(scan: str) -> Response:
    """Each photograph is a deed of its own: what was taken stays, however the next one fares."""
    pictures = [one for one in request.files.getlist("photo") if one.filename][:_MOST_FILES]
    if not pictures:
        return _refused(scan, BadValue("reports.photo_missing"), "photo")
    kept, last = 0, None
    for nth, picture in enumerate(pictures):
        try:
            _add_photo(scan, picture, nth)
            kept += 1
        except _TOLD as refusal:
            last = refusal
            if refusal.code != "reports.photos_many" and not refusal.code.startswith("photo."):
                break
    if last is None:
        return _to_more(scan, "photos")
    left = len(pictures) - kept
    if kept:
        last = BadValue("reports.photos_some", kept=kept, left=left, why=sentence(last))
    return _refused(scan, last, "photo")


def _add_photo(scan: str, picture: FileStorage, nth: int) -> None:
    key, now = _key(), clock.now()
    # The first keeps the form's own key, as a script sends it: one photograph, one form.
    own = key if nth == 0 else f"{key}-{nth}"
    supplementing.add_photo(scan, own, picture.read(_ENOUGH_BYTES), claimed=by_the_phone(now), now=now)


@finder.post("/s/<scan>/gone")
@finder_tap
def tell_elder_gone(scan: str) -> Response:
    now = clock.now()
    try:
        supplementing.tell_elder_gone(scan, _key(), _words(), claimed=by_the_phone(now), now=now)
    except _TOLD as refusal:
        return _refused(scan, refusal, "gone")
    return to_progress(scan)


@finder.post("/s/<scan>/pickup")
@finder_tap
def ask_pickup(scan: str) -> Response:
    waits = request.form.get("waits", "")
    try:
        if waits not in set(Waits):
            raise BadValue("reports.wait_missing")
        collecting.ask(scan, _key(), words=_words(), waits=Waits(waits), now=clock.now())
    except _TOLD as refusal:
        return _refused(scan, refusal, "pickup")
    return to_progress(scan)


@finder.post("/s/<scan>/pickup/off")
@finder_tap
def call_off_pickup(scan: str) -> Response:
    collecting.call_off(scan, now=clock.now())
    return to_progress(scan)


@finder.post("/s/<scan>/withdraw")
@finder_tap
def withdraw(scan: str) -> Response:
    try:
        withdrawing.withdraw(scan, now=clock.now())
    except Conflict as refusal:
        return _refused(scan, refusal, "withdraw")
    return to_progress(scan)


@finder.post("/s/<scan>/rating")
@finder_tap
def rate(scan: str) -> Response:
    score = request.form.get("score", "")
    try:
        if score not in {str(one.value) for one in Score}:
            raise BadValue("reports.score_missing")
        withdrawing.rate(scan, Score(int(score)), _words(), now=clock.now())
    except (BadValue, Conflict) as refusal:
        return _refused(scan, refusal, "rating")
    return to_progress(scan)


def _key() -> str:
    return request.form.get("key", "")[:100]


def _words() -> str:
    return request.form.get("words", "")[:_ENOUGH_CHARACTERS]


def _page(scan: str, **told: str) -> str:
    found = scans.get_acted_scan(scan)
    can = queries.find_added(found, now=clock.now())
    return render_template("finder/more.html", door="finder", scan=scan, can=can, told=told, waits=list(Waits))


def _refused(scan: str, refusal: Refusal, where: str) -> Response:
    """The page again: the sentence beside its form, and what was written still in it."""
    return refused(_page(scan, where=where, error=sentence(refusal), words=_words()), refusal)


def _to_more(scan: str, at: str) -> Response:
    return make_response(redirect(f"{url_for('finder.more', scan=scan)}{chosen()}#{at}", code=303))
