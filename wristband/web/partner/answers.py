"""What each operation does: ask a service or a query once, and tell it in the interface's own models."""

from __future__ import annotations

from datetime import datetime

from wristband.partners import proposals, queries
from wristband.partners.proposals import ProposalFacts
from wristband.partners.queries import Followed, WebhookFacts
from wristband.partners.rules import Event, proposal_state
from wristband.services import hooking, proposing, relaying
from wristband.services.relaying import Relayed
from wristband.stations.queries import StationFacts, nearest
from wristband.values.phone import Phone
from wristband.values.position import Position
from wristband.web.language import current
from wristband.web.partner import bodies
from wristband.web.partner.contract import Call, Reply

_LOOKED_AT = 200
"""Of the nearest stations: where a partner's area holds none of them, it is far off."""


def show_key(call: Call) -> Reply:
    me = call.partner
    key = next(key for key in queries.list_keys(me.partner_id) if key.id == me.key_id)
    told = bodies.KeyTold(
        partner=me.name,
        scopes=sorted(me.scopes),
        station=str(me.station_id) if me.station_id is not None else None,
        district=me.district,
        expires_at=key.expires_at,
    )
    return Reply(told)


# ---- stations


def list_stations(call: Call) -> Reply:
    query: bodies.StationPage = call.query
    after = int(query.cursor) if query.cursor else None
    district = "" if "\0" in query.district else query.district
    found = list(
        queries.list_stations(partner=call.partner, district=district, after=after, most=query.limit + 1)
        if district == query.district
        else ()
    )
    items = [_station(one) for one in found[: query.limit]]
    return Reply(bodies.Stations(items=items, next=items[-1].id if len(found) > query.limit else None))


def list_near(call: Call) -> Reply:
    query: bodies.Near = call.query
    near = nearest(Position(query.latitude, query.longitude), _LOOKED_AT)
    mine = [one for one in near if queries.is_in_area(one.station, call.partner)][: query.limit]
    return Reply(bodies.Stations(items=[_station(one.station, one.metres) for one in mine]))


def show_station(call: Call) -> Reply:
    return Reply(_station(queries.get_station(call.id(), partner=call.partner)))


def _station(station: StationFacts, metres: float | None = None) -> bodies.StationTold:
    return bodies.StationTold(
        id=str(station.id),
        name=station.name,
        address=station.address,
        phone=station.phone,
        district=station.district,
        latitude=station.latitude,
        longitude=station.longitude,
        distance_m=None if metres is None else round(metres),
    )


# ---- incidents


def report(call: Call) -> Reply:
    given: bodies.ReportGiven = call.body
    place = given.place
    relayed = Relayed(
        given.words,
        code=given.band or "",
        position=Position(place.latitude, place.longitude) if place else None,
        accuracy_m=place.accuracy_m if place else None,
        place=given.place_words or "",
        reference=given.reference or "",
    )
    answer = relaying.report(call.once(), relayed, partner=call.partner, now=call.now)
    told = bodies.Reported.model_validate(answer.facts)
    return Reply(told, location=f"/incidents/{told.number}", again=answer.again)


def list_incidents(call: Call) -> Reply:
    query: bodies.Page = call.query
    after = int(query.cursor) if query.cursor else None
    found = queries.list_followed(partner=call.partner, after=after, most=query.limit + 1, now=call.now)
    items = found[: query.limit]
    more = str(items[-1].incident.id) if len(found) > query.limit else None
    return Reply(bodies.Incidents(items=[_incident(one) for one in items], next=more))


def show_incident(call: Call) -> Reply:
    return Reply(_incident(queries.get_followed(call.path["number"], partner=call.partner, now=call.now)))


def _incident(followed: Followed) -> bodies.IncidentTold:
    incident, station = followed.incident, followed.station
    return bodies.IncidentTold(
        number=incident.number,
        state=incident.state,
        opened_at=incident.opened_at,
        accepted_at=incident.accepted_at,
        closed_at=incident.closed_at,
        disposition=incident.disposition,
        station=bodies.StationNamed(id=str(station.id), name=station.name, phone=station.phone) if station else None,
        reported_by_you=followed.report is not None,
        released_to_you=followed.is_released,
        reference=followed.report.reference if followed.report else None,
    )


# ---- bands and elders


def check_band(call: Call) -> Reply:
    given: bodies.BandGiven = call.body
    well, ours, live = relaying.check_band(given.code, partner=call.partner, now=call.now)
    return Reply(bodies.BandChecked(well_written=well, ours=ours, live=live))


def propose(call: Call) -> Reply:
    given: bodies.ProposalGiven = call.body
    elder, guardian = given.elder, given.guardian
    texts = {
        "guardian_name": guardian.name,
        "relation": guardian.relation,
        "name": elder.name,
        "called": elder.called,
        "sex": elder.sex.value if elder.sex else None,
        "birth_year": str(elder.birth_year) if elder.birth_year else None,
        "address": elder.address,
        "approach": elder.approach,
    }
    answer = proposing.propose(
        call.once(),
        Phone(guardian.phone),
        {name: text for name, text in texts.items() if text},
        language=current(),
        partner=call.partner,
        now=call.now,
    )
    proposal = proposals.get_proposal(int(answer.facts["id"]), partner_id=call.partner.partner_id)
    return Reply(_proposal(proposal, call.now), location=f"/elders/{proposal.id}", again=answer.again)


def show_proposal(call: Call) -> Reply:
    return Reply(_proposal(proposals.get_proposal(call.id(), partner_id=call.partner.partner_id), call.now))


def _proposal(proposal: ProposalFacts, now: datetime) -> bodies.ProposalTold:
    state = proposal_state(
        confirmed_at=proposal.confirmed_at, declined_at=proposal.declined_at, expires_at=proposal.expires_at, now=now
    )
    return bodies.ProposalTold(
        id=str(proposal.id), state=state, made_at=proposal.made_at, expires_at=proposal.expires_at
    )


# ---- webhooks


def list_webhooks(call: Call) -> Reply:
    found = queries.list_webhooks(call.partner.partner_id)
    return Reply(bodies.Webhooks(items=[_webhook(one, call.now) for one in found]))


def make_webhook(call: Call) -> Reply:
    given: bodies.WebhookGiven = call.body
    me = call.partner
    answer = hooking.make(call.once(), given.url, given.chosen, partner_id=me.partner_id, by=me.actor, now=call.now)
    told = bodies.SecretTold.model_validate(answer.facts)
    return Reply(told, location=f"/webhooks/{told.id}", again=answer.again)


def show_webhook(call: Call) -> Reply:
    webhook = queries.get_webhook(call.id(), partner_id=call.partner.partner_id)
    return Reply(_webhook(webhook, call.now), version=webhook.version)


def change_webhook(call: Call) -> Reply:
    given: bodies.WebhookChanged = call.body
    webhook = hooking.change(
        call.id(),
        given.url,
        given.chosen,
        enabled=given.enabled,
        version=call.version,
        partner_id=call.partner.partner_id,
        by=call.partner.actor,
        now=call.now,
    )
    return Reply(_webhook(webhook, call.now), version=webhook.version)


def end_webhook(call: Call) -> Reply:
    me = call.partner
    hooking.end(call.id(), version=call.version, partner_id=me.partner_id, by=me.actor, now=call.now)
    return Reply()


def rotate_secret(call: Call) -> Reply:
    me = call.partner
    webhook, secret = hooking.rotate_secret(call.id(), partner_id=me.partner_id, by=me.actor, now=call.now)
    return Reply(bodies.SecretTold(id=str(webhook.id), secret=secret), version=webhook.version)


def test_webhook(call: Call) -> Reply:
    return Reply(bodies.TestOwed(event=hooking.owe_test(call.id(), partner_id=call.partner.partner_id, now=call.now)))


def _webhook(webhook: WebhookFacts, now: datetime) -> bodies.WebhookTold:
    until = webhook.old_secret_until
    return bodies.WebhookTold(
        id=str(webhook.id),
        url=webhook.url,
        events=[Event(word) for word in webhook.events.split()],
        enabled=webhook.disabled_at is None,
        disabled_for=webhook.disabled_for,
        made_at=webhook.made_at,
        two_secrets_until=until if until and now < until else None,
    )
