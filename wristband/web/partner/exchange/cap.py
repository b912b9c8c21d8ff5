"""CAP 1.2 at /cap: a feed of broadcasts, and each as a document of its own."""

from __future__ import annotations

from flask import Response, g

from wristband import clock
from wristband.house import house
from wristband.interchange import atom
from wristband.interchange.rules import FEED_USUALLY
from wristband.partners.rules import Scope
from wristband.services import sharing
from wristband.web.partner.exchange.door import ATOM, exchange, here, keyed, page

CAP = "application/cap+xml; charset=utf-8"


@exchange.get("/cap/feed")
@keyed(Scope.CAP_READ)
def broadcast_feed() -> Response:
    """`min_entry_date`, `max_results`, `skip`. Only what still holds leads to a document, and every Cancel."""
    now, base = clock.now(), house().settings.base_url
    listed = sharing.broadcasts(page(FEED_USUALLY), now=now)
    links = [
        atom.Link(
            id=f"{one.sender},{one.identifier}",
            title=f"{one.kind} {one.identifier}",
            author=one.sender,
            updated=one.sent_at,
            address=f"{base}/cap/messages/{one.identifier}",
            media_type="application/cap+xml",
        )
        for one in listed
        if one.is_given
    ]
    updated = max((one.sent_at for one in listed), default=now)
    head = atom.Head(here(), "走失广播", house().settings.organisation, updated)
    return Response(atom.link_feed(head, links), content_type=ATOM)


@exchange.get("/cap/messages/<identifier>")
@keyed(Scope.CAP_READ)
def broadcast_document(identifier: str) -> Response:
    """One message; 404 once there is a newer one of the same incident, or it is over."""
    document = sharing.broadcast(identifier, partner=g.partner, now=clock.now())
    return Response(document, content_type=CAP)
