"""Keeping partners: who they are, what they may do, and their keys, each shown once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.elders.rules import clean_text
from wristband.errors import BadValue, Conflict, NotFound
from wristband.partners import keys, queries
from wristband.partners.models import Partner, PartnerKey, Webhook
from wristband.partners.rules import (
    KEY_LASTS_DAYS,
    KEYS_AT_ONCE,
    NAME_MAX,
    OVERLAP,
    STOPPED_IN_A_ROW,
    end_for,
    hosts_of,
    is_live,
    key_expiry,
    scopes_of,
    written,
)
from wristband.stations.queries import find_station, list_in_district


@dataclass(frozen=True, slots=True)
class Rights:
    """What an administrator gives a partner, as it was typed. At most one of station and district; none: everywhere."""

    name: str
    scopes: Iterable[str]
    station_id: int | None = None
    district: str = ""
    hosts: str = ""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is handed over: kept nowhere, so it is shown now or never."""

    partner_id: int
    key: str
    expires_at: datetime


def add(rights: Rights, *, days: int = KEY_LASTS_DAYS, by: str, now: datetime) -> NewKey:
    """A new partner with its first key. Raises BadValue, NotFound, Conflict for a name that is taken."""
    values, expires_at = _checked(rights), key_expiry(days, now=now)
    try:
        with transaction():
            partner = Partner(**values, version=1, added_at=now)
            db.session.add(partner)
            db.session.flush()
            trail.record(Deed.PARTNER_ADDED, actor=by, subject=f"partner:{partner.id}", at=now, scopes=partner.scopes)
            return _make(partner.id, expires_at, by, now)
    except IntegrityError:
        raise Conflict("partners.name_taken") from None


def change(partner_id: int, rights: Rights, *, version: int, by: str, now: datetime) -> None:
    """Give a partner other rights; they hold from its next call on, by whichever key.

    Raises Conflict where somebody else has changed them since `version`, or the name is taken; NotFound, BadValue.
    """
    values = _checked(rights)
    try:
        with transaction():
            changed = db.session.execute(
                sa.update(Partner)
                .where(Partner.id == partner_id, Partner.version == version, Partner.ended_at.is_(None))
                .values(**values, version=version + 1)
                .execution_options(synchronize_session=False)
            )
            if changed.rowcount != 1:  # type: ignore[attr-defined]
                queries.get_partner(partner_id)
                raise Conflict("partners.changed_meanwhile")
            subject = f"partner:{partner_id}"
            trail.record(Deed.PARTNER_CHANGED, actor=by, subject=subject, at=now, scopes=str(values["scopes"]))
    except IntegrityError:
        raise Conflict("partners.name_taken") from None


def end(partner_id: int, *, by: str, now: datetime) -> None:
    """End a partner at once, for good: its keys, its webhooks. Doing it twice is doing it once. Raises NotFound."""
    with transaction():
        partner = queries.get_partner(partner_id, held=True)
        if partner.ended_at is not None:
            return
        partner.ended_at, partner.version = now, partner.version + 1
        for table in (PartnerKey, Webhook):
            db.session.execute(
                sa.update(table)
                .where(table.partner_id == partner_id, table.ended_at.is_(None))
                .values(ended_at=now)
                .execution_options(synchronize_session=False)
            )
        trail.record(Deed.PARTNER_ENDED, actor=by, subject=f"partner:{partner_id}", at=now)


def rotate(partner_id: int, *, days: int = KEY_LASTS_DAYS, by: str, now: datetime) -> NewKey:
    """A new key; the one before holds OVERLAP longer at most, any older one ends now. Raises NotFound, BadValue."""
    expires_at = key_expiry(days, now=now)
    with transaction():
        partner = queries.get_partner(partner_id, held=True)
        if partner.ended_at is not None:
            raise NotFound("partners.unknown")
        live = [
            key
            for key in queries.list_keys(partner_id)
            if is_live(expires_at=key.expires_at, ended_at=key.ended_at, now=now)
        ]
        for key in live[: KEYS_AT_ONCE - 1]:
            key.expires_at = min(key.expires_at, now + OVERLAP)
        for key in live[KEYS_AT_ONCE - 1 :]:
            key.ended_at = now
        return _make(partner_id, expires_at, by, now)


def end_key(partner_id: int, key_id: int, *, by: str, now: datetime) -> None:
    """End one key at once. Doing it twice is doing it once. Raises NotFound."""
    with transaction():
        key = next((one for one in queries.list_keys(partner_id) if one.id == key_id), None)
        if key is None:
            raise NotFound("partners.key_unknown")
        if key.ended_at is None:
            key.ended_at = now
            trail.record(Deed.PARTNER_KEY_ENDED, actor=by, subject=f"partner:{partner_id}", at=now, key=key_id)


def look_after_webhooks(now: datetime) -> int:
    """Disable webhooks that keep failing; tells how many. For the worker, once a minute."""
    with transaction():
        ended = 0
        for webhook in queries.list_live_webhooks():
            settled = queries.list_settled(webhook.id, since=webhook.enabled_at, most=STOPPED_IN_A_ROW)
            why = end_for([state for state, _ in settled], settled[0][1] if settled else "")
            if why is not None:
                webhook.disabled_at, webhook.disabled_for, webhook.version = now, why, webhook.version + 1
                subject = f"webhook:{webhook.id}"
                trail.record(Deed.WEBHOOK_DISABLED, actor="worker", subject=subject, at=now, why=why.value)
                ended += 1
        return ended


def _make(partner_id: int, expires_at: datetime, by: str, now: datetime) -> NewKey:
    handle, secret = keys.make()
    key = PartnerKey(
        partner_id=partner_id,
        handle=handle,
        secret_hash=keys.hashed(handle, secret),
        made_at=now,
        expires_at=expires_at,
    )
    db.session.add(key)
    trail.record(Deed.PARTNER_KEY_MADE, actor=by, subject=f"partner:{partner_id}", at=now, key=key.id)
    return NewKey(partner_id, keys.shown(handle, secret), expires_at)


def _checked(rights: Rights) -> dict[str, object]:
    name = clean_text(rights.name, "partners.name", NAME_MAX)
    scopes, hosts = scopes_of(rights.scopes), hosts_of(rights.hosts)
    if rights.station_id is not None and rights.district:
        raise BadValue("partners.area_twice")
    if rights.station_id is not None and find_station(rights.station_id) is None:
        raise BadValue("partners.area_unknown")
    if rights.district and not list_in_district(rights.district):
        raise BadValue("partners.area_unknown")
    return {
        "name": name,
        "scopes": written(scopes),
        "station_id": rights.station_id,
        "district": rights.district,
        "hosts": " ".join(hosts),
    }
