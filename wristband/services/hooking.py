"""Keeping webhooks: a partner's own, by the API, and any partner's, by an administrator."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, new_id, transaction
from wristband.errors import Conflict
from wristband.house import house
from wristband.partners import idempotency, keys, owing, queries
from wristband.partners.idempotency import Answer, Asked, Facts
from wristband.partners.models import Webhook
from wristband.partners.rules import CHOSEN_EVENTS, OVERLAP, WEBHOOKS_A_PARTNER, Event, check_address, written


class Stale(Conflict):
    """The thing has changed since its ETag was read."""

    status = 412


def make(asked: Asked, url: str, events: Iterable[Event], *, partner_id: int, by: str, now: datetime) -> Answer:
    """A new webhook; its `secret` is told in this answer alone. Gives `id` and `secret`.

    Raises BadValue for an address that is none, or on a host that no administrator allowed; Conflict for too many.
    """
    chosen = frozenset(events)
    with transaction():
        # First of all: who keeps a call holds its partner a little, and two of them could not both hold it more.
        partner = queries.get_partner(partner_id, held=True)

        def deed() -> Facts:
            if len(queries.list_webhooks(partner_id)) >= WEBHOOKS_A_PARTNER:
                raise Conflict("partners.webhooks_many", most=WEBHOOKS_A_PARTNER)
            return _make(_checked(url, partner.hosts), chosen, partner_id, by, now)

        return idempotency.once(partner_id, asked, deed, now=now)


def _make(url: str, events: frozenset[Event], partner_id: int, by: str, now: datetime) -> Facts:
    secret = keys.make_secret()
    webhook = Webhook(
        id=new_id(),
        partner_id=partner_id,
        url=url,
        events=written(events & set(CHOSEN_EVENTS)),
        secret=secret,
        told=0,
        version=1,
        made_at=now,
        enabled_at=now,
    )
    db.session.add(webhook)
    db.session.flush()
    trail.record(Deed.WEBHOOK_MADE, actor=by, subject=f"webhook:{webhook.id}", at=now)
    return {"id": str(webhook.id), "secret": secret}


def change(
    webhook_id: int,
    url: str,
    events: Iterable[Event],
    *,
    enabled: bool,
    version: int | None,
    partner_id: int,
    by: str,
    now: datetime,
) -> Webhook:
    """Another address, other events, or enabled again. Raises Stale where it is of another `version` by now."""
    with transaction():
        webhook = _held(webhook_id, partner_id, version)
        webhook.url = _checked(url, queries.get_partner(partner_id).hosts)
        webhook.events = written(frozenset(events) & set(CHOSEN_EVENTS))
        if enabled and webhook.disabled_at is not None:
            webhook.enabled_at, webhook.disabled_at, webhook.disabled_for = now, None, None
        elif not enabled and webhook.disabled_at is None:
            webhook.disabled_at = now
        webhook.version += 1
        trail.record(Deed.WEBHOOK_CHANGED, actor=by, subject=f"webhook:{webhook_id}", at=now)
        return webhook


def rotate_secret(webhook_id: int, *, partner_id: int, by: str, now: datetime) -> tuple[Webhook, str]:
    """A new secret, told now or never; the old one signs beside it for OVERLAP. Raises NotFound."""
    secret = keys.make_secret()
    with transaction():
        webhook = _held(webhook_id, partner_id, None)
        webhook.old_secret, webhook.old_secret_until = webhook.secret, now + OVERLAP
        webhook.secret = secret
        webhook.version += 1
        trail.record(Deed.WEBHOOK_CHANGED, actor=by, subject=f"webhook:{webhook_id}", at=now)
        return webhook, secret


def enable(webhook_id: int, *, partner_id: int, by: str, now: datetime) -> None:
    """Tell it again what happens from now on. Raises NotFound."""
    with transaction():
        webhook = _held(webhook_id, partner_id, None)
        if webhook.disabled_at is not None:
            webhook.enabled_at, webhook.disabled_at, webhook.disabled_for = now, None, None
            webhook.version += 1
            trail.record(Deed.WEBHOOK_CHANGED, actor=by, subject=f"webhook:{webhook_id}", at=now)


def end(webhook_id: int, *, version: int | None = None, partner_id: int, by: str, now: datetime) -> None:
    """Tell it nothing any more; what waits goes nowhere. Raises NotFound, Stale."""
    with transaction():
        webhook = _held(webhook_id, partner_id, version)
        webhook.ended_at = now
        trail.record(Deed.WEBHOOK_ENDED, actor=by, subject=f"webhook:{webhook_id}", at=now)


def owe_test(webhook_id: int, *, partner_id: int, now: datetime) -> str:
    """Owe it a test event, whatever it asked for; gives the event's id. Raises NotFound, Conflict if disabled."""
    with transaction():
        webhook = _held(webhook_id, partner_id, None)
        if webhook.disabled_at is not None:
            raise Conflict("partners.webhook_disabled")
        return owing.owe(webhook, Event.TEST, None, at=now)


def _held(webhook_id: int, partner_id: int, version: int | None) -> Webhook:
    webhook = queries.get_webhook(webhook_id, partner_id=partner_id, held=True)
    if version is not None and webhook.version != version:
        raise Stale("partners.stale")
    return webhook


def _checked(url: str, hosts: str) -> str:
    return check_address(url, hosts.split(), production=house().settings.production)
