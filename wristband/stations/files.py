"""Station files read row by row: CSV and TSV, GeoJSON, Overpass JSON; what cannot be taken is said, never dropped."""

from __future__ import annotations

import codecs
import hashlib
import io
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from wristband.errors import BadValue
from wristband.stations import opening_hours
from wristband.stations.features import feature_records
from wristband.stations.rules import metres_between
from wristband.stations.tables import HEADINGS, Record, table_records
from wristband.values.phone import Phone, is_service_number
from wristband.values.position import Crs, Position, degrees, from_crs, inside_gcj02_zone, near_gcj02_zone
from wristband.values.width import half_width

LARGEST_FILE_BYTES = 100 * 1024 * 1024
SAME_STATION_M = 150.0
_LARGEST_TEXT = {
    "name": 120,
    "address": 240,
    "district": 40,
    "opening_hours": 240,
    "source": 64,
    "source_id": 64,
    "licence": 120,
}
_ORG_CODE = re.compile(r"[0-9A-Z]{12}", re.ASCII)
_ADCODE = re.compile(r"[0-9]{6}(?:[0-9]{3}){0,2}", re.ASCII)
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx and xls
_CHUNK_BYTES = 1 << 20
_CRS_NAMES = {
    "wgs84": Crs.WGS84,
    "gcj02": Crs.GCJ02,
    "火星坐标": Crs.GCJ02,
    "bd09": Crs.BD09,
    "bd09ll": Crs.BD09,
    "百度坐标": Crs.BD09,
}


@dataclass(frozen=True, slots=True)
class StationRow:
    """A station as read: `position` in WGS-84, texts trimmed, "" for what the file does not say.

    `source` and `source_id` together are its identity over repeated imports. `left_out` holds the codes of particulars
    that were not fit to keep ("station.phone_left_out", ...): the station is good without them. Hours that are not
    understood are kept as text and named there too.
    """

    line: int
    source: str
    source_id: str
    name: str
    address: str
    phone: Phone | None
    position: Position
    org_code: str
    adcode: str
    district: str
    opening_hours: str
    licence: str
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row not taken: the line or ordinal it starts at, the code of the reason, the facts for its sentence."""

    line: int
    code: str
    facts: Mapping[str, Any]


def read(data: BinaryIO | Path, *, name: str, zone_only: bool = False) -> Iterator[StationRow | RejectedRow]:
    """Every station of a file, in its order: a row or the reason why not. `name` is the file's own.

    `data` is a path or a seekable binary stream, which stays open. `zone_only` rejects what lies outside mainland,
    Hong Kong and Macau (a box around Xiamen holds Kinmen). Tables are streamed; JSON is held in memory.
    A row's `source` is its column, else the file's name without its ending. Its `source_id` is its column, else a
    digest of name and position to four decimals (11 m): a station renamed or moved farther is another one.

    Raises BadValue at once for a whole file: "station_file.empty", ".too_large", ".is_spreadsheet", ".not_text",
    ".not_json", ".not_stations", ".columns_missing", ".other_crs", ".incomplete".
    """
    encoding = _encoding(data)
    return _judge(_records(data, encoding), _source(name), zone_only)


def count(data: BinaryIO | Path) -> int:
    """How many rows `read` will give, for a progress bar: the same passes without the judging; raises the same."""
    return sum(1 for _ in _records(data, _encoding(data)))


def _records(data: BinaryIO | Path, encoding: str) -> Iterator[Record]:
    """The records; the first is read ahead, so that the file's own faults are raised here and now."""
    records = _read_records(data, encoding)
    first = next(records, None)
    if first is None:
        raise BadValue("station_file.empty")
    return chain([first], records)


def _read_records(data: BinaryIO | Path, encoding: str) -> Iterator[Record]:
    with _opened(data) as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="")
        try:
            start = text.read(4096).lstrip()[:1]
            text.seek(0)
            yield from feature_records(_document(text)) if start in ("{", "[") else table_records(text)
        finally:
            text.detach()  # or it would close a stream that is not ours


def _document(text: io.TextIOWrapper) -> Any:
    try:
        return json.load(text)
    except (ValueError, RecursionError) as unreadable:
        raise BadValue("station_file.not_json") from unreadable


@contextmanager
def _opened(data: BinaryIO | Path) -> Iterator[BinaryIO]:
    if isinstance(data, Path):
        with data.open("rb") as stream:
            yield stream
    else:
        data.seek(0)
        yield data


def _encoding(data: BinaryIO | Path) -> str:
    """The first encoding in which the whole file is text; read through in pieces, nothing kept."""
    with _opened(data) as stream:
        size = stream.seek(0, io.SEEK_END)
        if size > LARGEST_FILE_BYTES:
            raise BadValue("station_file.too_large", most_mb=LARGEST_FILE_BYTES >> 20)
        stream.seek(0)
        head = stream.read(4)
        if head.startswith(_SPREADSHEETS):
            raise BadValue("station_file.is_spreadsheet")
        # Excel's "Unicode text" is UTF-16 with a mark; its CSV is GB18030 on a Chinese machine, or UTF-8 with a mark.
        marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
            if _is_text(stream, encoding):
                return encoding
    raise BadValue("station_file.not_text")


def _is_text(stream: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    try:
        while chunk := stream.read(_CHUNK_BYTES):
            if "\0" in decoder.decode(chunk):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _judge(records: Iterator[Record], source: str, zone_only: bool) -> Iterator[StationRow | RejectedRow]:
    known = _Known()
    for record in records:
        try:
            row = _row(record, source)
            if zone_only and not inside_gcj02_zone(row.position.latitude, row.position.longitude):
                raise BadValue("station.outside_zone")
            known.add(row)
        except BadValue as reason:
            yield RejectedRow(record.line, reason.code, reason.facts)
        else:
            yield row


def _row(record: Record, source: str) -> StationRow:
    """A record as a station. Raises BadValue with the reason it is none."""
    if record.refused:
        raise BadValue(record.refused)
    texts = {name: _text(name, record.fields.get(name, "")) for name in _LARGEST_TEXT}
    if not texts["name"]:
        raise BadValue("station.name_missing")
    position = _position(record.fields)
    phone, phone_fits = _phone(record.fields.get("phone", ""))
    org_code, org_code_fits = _code(_ORG_CODE, record.fields.get("org_code", ""))
    adcode, adcode_fits = _code(_ADCODE, record.fields.get("adcode", ""))
    hours = texts["opening_hours"]
    fits = {"phone": phone_fits, "org_code": org_code_fits, "adcode": adcode_fits}
    # Kept as they are written: a person may understand them all the same.
    fits["hours"] = not hours or opening_hours.parse(hours) is not None
    return StationRow(
        line=record.line,
        source=texts["source"] or source,
        source_id=texts["source_id"] or _digest(texts["name"], position),
        name=texts["name"],
        address=texts["address"],
        phone=phone,
        position=position,
        org_code=org_code,
        adcode=adcode,
        district=texts["district"],
        opening_hours=hours,
        licence=texts["licence"],
        left_out=tuple(f"station.{particular}_left_out" for particular, fit in fits.items() if not fit),
    )


def _text(name: str, text: str) -> str:
    """One line without control or direction marks. Raises BadValue("station.text_too_long")."""
    visible = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    line = " ".join(visible.split())
    if len(line) > _LARGEST_TEXT[name]:
        raise BadValue("station.text_too_long", column=HEADINGS[name][0], most=_LARGEST_TEXT[name])
    return line


def _position(fields: Mapping[str, str]) -> Position:
    """WGS-84, out of whatever datum the row says. Raises BadValue for a missing, unknown, false or swapped place."""
    if not fields.get("latitude") or not fields.get("longitude"):
        raise BadValue("station.place_missing")
    if not fields.get("crs"):
        raise BadValue("station.crs_missing")
    crs = _CRS_NAMES.get(re.sub(r"[\s_-]", "", half_width(fields["crs"]).lower()))
    if crs is None:
        raise BadValue("station.crs_unknown")
    latitude, longitude = degrees(fields["latitude"]), degrees(fields["longitude"])
    if not near_gcj02_zone(latitude, longitude) and near_gcj02_zone(longitude, latitude):
        raise BadValue("station.swapped_coordinates")
    return from_crs(latitude, longitude, crs)


def _phone(text: str) -> tuple[Phone | None, bool]:
    """The first number in `text` that is one, and whether that does the text justice; 110 needs no repeating."""
    for part in re.split("[;,/、]", half_width(text)):
        try:
            return Phone.parse(part), True
        except BadValue:
            continue
    return None, not text or is_service_number(text)


def _code(form: re.Pattern[str], text: str) -> tuple[str, bool]:
    """A code in its form, "" for any other, and whether nothing was lost; ".0" is a spreadsheet's doing."""
    code = half_width(text).strip().upper().removesuffix(".0")
    return (code, True) if form.fullmatch(code) else ("", not code)


def _source(name: str) -> str:
    stem = re.split(r"[/\\]", name)[-1].rsplit(".", 1)[0].strip()
    return stem[: _LARGEST_TEXT["source"]] or "file"


def _name_key(name: str) -> str:
    """A name for comparing: letters and digits only, half-width, lower case."""
    return "".join(character for character in half_width(name).casefold() if character.isalnum())


def _digest(name: str, position: Position) -> str:
    identity = f"{_name_key(name)}\n{position.latitude:.4f}\n{position.longitude:.4f}"
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


class _Known:
    """The stations of this file so far, filed by name and a strip of latitude wider than two of the same may lie."""

    _STRIP_DEGREES = 0.0015  # at least 165 m

    def __init__(self) -> None:
        self._identities: dict[tuple[str, str], int] = {}
        self._by_name: dict[tuple[str, int], list[StationRow]] = {}

    def add(self, row: StationRow) -> None:
        """Remember `row`. Raises BadValue("station.duplicate") or BadValue("station.same_id") with the first line."""
        key, strip = _name_key(row.name), math.floor(row.position.latitude / self._STRIP_DEGREES)
        for near in (strip - 1, strip, strip + 1):
            for other in self._by_name.get((key, near), ()):
                if metres_between(row.position, other.position) <= SAME_STATION_M:
                    raise BadValue("station.duplicate", first_line=other.line)
        identity = (row.source, row.source_id)
        if identity in self._identities:
            raise BadValue("station.same_id", first_line=self._identities[identity])
        self._identities[identity] = row.line
        self._by_name.setdefault((key, strip), []).append(row)
