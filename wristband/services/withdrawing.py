"""The end of a finder's part: a report taken back, and what he thought of it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from wristband.audit.deeds import Deed
from wristband.clock import ZONE
from wristband.db import db, insert, new_id, transaction
from wristband.elders.rules import clean_text
from wristband.errors import Conflict
from wristband.house import house
from wristband.incidents import platform_owing
from wristband.incidents.models import Incident, IncidentMove
from wristband.incidents.platform import By, Kind
from wristband.incidents.queries import find_hand_over_by, find_report
from wristband.incidents.rules import Disposition, IncidentState
from wristband.reports import queries
from wristband.reports.models import Rating, Withdrawal
from wristband.reports.reported import Reported, changed, get_reported, record, tell_family
from wristband.reports.rules import WORDS_MAX, Score, may_withdraw, nameless
from wristband.scans.queries import get_acted_scan


def withdraw(reference: str, *, now: datetime) -> None:
    """Take back a report that was made by mistake; done twice it is done once. The family hears of it.

    The incident ends with its last standing report; others' reports keep it open. Raises Conflict once somebody has
    accepted it, or after ten minutes; NotFound.
    """
    with transaction():
        scan = get_acted_scan(reference, held=True)
        if queries.withdrawn([scan.id]):
            return
        there = get_reported(reference)
        # Held, so that no report joins and no officer accepts it before it is ended or left.
        held = sa.select(Incident).where(Incident.id == there.incident.id).with_for_update()
        incident = db.session.scalars(held.execution_options(populate_existing=True)).one()
        if not may_withdraw(made_at=there.report.made_at, state=incident.state, now=now):
            raise Conflict("reports.too_late_to_withdraw")
        db.session.add(Withdrawal(scan_id=scan.id, at=now))
        db.session.flush()
        ends = queries.count_standing(incident.id) == 0
        if ends:
            _close(there, now)
        changed(there, now)
        record(Deed.REPORT_WITHDRAWN, there, now, closed=int(ends))
        tell_family(there, "withdrawn", issuer=house().settings.issuer, now=now)
        platform_owing.owe(incident.id, Kind.WITHDRAWN, by=By.FINDER, partner=house().partner, now=now)


def _close(there: Reported, now: datetime) -> None:
    incident = there.incident
    incident.state, incident.disposition, incident.closed_at = IncidentState.CLOSED, Disposition.WITHDRAWN, now
    db.session.add(IncidentMove(incident_id=incident.id, at=now, state=IncidentState.CLOSED))


def rate(reference: str, score: Score, words: str, *, now: datetime) -> None:
    """What the finder thought of it, kept without scan, elder or hour. The first answer counts. Raises Conflict."""
    words = nameless(clean_text(words, "reports.words", WORDS_MAX, empty=True, lines=True))
    with transaction():
        scan = get_acted_scan(reference, held=True)
        found = find_report(scan.id)
        if found is None:
            raise Conflict("reports.none")
        handed_over = find_hand_over_by(scan.id) is not None
        can = queries.added(scan, *found, handed_over=handed_over, now=now)
        if can.rated:
            return
        if not can.may_rate:
            raise Conflict("reports.not_over")
        midnight = now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        rating = Rating(id=new_id(), score=score.value, rated_at=midnight)
        rating.words = words or None
        values = {"id": rating.id, "score": rating.score, "words": rating.words_sealed, "rated_at": midnight}
        statement = insert(Rating.__table__).values(once=queries.once(scan.id), **values)
        db.session.connection().execute(statement.on_conflict_do_nothing(index_elements=["once"]))
