"""What an operator does about records: a partner's id domain, and everything that is released as one document."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from wristband.audit import trail
from wristband.audit.deeds import Deed
from wristband.db import db, transaction
from wristband.errors import BadValue, Conflict
from wristband.house import house
from wristband.interchange import published, queries
from wristband.interchange.models import PartnerDomain
from wristband.interchange.pfif import Person
from wristband.partners.queries import find_partner_by_name
from wristband.values.record_domain import is_record_domain

_A_TURN = 200


def set_domain(partner: str, domain: str, *, by: str, now: datetime) -> None:
    """A partner's records stand under this domain from now on. Raises BadValue, Conflict for one that is another's."""
    domain = domain.strip().lower()
    if not is_record_domain(domain) or domain == house().settings.record_domain:
        raise BadValue("pfif.domain_wrong")
    try:
        with transaction():
            found = find_partner_by_name(partner)
            if found is None:
                raise BadValue("pfif.partner_unknown")
            row = db.session.scalar(sa.select(PartnerDomain).where(PartnerDomain.partner_id == found.id))
            if row is None:
                db.session.add(PartnerDomain(partner_id=found.id, domain=domain))
            else:
                row.domain = domain
            subject = f"partner:{found.id}"
            trail.record(Deed.PARTNER_DOMAIN_SET, actor=by, subject=subject, at=now, domain=domain)
    except IntegrityError:
        raise Conflict("pfif.domain_taken") from None


def everything(*, now: datetime) -> list[Person]:
    """Every person that was ever released, with notes while it is, the oldest first. Raises BadValue without PFIF."""
    if not house().settings.record_domain:
        raise BadValue("pfif.off")
    persons: list[Person] = []
    while found := queries.list_entries(
        now=now, since=datetime.fromtimestamp(0, now.tzinfo), skip=len(persons), most=_A_TURN
    ):
        persons += [published.person(one, house().site, now=now) for one in found]
    return persons
