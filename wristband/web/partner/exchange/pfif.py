"""PFIF 1.4 at /pfif: read, write, search, photo, and the feeds of persons and notes, as Google Person Finder's."""

from __future__ import annotations

from flask import Response, g, request

from wristband import clock
from wristband.errors import BadValue, NotAllowed
from wristband.house import house
from wristband.interchange import atom, pfif, pfif_reading, pfif_reply
from wristband.interchange.queries import domain_of_partner
from wristband.interchange.rules import FEED_USUALLY, MAX_RESULTS, SEARCH_USUALLY
from wristband.partners.rules import Scope
from wristband.services import hearing_pfif, sharing
from wristband.web.partner.exchange.door import ATOM, XML, exchange, here, keyed, number, page

LONGEST_BYTES = 4_194_304
_LONGEST_WORDS = 200
_VERSIONS = frozenset({"", "1.4"})


@exchange.get("/pfif/api/read")
@keyed(Scope.PFIF_READ)
def read_record() -> Response:
    """`?key=&id=&version=1.4`: the person with our notes on it; a placeholder once it is over."""
    _check_version()
    person = sharing.read(request.args.get("id", ""), partner=g.partner, now=clock.now())
    return Response(pfif.document([person]), content_type=XML)


@exchange.get("/pfif/api/search")
@keyed(Scope.PFIF_READ)
def search_records() -> Response:
    """`?key=&q=&max_results=`, or `id=` in place of `q=`."""
    _check_version()
    most, now = number("max_results", SEARCH_USUALLY, MAX_RESULTS), clock.now()
    if "id" in request.args:
        persons = [sharing.read(request.args["id"], partner=g.partner, now=now)]
    elif words := request.args.get("q", "")[:_LONGEST_WORDS].strip():
        persons = sharing.search(words, most=most, partner=g.partner, now=now)
    else:
        raise BadValue("pfif.parameter", name="q")
    return Response(pfif.document(persons), content_type=XML)


@exchange.post("/pfif/api/write")
@keyed(Scope.PFIF_WRITE)
def write_records() -> Response:
    """`?key=`, the body PFIF in the partner's own domain. Answers for each kind what was written and what skipped."""
    request.max_content_length = LONGEST_BYTES
    now = clock.now()
    domain = domain_of_partner(g.partner.partner_id)
    if not domain:
        raise NotAllowed("pfif.no_domain")
    reading = pfif_reading.read(request.get_data(cache=False), now=now)
    written = hearing_pfif.hear(reading, domain=domain, actor=g.partner.actor, now=now)
    return Response(pfif_reply.document(written), content_type=XML)


@exchange.get("/pfif/api/photo")
@keyed(Scope.PFIF_READ)
def released_photo() -> Response:
    """`?key=&id=`: the portrait, as long as it is released. `photo_url` leads here; the reader adds the key."""
    jpeg = sharing.picture(request.args.get("id", ""), partner=g.partner, now=clock.now())
    return Response(jpeg, mimetype="image/jpeg")


@exchange.get("/pfif/feeds/person")
@keyed(Scope.PFIF_READ)
def person_feed() -> Response:
    """`min_entry_date`, `max_results`, `skip`, `omit_notes=yes`. Placeholders stay in it: so others learn to erase."""
    _check_version()
    with_notes = request.args.get("omit_notes", "").lower() not in ("yes", "true", "1", "on")
    now = clock.now()
    persons = sharing.persons(page(FEED_USUALLY), with_notes=with_notes, partner=g.partner, now=now)
    updated = max((one.entry_date for one in persons if one.entry_date), default=now)
    head = atom.Head(here(), "走失人员", house().settings.organisation, updated)
    return Response(atom.person_feed(head, persons, with_notes=with_notes), content_type=ATOM)


@exchange.get("/pfif/feeds/note")
@keyed(Scope.PFIF_READ)
def note_feed() -> Response:
    """`min_entry_date`, `max_results`, `skip`, `person_record_id`."""
    _check_version()
    now = clock.now()
    asked = request.args.get("person_record_id", "")
    notes = sharing.notes(page(FEED_USUALLY), asked, partner=g.partner, now=now)
    updated = max((one.entry_date for one in notes if one.entry_date), default=now)
    head = atom.Head(here(), "走失人员的线索", house().settings.organisation, updated)
    return Response(atom.note_feed(head, notes), content_type=ATOM)


def _check_version() -> None:
    if request.args.get("version", "") not in _VERSIONS:
        raise BadValue("pfif.parameter", name="version")
