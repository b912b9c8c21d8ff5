"""What an officer may do with a record, and how it stands. Values in, values out."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from wristband.elders.rules import ElderState
from wristband.errors import Conflict
from wristband.values.budget import Budget, Fails


class Standing(StrEnum):
    """How a record stands, for whoever keeps it; the strongest word first."""

    DECEASED = "deceased"
    WITHDRAWN = "withdrawn"
    """A guardian wants nothing to be kept of it, and the day has not come yet."""
    DISPUTED = "disputed"
    PROVISIONAL = "provisional"
    ACTIVE = "active"


class RecordReason(StrEnum):
    """Why an officer opens a record; a word of ours, so that the trail holds nothing about anybody."""

    COUNTER = "counter"
    CALLED = "called"
    VERIFY = "verify"
    DUPLICATE = "duplicate"
    DISPUTE = "dispute"


class TransferEnd(StrEnum):
    """What became of the offer of a record to another station."""

    TAKEN = "taken"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"


class Moved(StrEnum):
    """What a merge took from one record to the other, or ended at the one that goes: what its undoing gives back."""

    BAND = "band"
    INCIDENT = "incident"
    REACH = "reach"
    CONTACT = "contact"
    GUARDIANSHIP = "guardianship"
    GUARDIANSHIP_ENDED = "guardianship_ended"
    PHOTO = "photo"
    PHOTO_REPLACED = "photo_replaced"
    TRANSFER_ENDED = "transfer_ended"


def _(text: str) -> str:
    return text


STANDING_WORDS: dict[Standing, str] = {
    Standing.ACTIVE: _("正常"),
    Standing.PROVISIONAL: _("待核实"),
    Standing.DISPUTED: _("有争议"),
    Standing.WITHDRAWN: _("退出中"),
    Standing.DECEASED: _("已去世"),
}
RECORD_REASON_WORDS: dict[RecordReason, str] = {
    RecordReason.COUNTER: _("家人在窗口办事"),
    RecordReason.CALLED: _("家人打电话来"),
    RecordReason.VERIFY: _("核实登记"),
    RecordReason.DUPLICATE: _("核对重复登记"),
    RecordReason.DISPUTE: _("处理争议"),
}

OPEN_FOR = timedelta(minutes=15)
"""So long a record that was opened with a reason stays open to that officer; each showing is recorded."""
MERGE_UNDONE_WITHIN = timedelta(hours=24)
DEATH_UNDONE_WITHIN = timedelta(hours=24)
WORDS_MAX = 300
CANDIDATES_MOST = 20
"""Records that may be the same person's, shown beside one."""

SEARCHES_AN_OFFICER = Budget(
    "record_search.officer", burst=60, every_s=30, fails=Fails.CLOSED, refusal="records.searches_spent"
)
"""Whoever tries one name after another finds out who is registered here."""
COUNTER_CODES_AN_OFFICER = Budget(
    "counter_code.officer", burst=20, every_s=180, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
COUNTER_CODES_A_PHONE = Budget(
    "counter_code.phone", burst=3, every_s=7200, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
COUNTER_TRIES_A_PHONE = Budget(
    "counter_try.phone", burst=10, every_s=7200, fails=Fails.CLOSED, refusal="accounts.tries_spent"
)
COUNTER_CODE_LASTS = timedelta(minutes=10)
REGISTRATIONS_AN_OFFICER = Budget(
    "elder.officer", burst=30, every_s=300, fails=Fails.CLOSED, refusal="records.registrations_spent"
)


def standing(
    *, state: ElderState, disputed_at: datetime | None, deceased_at: datetime | None, leaving: bool
) -> Standing:
    """How a record stands; `leaving` where a guardian's wish to erase it waits for its day."""
    if deceased_at is not None:
        return Standing.DECEASED
    if leaving or state is ElderState.ERASED:
        return Standing.WITHDRAWN
    if disputed_at is not None:
        return Standing.DISPUTED
    return Standing.PROVISIONAL if state is ElderState.PROVISIONAL else Standing.ACTIVE


def check_merge(one: Standing, other: Standing, *, same: bool, open_incidents: int) -> None:
    """Whether two records may become one. Raises Conflict with what has to be done first."""
    if same:
        raise Conflict("records.merge_itself")
    if Standing.DISPUTED in (one, other):
        raise Conflict("records.merge_disputed")
    if Standing.WITHDRAWN in (one, other):
        raise Conflict("records.merge_leaving")
    if Standing.DECEASED in (one, other):
        raise Conflict("records.merge_deceased")
    if open_incidents > 1:
        raise Conflict("records.merge_incidents")
