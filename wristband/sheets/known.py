"""Which rows of a sheet are registered already, for a whole batch in a few questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from wristband.accounts.models import Guardian
from wristband.accounts.queries import phone_index
from wristband.db import db
from wristband.elders import opened
from wristband.elders.at_station import alive
from wristband.elders.models import Contact, Elder, Guardianship, name_index
from wristband.sealing import Keyed, box
from wristband.sheets.rows import Registered


def known_keys(keys: Iterable[Keyed]) -> set[str]:
    """Of these elders' keys those that an elder has, one who was erased since among them."""
    every = [one for key in keys for one in key.every]
    return set(db.session.scalars(sa.select(Elder.key).where(_among(Elder.key, every))))


def known_rows(rows: Sequence[Registered]) -> set[int]:
    """The numbers of those rows whose family is registered: this telephone, and an elder of this name.

    Where both say a birth year and it differs they are two elders.
    """
    phones = {row.number: box().blind(row.phone.e164, place="contact.address") for row in rows}
    guardians = {row.number: phone_index(row.phone) for row in rows}
    names = {row.number: name_index(row.particulars.name) for row in rows}
    found = _candidates(_every(names), _every(phones), _every(guardians))
    known = set()
    for row in rows:
        year = str(row.particulars.birth_year) if row.particulars.birth_year else None
        called = [index for keyed in (phones[row.number], guardians[row.number]) for index in keyed.every]
        years = {
            elder_year
            for name in names[row.number].every
            for index in called
            for elder_year in found.get((name, index), ())
        }
        if years and (year is None or None in years or year in years):
            known.add(row.number)
    return known


def find_guardians(rows: Sequence[Registered]) -> dict[str, int]:
    """The guardians' ids by the telephone (E.164), of those that there are."""
    phones = {index: row.phone.e164 for row in rows for index in phone_index(row.phone).every}
    found = db.session.execute(
        sa.select(Guardian.id, Guardian.phone_index).where(_among(Guardian.phone_index, list(phones)))
    )
    return {phones[row.phone_index]: row.id for row in found}


def _candidates(names: list[str], phones: list[str], guardians: list[str]) -> Mapping[tuple[str, str], set[str | None]]:
    """Birth years of elders by name and telephone, each under its index; of a year that does not open, None."""
    by_contact = (
        sa.select(Elder, Contact.address_index.label("phone"))
        .join(Contact, Contact.elder_id == Elder.id)
        .where(_among(Elder.name_index, names), _among(Contact.address_index, phones), alive())
    )
    by_guardian = (
        sa.select(Elder, Guardian.phone_index.label("phone"))
        .join(Guardianship, Guardianship.elder_id == Elder.id)
        .join(Guardian, Guardian.id == Guardianship.guardian_id)
        .where(
            _among(Elder.name_index, names),
            _among(Guardian.phone_index, guardians),
            Guardianship.ended_at.is_(None),
            alive(),
        )
    )
    found: defaultdict[tuple[str, str], set[str | None]] = defaultdict(set)
    for question in (by_contact, by_guardian):
        for elder, phone in db.session.execute(question).all():
            year = opened.text(elder, "birth_year")
            found[elder.name_index or "", phone].add(None if year == opened.UNREADABLE else year)
    return found


def _among(column: Any, values: list[str]) -> sa.ColumnElement[bool]:
    # Not as keyed hashes: each of `values` stands under its own key already.
    return sa.type_coerce(column, sa.String).in_(values)


def _every(keyed: Mapping[int, Keyed]) -> list[str]:
    return sorted({index for one in keyed.values() for index in one.every})
