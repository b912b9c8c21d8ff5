"""A row of a sheet as a registration, by the same rules as a family's form; or why not, in the sheet's own terms."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from wristband.elders.rules import NAME_MAX, REQUIRED, Particulars, Purpose, Sex, clean_text
from wristband.errors import BadFields, BadValue
from wristband.sheets.headings import PURPOSES, Header, SheetField
from wristband.sheets.reading import RawRow
from wristband.sheets.rules import OLDEST_PAPER
from wristband.values.phone import Phone
from wristband.values.width import half_width

_SEXES = {
    **dict.fromkeys(("男", "男性", "m", "male"), Sex.MALE),
    **dict.fromkeys(("女", "女性", "f", "female"), Sex.FEMALE),
}
_RELATIONS = {
    **dict.fromkeys(
        ("子女", "儿子", "女儿", "子", "女", "长子", "次子", "长女", "次女", "父子", "母女", "母子", "父女", "child"),
        "child",
    ),
    **dict.fromkeys(("配偶", "丈夫", "妻子", "老伴", "夫妻", "爱人", "spouse"), "spouse"),
    **dict.fromkeys(("孙辈", "孙子", "孙女", "外孙", "外孙女", "祖孙", "grandchild"), "grandchild"),
    **dict.fromkeys(("兄弟姐妹", "兄弟", "姐妹", "哥哥", "弟弟", "姐姐", "妹妹", "sibling"), "sibling"),
    **dict.fromkeys(
        ("其他亲属", "亲属", "亲戚", "儿媳", "媳妇", "女婿", "侄子", "侄女", "外甥", "外甥女", "relative"), "relative"
    ),
    **dict.fromkeys(("照护人", "护工", "保姆", "护理员", "照料人", "社工", "carer"), "carer"),
}
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]00:00(?::00)?)?|(\d{4})(\d{2})(\d{2})", re.ASCII)
_BIRTH = re.compile(r"(\d{4})(?:[-/.年](?:\d{1,2}(?:[-/.月](?:\d{1,2}日?)?)?)?)?(?:[ T]00:00(?::00)?)?", re.ASCII)
# Of the whole birthday only the year is kept.
_BIRTHDAY = re.compile(r"(\d{4})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", re.ASCII)
_NONE = frozenset({"", "无", "没有", "/", "-", "—", "否", "不同意", "n/a", "none"})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row is not taken: its number, the cell's heading ("" for the whole row), a refusal's code and facts."""

    number: int
    heading: str
    code: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Registered:
    """A row that is fit to be registered; `agreed` has the day of the paper by the purpose."""

    number: int
    particulars: Particulars
    guardian_name: str
    phone: Phone
    second_phone: Phone | None
    station_id: int
    agreed: Mapping[Purpose, date]


@dataclass(frozen=True, slots=True)
class Place:
    """For whom a sheet is read: the stations its rows may name, which one where they name none, where texts go to."""

    stations: Mapping[str, int]
    station_id: int
    countries: Collection[str]
    """Calling codes of the countries that a guardian may be texted in."""
    today: date


def judge(row: RawRow, header: Header, place: Place) -> Registered | list[Fault]:
    """A row as a registration, or every fault of it, none of which is found out later."""
    wrong: dict[SheetField, BadValue] = {}
    texts = {field: _cell(row, at) for field, at in header.columns.items()}
    for field, at in header.columns.items():
        if at in row.bad:
            wrong[field] = BadValue(row.bad[at])
    if not row.cells and row.bad:
        return [Fault(row.number, "", code, {}) for code in row.bad.values()]
    agreed = _agreed(texts, place.today, wrong)
    # A fault of a consent's own cell is told once, not again as a consent that is missing.
    purposes = set(agreed) | {purpose for field, purpose in PURPOSES.items() if field in wrong}
    particulars = _particulars(texts, purposes, place.today, wrong)
    guardian_name = _take(SheetField.GUARDIAN_NAME, wrong, lambda: _guardian_name(texts))
    phone = _take(SheetField.PHONE, wrong, lambda: _phone(texts.get(SheetField.PHONE, ""), place.countries))
    second = _take(SheetField.SECOND_PHONE, wrong, lambda: _second(texts.get(SheetField.SECOND_PHONE, "")))
    station_id = _take(SheetField.STATION, wrong, lambda: _station(texts.get(SheetField.STATION, ""), place))
    if wrong or particulars is None:
        return [Fault(row.number, header.word(field), bad.code, bad.facts) for field, bad in wrong.items()]
    return Registered(row.number, particulars, guardian_name, phone, second, station_id, agreed)


def _cell(row: RawRow, at: int) -> str:
    return row.cells[at].strip() if at < len(row.cells) else ""


def _take(field: SheetField, wrong: dict[SheetField, BadValue], read: Any) -> Any:
    if field in wrong:
        return None
    try:
        return read()
    except BadValue as refusal:
        wrong[field] = refusal
        return None


def _particulars(
    texts: Mapping[SheetField, str], consents: set[Purpose], today: date, wrong: dict[SheetField, BadValue]
) -> Particulars | None:
    sex, relation = texts.get(SheetField.SEX, ""), texts.get(SheetField.RELATION, "")
    if sex and _plain(sex) not in _SEXES:
        wrong.setdefault(SheetField.SEX, BadValue("sheets.sex"))
    if relation and _plain(relation) not in _RELATIONS:
        wrong.setdefault(SheetField.RELATION, BadValue("sheets.relation"))
    try:
        return Particulars.of(
            today=today,
            consents=consents,
            name=texts.get(SheetField.NAME, ""),
            relation=_RELATIONS.get(_plain(relation), ""),
            called=texts.get(SheetField.CALLED, ""),
            sex=_SEXES.get(_plain(sex), ""),
            birth_year=_birth_year(texts.get(SheetField.BIRTH_YEAR, "")),
            address=texts.get(SheetField.ADDRESS, ""),
            approach=texts.get(SheetField.APPROACH, ""),
            health=texts.get(SheetField.HEALTH, ""),
        )
    except BadFields as refusal:
        for name, bad in refusal.fields.items():
            if name == "consents":
                for field, purpose in PURPOSES.items():
                    if purpose in REQUIRED - consents:
                        wrong.setdefault(field, BadValue("sheets.consent_missing"))
            else:
                wrong.setdefault(SheetField(name), bad)
        return None


def _plain(text: str) -> str:
    return half_width(text).strip().casefold()


def _birth_year(text: str) -> str:
    """The year of whatever way a birthday is written in; anything else as it is, for the rule to refuse."""
    plain = half_width(text).strip()
    found = _BIRTHDAY.fullmatch(plain) or _BIRTH.fullmatch(plain)
    return found[1] if found else plain


def _agreed(texts: Mapping[SheetField, str], today: date, wrong: dict[SheetField, BadValue]) -> dict[Purpose, date]:
    days: dict[Purpose, date] = {}
    for field, purpose in PURPOSES.items():
        text = _plain(texts.get(field, ""))
        if field in wrong or text in _NONE:
            continue
        day = _take(field, wrong, lambda text=text: _day(text, today))
        if day is not None:
            days[purpose] = day
    return days


def _day(text: str, today: date) -> date:
    """The day on which the paper was signed. Raises BadValue for what is none, has not come, or is too long ago."""
    found = _DAY.fullmatch(text)
    if not found:
        raise BadValue("sheets.day")
    try:
        day = date(*(int(part) for part in found.groups() if part))
    except ValueError:
        raise BadValue("sheets.day") from None
    if day > today:
        raise BadValue("sheets.day_future")
    if today - day > OLDEST_PAPER:
        raise BadValue("sheets.day_old", years=OLDEST_PAPER.days // 365)
    return day


def _guardian_name(texts: Mapping[SheetField, str]) -> str:
    return clean_text(texts.get(SheetField.GUARDIAN_NAME, ""), "sheets.guardian_name", NAME_MAX)


def _phone(text: str, countries: Collection[str]) -> Phone:
    if not text:
        raise BadValue("sheets.phone_missing")
    phone = Phone.parse_mobile(text)
    if phone.calling_code not in countries:
        raise BadValue("phone.country_not_texted", countries="、".join(f"+{code}" for code in countries))
    return phone


def _second(text: str) -> Phone | None:
    return None if _plain(text) in _NONE else Phone.parse(text)


def _station(text: str, place: Place) -> int:
    name = "".join(half_width(text).split())
    if not name:
        return place.station_id
    if name not in place.stations:
        raise BadValue("sheets.other_station")
    return place.stations[name]
