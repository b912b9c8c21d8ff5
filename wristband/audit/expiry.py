"""Which rows have been kept long enough: the retention table as conditions, and what becomes of those rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from wristband.accounts.models import Guardian, Officer, OfficerNotice, QuietContact, SignIn
from wristband.audit.retention import Kept
from wristband.bands.models import Band
from wristband.bands.rules import BandState
from wristband.board.models import FinderNumber, MaskedCall, Post
from wristband.board.rules import OPEN_FOR, PhotoState
from wristband.elders.erasing import nobodys_index
from wristband.elders.models import Guardianship, Invitation, Photo
from wristband.incidents.models import HandOver, Incident, IncidentMove, Note, PhoneReport, Report, Sighting
from wristband.interchange.models import Broadcast, OutsideNote, OutsidePerson, Release
from wristband.limits import SpentBudget
from wristband.outbox.models import Message
from wristband.outbox.rules import MessageState
from wristband.partners.models import PartnerCall, PartnerIncident, Proposal
from wristband.reports.models import Pickup, Rating, Supplement
from wristband.scans.models import Challenge, Grant, Reach, Scan
from wristband.sealing import EMPTIED
from wristband.sheets.models import SheetExport, SheetImport
from wristband.sheets.rules import ImportState

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Step:
    """Rows of `model` that are `due` at a cutoff are deleted or have `values` put in; photographs are buried."""

    model: Any
    due: Callable[[datetime], Condition]
    values: dict[str, Any] | None = None

    @property
    def key(self) -> Any:
        """The column by which its rows are taken."""
        return next(iter(self.model.__table__.primary_key))


def _since(ended: Any, cutoff: datetime) -> Condition:
    """Going on, or ended after the cutoff."""
    return sa.or_(ended.is_(None), ended > cutoff)


def _settled(scan: Any, cutoff: datetime) -> Condition:
    """No incident that this scan was reported to is open, or was closed since."""
    return ~_unsettled(cutoff).where(Report.scan_id == scan).exists()


def _unsettled(cutoff: datetime) -> sa.Select[Any]:
    return (
        sa.select(Report.id).join(Incident, Incident.id == Report.incident_id).where(_since(Incident.closed_at, cutoff))
    )


def _message_settled(cutoff: datetime) -> Condition:
    of_reach = _unsettled(cutoff).join(Reach, Reach.scan_id == Report.scan_id).where(Reach.id == Message.reach_id)
    return sa.and_(
        Message.state.in_((MessageState.DELIVERED, MessageState.STOPPED)),
        ~sa.select(Incident.id).where(Incident.id == Message.incident_id, _since(Incident.closed_at, cutoff)).exists(),
        ~of_reach.exists(),
    )


def _closed_before(cutoff: datetime) -> sa.Select[Any]:
    return sa.select(Incident.id).where(Incident.closed_at <= cutoff)


def _over(ended: Any, expires: Any, cutoff: datetime) -> Condition:
    return sa.or_(ended <= cutoff, expires <= cutoff)


def _encounter_over(cutoff: datetime) -> Condition:
    """The scan's incident was closed, its elder handed over, or its finder's first tap is a week ago."""
    closed = (
        sa.select(Report.id)
        .join(Incident, Incident.id == Report.incident_id)
        .where(Report.scan_id == Scan.id, Incident.closed_at <= cutoff)
    )
    by_reach = sa.select(Reach.elder_id).where(Reach.scan_id == Scan.id)
    by_report = (
        sa.select(Incident.elder_id)
        .join(Report, Report.incident_id == Incident.id)
        .where(Report.scan_id == Scan.id, Incident.elder_id.is_not(None))
    )
    handed_over = sa.select(HandOver.id).where(
        HandOver.used_at <= cutoff,
        HandOver.used_at >= Scan.acted_at,
        sa.or_(HandOver.elder_id.in_(by_reach), HandOver.elder_id.in_(by_report)),
    )
    return sa.or_(closed.exists(), handed_over.exists(), Scan.acted_at <= cutoff - OPEN_FOR)


def _nobodys_note(cutoff: datetime) -> Condition:
    """On an incident that was closed, or on a person from outside who is not kept any more."""
    kept = sa.select(OutsidePerson.id).where(
        OutsidePerson.record_id == OutsideNote.person_record_id, OutsidePerson.said_sealed.is_not(None)
    )
    return sa.or_(
        OutsideNote.incident_id.in_(_closed_before(cutoff)),
        sa.and_(OutsideNote.incident_id.is_(None), ~kept.exists()),
    )


STEPS: dict[Kept, Step] = {
    Kept.FINDERS_PHONES: Step(
        Grant,
        lambda cutoff: sa.and_(
            Grant.phone_sealed.is_not(None), Grant.made_at <= cutoff, _settled(Grant.scan_id, cutoff)
        ),
        {"phone_sealed": None, "phone_index": None},
    ),
    Kept.SIGHTINGS: Step(
        Sighting,
        lambda cutoff: sa.and_(
            sa.or_(Sighting.place_sealed.is_not(None), Sighting.words_sealed.is_not(None)),
            Sighting.seen_at <= cutoff,
            _settled(Sighting.scan_id, cutoff),
        ),
        {"place_sealed": None, "words_sealed": None},
    ),
    Kept.PLACES: Step(
        Sighting,
        lambda cutoff: sa.and_(Sighting.place_sealed.is_not(None), Sighting.seen_at <= cutoff),
        {"place_sealed": None},
    ),
    Kept.BOARD_POSTS: Step(
        Post,
        # Dropped with its elder, a photograph's post goes at the next purge.
        lambda cutoff: sa.or_(
            sa.and_(Post.at <= cutoff, _settled(Post.scan_id, cutoff)), Post.photo == PhotoState.DROPPED
        ),
    ),
    Kept.FINDERS_NUMBERS: Step(
        FinderNumber, lambda cutoff: FinderNumber.scan_id.in_(sa.select(Scan.id).where(_encounter_over(cutoff)))
    ),
    Kept.SUPPLEMENTS: Step(
        Supplement,
        lambda cutoff: sa.or_(
            sa.and_(Supplement.at <= cutoff, _settled(Supplement.scan_id, cutoff)), Supplement.dropped.is_(True)
        ),
    ),
    Kept.PICKUPS: Step(
        Pickup,
        lambda cutoff: sa.and_(
            Pickup.words_sealed.is_not(None), Pickup.asked_at <= cutoff, _settled(Pickup.scan_id, cutoff)
        ),
        {"words_sealed": None},
    ),
    Kept.RATINGS: Step(
        Rating,
        lambda cutoff: sa.and_(Rating.words_sealed.is_not(None), Rating.rated_at <= cutoff),
        {"words_sealed": None},
    ),
    Kept.MASKED_CALLS: Step(MaskedCall, lambda cutoff: MaskedCall.ends_at <= cutoff),
    Kept.MESSAGES: Step(
        Message,
        lambda cutoff: sa.and_(
            sa.or_(Message.recipient_sealed != EMPTIED, Message.body_sealed.is_not(None)),
            Message.owed_at <= cutoff,
            _message_settled(cutoff),
        ),
        {
            "recipient_sealed": EMPTIED,
            "recipient_index": nobodys_index(Message.id),
            "body_sealed": None,
            "facts_sealed": None,
        },
    ),
    Kept.STEPS: Step(
        IncidentMove,
        lambda cutoff: sa.and_(
            IncidentMove.words_sealed.is_not(None), IncidentMove.incident_id.in_(_closed_before(cutoff))
        ),
        {"words_sealed": None},
    ),
    Kept.NOTES: Step(
        Note,
        lambda cutoff: sa.and_(Note.words_sealed.is_not(None), Note.incident_id.in_(_closed_before(cutoff))),
        {"words_sealed": None},
    ),
    Kept.CALLERS_PHONES: Step(
        PhoneReport,
        lambda cutoff: sa.and_(
            PhoneReport.phone_sealed.is_not(None),
            PhoneReport.made_at <= cutoff,
            _settled(PhoneReport.scan_id, cutoff),
        ),
        {"phone_sealed": None},
    ),
    Kept.INVITATIONS: Step(
        Invitation,
        lambda cutoff: sa.and_(
            Invitation.phone_sealed.is_not(None), _over(Invitation.ended_at, Invitation.expires_at, cutoff)
        ),
        {
            "phone_sealed": None,
            "phone_index": None,
            "ended_at": sa.func.coalesce(Invitation.ended_at, Invitation.expires_at),
        },
    ),
    Kept.HAND_OVER_CODES: Step(
        HandOver,
        lambda cutoff: sa.and_(HandOver.code_hash.is_not(None), HandOver.expires_at <= cutoff),
        {"code_hash": None},
    ),
    Kept.RELEASES: Step(
        Release,
        lambda cutoff: sa.and_(Release.clothes_sealed.is_not(None), Release.incident_id.in_(_closed_before(cutoff))),
        {"clothes_sealed": None},
    ),
    Kept.BROADCASTS: Step(
        Broadcast,
        lambda cutoff: sa.and_(
            Broadcast.document_sealed.is_not(None), Broadcast.incident_id.in_(_closed_before(cutoff))
        ),
        {"document_sealed": None},
    ),
    Kept.OUTSIDE_NOTES: Step(
        OutsideNote,
        lambda cutoff: sa.and_(OutsideNote.said_sealed.is_not(None), _nobodys_note(cutoff)),
        {"said_sealed": None},
    ),
    Kept.OUTSIDE_PEOPLE: Step(
        OutsidePerson,
        # The row stays: a copy of the record that somebody sends again is then known to be old.
        lambda cutoff: sa.and_(OutsidePerson.said_sealed.is_not(None), OutsidePerson.expires_at <= cutoff),
        {"said_sealed": None},
    ),
    Kept.ENDED_GRANTS: Step(
        Grant,
        # What is still needed to call the finder back goes with its own line.
        lambda cutoff: sa.and_(_over(Grant.ended_at, Grant.ends_at, cutoff), Grant.phone_sealed.is_(None)),
    ),
    Kept.IDLE_SCANS: Step(
        Scan,
        lambda cutoff: sa.and_(
            Scan.acted_at.is_(None),
            Scan.opened_at <= cutoff,
            *(
                ~sa.select(model.id).where(model.scan_id == Scan.id).exists()
                for model in (Reach, Report, Sighting, Grant)
            ),
        ),
    ),
    Kept.CHALLENGES: Step(Challenge, lambda cutoff: Challenge.expires_at <= cutoff),
    Kept.BUDGETS: Step(SpentBudget, lambda cutoff: SpentBudget.due_s <= cutoff.timestamp()),
    Kept.SIGN_INS: Step(SignIn, lambda cutoff: _over(SignIn.ended_at, SignIn.expires_at, cutoff)),
    Kept.ACTIVATIONS: Step(
        Officer,
        lambda cutoff: Officer.activation_expires_at <= cutoff,
        {"activation_hash": None, "activation_expires_at": None},
    ),
    Kept.OFFICER_NOTICES: Step(OfficerNotice, lambda cutoff: OfficerNotice.at <= cutoff),
    Kept.QUIET_CONTACTS: Step(
        QuietContact,
        # What was lost waits for its guardian to see it.
        lambda cutoff: sa.or_(
            sa.and_(QuietContact.confirmed_at.is_(None), QuietContact.added_at <= cutoff),
            sa.select(Guardian.id)
            .where(Guardian.id == QuietContact.guardian_id, Guardian.phone_sealed == EMPTIED)
            .exists(),
        ),
    ),
    Kept.IDLE_ACCOUNTS: Step(
        Guardian,
        lambda cutoff: sa.and_(
            Guardian.phone_sealed != EMPTIED,
            Guardian.joined_at <= cutoff,
            ~sa.select(SignIn.id).where(SignIn.guardian_id == Guardian.id).exists(),
            ~sa.select(Guardianship.id)
            .where(Guardianship.guardian_id == Guardian.id, _since(Guardianship.ended_at, cutoff))
            .exists(),
        ),
        {"phone_sealed": EMPTIED, "phone_index": nobodys_index(Guardian.id), "name_sealed": None},
    ),
    Kept.PROPOSALS: Step(
        Proposal,
        lambda cutoff: sa.and_(Proposal.expires_at <= cutoff, Proposal.phone_index.is_not(None)),
        {"phone_sealed": None, "phone_index": None, "texts_sealed": None},
    ),
    Kept.PARTNER_CALLS: Step(PartnerCall, lambda cutoff: PartnerCall.made_at <= cutoff),
    Kept.PARTNER_REFERENCES: Step(
        PartnerIncident,
        lambda cutoff: sa.and_(
            PartnerIncident.reference_sealed.is_not(None), PartnerIncident.incident_id.in_(_closed_before(cutoff))
        ),
        {"reference_sealed": None},
    ),
    Kept.IMPORTS: Step(
        SheetImport,
        # One that nobody went on with is over by this; one under way never is, and its worker wants the file.
        lambda cutoff: sa.and_(
            SheetImport.name_sealed.is_not(None),
            SheetImport.asked_at <= cutoff,
            SheetImport.state != ImportState.IMPORTING,
        ),
        {
            "name_sealed": None,
            "faults_sealed": None,
            "state": sa.case(
                (
                    SheetImport.state.in_((ImportState.CHECKING, ImportState.CHECKED)),
                    sa.literal(ImportState.CANCELLED, SheetImport.state.type),
                ),
                else_=SheetImport.state,
            ),
        },
    ),
    Kept.EXPORT_REASONS: Step(
        SheetExport,
        lambda cutoff: sa.and_(SheetExport.reason_sealed.is_not(None), SheetExport.asked_at <= cutoff),
        {"reason_sealed": None},
    ),
    Kept.UNFINISHED_PHOTOS: Step(
        Photo,
        lambda cutoff: sa.and_(Photo.elder_id.is_(None), Photo.kept_at <= cutoff, Photo.destroyed_at.is_(None)),
    ),
    Kept.REPLACED_PHOTOS: Step(
        Photo,
        lambda cutoff: sa.and_(
            Photo.replaced_at <= cutoff,
            Photo.destroyed_at.is_(None),
            ~sa.select(Band.id).where(Band.photo_id == Photo.id, Band.state == BandState.ACTIVE).exists(),
        ),
    ),
}
