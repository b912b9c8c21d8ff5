"""Made-up station files, and what reading them gives."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from wristband.errors import BadValue
from wristband.stations.files import RejectedRow, StationRow, read
from wristband.values.position import Position

FILES = Path(__file__).parent.parent / "files" / "stations"
TONGAN = Position(24.723, 118.152)
HEADER = "name,lat,lon,crs\n"


def stations_of(data: io.BytesIO | Path, *, zone_only: bool = False) -> list[StationRow]:
    return [row for row in read(data, name="made-up.csv", zone_only=zone_only) if isinstance(row, StationRow)]


def rejects_of(data: io.BytesIO | Path, *, zone_only: bool = False) -> list[RejectedRow]:
    return [row for row in read(data, name="made-up.csv", zone_only=zone_only) if isinstance(row, RejectedRow)]


def reasons_of(data: io.BytesIO | Path, *, zone_only: bool = False) -> dict[int, str]:
    return {reject.line: reject.code for reject in rejects_of(data, zone_only=zone_only)}


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(BadValue) as refusal:
        call()
    return refusal.value.code


def file_of(text: str, encoding: str = "utf-8") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))
