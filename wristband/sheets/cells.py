"""An exported elder as cells: masked unless a column says otherwise; a fixed number of questions for a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa

from wristband.accounts.models import Guardian
from wristband.bands.models import Band
from wristband.bands.rules import BandState
from wristband.clock import ZONE
from wristband.db import db
from wristband.elders import opened
from wristband.elders.at_station import standings
from wristband.elders.keeping import STANDING_WORDS
from wristband.elders.models import Contact, Elder, Guardianship
from wristband.elders.rules import RELATIONS
from wristband.elders.search import masked_name
from wristband.sealing import box
from wristband.sheets.rules import Column
from wristband.values.phone import Phone

_SEX_WORDS = {"female": "女", "male": "男"}
# What the family's log calls the fields of a record, by the columns that hold them.
_TOLD = {
    Column.NAME: "name",
    Column.CALLED: "called",
    Column.SEX: "sex",
    Column.BIRTH_YEAR: "age",
    Column.ADDRESS: "address",
    Column.APPROACH: "approach",
    Column.PHONES: "phones",
}


def fields_told(columns: Collection[Column]) -> str:
    """The fields that such a list shows whole, as the family's log names them."""
    return " ".join(_TOLD[column] for column in columns if column in _TOLD)


def cells(elders: Sequence[Elder], columns: Sequence[Column]) -> list[list[str]]:
    """These elders as rows of these columns."""
    ids = [elder.id for elder in elders]
    guardians = _guardians(ids) if Column.GUARDIANS in columns else {}
    # One question for the keys of all of them, not one for each that is opened.
    box().fetch([*ids, *(guardian.id for found in guardians.values() for guardian, _ in found)])
    numbers = _numbers(ids) if {Column.PHONES, Column.MASKED_PHONE} & set(columns) else {}
    stands, bands = standings(elders), _bands(ids) if Column.BANDS in columns else {}
    texts: dict[Column, Callable[[Elder], str]] = {
        Column.MASKED_NAME: masked_name,
        Column.STANDING: lambda elder: STANDING_WORDS[stands[elder.id]],
        Column.REGISTERED_AT: lambda elder: f"{elder.registered_at.astimezone(ZONE):%Y-%m-%d}",
        Column.BANDS: lambda elder: str(bands.get(elder.id, 0)),
        Column.MASKED_PHONE: lambda elder: _joined(_masked(number) for number in numbers.get(elder.id, ())),
        Column.NAME: lambda elder: opened.text(elder, "name") or "",
        Column.CALLED: lambda elder: opened.text(elder, "called") or "",
        Column.SEX: lambda elder: _SEX_WORDS.get(opened.text(elder, "sex") or "", ""),
        Column.BIRTH_YEAR: lambda elder: opened.text(elder, "birth_year") or "",
        Column.ADDRESS: lambda elder: opened.text(elder, "address") or "",
        Column.APPROACH: lambda elder: opened.text(elder, "approach") or "",
        Column.GUARDIANS: lambda elder: _joined(_named(*one) for one in guardians.get(elder.id, ())),
        Column.PHONES: lambda elder: _joined(_national(number) for number in numbers.get(elder.id, ())),
    }
    return [[texts[column](elder) for column in columns] for elder in elders]


def _joined(texts: Any) -> str:
    return "；".join(texts)


def _named(guardian: Guardian, relation: str) -> str:
    return f"{opened.text(guardian, 'name') or ''}（{RELATIONS.get(relation, relation)}）"


def _masked(number: str) -> str:
    return number if number == opened.UNREADABLE else Phone(number).masked()


def _national(number: str) -> str:
    return number if number == opened.UNREADABLE else Phone(number).national()


def _guardians(ids: Sequence[int]) -> dict[int, list[tuple[Guardian, str]]]:
    found: defaultdict[int, list[tuple[Guardian, str]]] = defaultdict(list)
    rows = db.session.execute(
        sa.select(Guardianship.elder_id, Guardian, Guardianship.relation)
        .join(Guardian, Guardian.id == Guardianship.guardian_id)
        .where(Guardianship.elder_id.in_(ids), Guardianship.ended_at.is_(None))
        .order_by(Guardianship.rank, Guardianship.id)
    )
    for elder_id, guardian, relation in rows:
        found[elder_id].append((guardian, relation))
    return found


def _numbers(ids: Sequence[int]) -> dict[int, list[str]]:
    """The telephones of each in calling order."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for contact in db.session.scalars(
        sa.select(Contact).where(Contact.elder_id.in_(ids)).order_by(Contact.calling_order, Contact.id)
    ):
        found[contact.elder_id].append(opened.text(contact, "address") or "")
    return found


def _bands(ids: Sequence[int]) -> dict[int, int]:
    rows = db.session.execute(
        sa.select(Band.elder_id, sa.func.count())
        .where(Band.elder_id.in_(ids), Band.state == BandState.ACTIVE)
        .group_by(Band.elder_id)
    )
    return {elder_id: count for elder_id, count in rows if elder_id is not None}
