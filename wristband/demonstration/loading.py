"""Loading the demonstration into an empty store, through the same services as everybody."""

from __future__ import annotations

import json
import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from wristband.accounts.hashing import hash_password
from wristband.accounts.models import Guardian
from wristband.bands.rules import BandForm
from wristband.db import db
from wristband.demonstration.cast import ELDERS, OFFICERS, DemoElder
from wristband.elders.rules import ASKED_LATER, REQUIRED, Particulars, Purpose
from wristband.house import house
from wristband.services import issuing, registration, signing_in, staffing
from wristband.stations import files
from wristband.stations.models import Station
from wristband.stations.queries import find_station_by_name
from wristband.values.phone import Phone

FOLDER = Path(__file__).parent
# A registration is believed after a day: so every page can be tried at once.
_REGISTERED_AGO = timedelta(days=2)


def load(*, now: datetime) -> bool:
    """Load stations, families, elders, bands and officers. False, and nothing is changed, where any people are."""
    if db.session.scalar(sa.select(sa.exists().select_from(Guardian))) or db.session.scalar(
        sa.select(sa.exists().select_from(Station))
    ):
        return False
    stations = FOLDER / "stations.csv"
    staffing.import_stations(files.read(stations, name=stations.name), demonstration=True, now=now)
    _keep_passwords({officer.username: secrets.token_urlsafe(15) for officer in OFFICERS}, now)
    for elder in ELDERS:
        _register(elder, now - _REGISTERED_AGO)
    return True


def passwords_file() -> Path:
    """Where the officers' passwords, made for this store alone, can be read."""
    return house().settings.data_dir / "demonstration.json"


def _keep_passwords(passwords: dict[str, str], now: datetime) -> None:
    handle = os.open(passwords_file(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(passwords, file, indent=1)
    for officer in OFFICERS:
        staffing.add_officer(
            officer.username,
            name=officer.name,
            password_hash=hash_password(passwords[officer.username]),
            role=officer.role,
            station_id=_station(officer.station),
            now=now,
        )


def _register(elder: DemoElder, now: datetime) -> None:
    guardian_id = signing_in.join(Phone.parse_mobile(elder.guardian.phone), language="zh-CN", now=now)
    some = REQUIRED | {Purpose.PORTRAIT, Purpose.WHEREABOUTS}
    consents = set(Purpose) - ASKED_LATER if elder.texts["health"] else some
    photo_id = registration.keep_photo(
        (FOLDER / "portraits" / elder.portrait).read_bytes(), guardian_id=guardian_id, now=now
    )
    elder_id = registration.register(
        elder.portrait,
        Particulars.of(today=now.date(), consents=consents, **elder.texts),
        guardian_id=guardian_id,
        guardian_name=elder.guardian.name,
        consents=consents,
        photo_id=photo_id,
        station_id=_station(elder.station),
        second_phone=None,
        now=now,
    )
    issuing.issue("demonstration-band", elder_id, BandForm.WRISTBAND, guardian_id=guardian_id, now=now)


def _station(name: str) -> int:
    station = find_station_by_name(name)
    if station is None:
        raise LookupError(f"the demonstration's stations have no {name}")
    return station.id
