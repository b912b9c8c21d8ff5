"""Which column holds what: the words that communities write above them, merged cells among them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from wristband.elders.rules import Purpose
from wristband.errors import BadValue


class SheetField(StrEnum):
    """What a column fills; a consent's column holds the day on which the paper was signed."""

    NAME = "name"
    CALLED = "called"
    SEX = "sex"
    BIRTH_YEAR = "birth_year"
    ADDRESS = "address"
    APPROACH = "approach"
    HEALTH = "health"
    GUARDIAN_NAME = "guardian_name"
    PHONE = "phone"
    RELATION = "relation"
    SECOND_PHONE = "second_phone"
    STATION = "station"
    AGREED_SERVICE = "agreed_service"
    AGREED_POLICE = "agreed_police"
    AGREED_HEALTH = "agreed_health"
    AGREED_CARD = "agreed_card"
    AGREED_WHEREABOUTS = "agreed_whereabouts"


PURPOSES = {
    SheetField.AGREED_SERVICE: Purpose.SERVICE,
    SheetField.AGREED_POLICE: Purpose.POLICE,
    SheetField.AGREED_HEALTH: Purpose.HEALTH,
    SheetField.AGREED_CARD: Purpose.CARD,
    SheetField.AGREED_WHEREABOUTS: Purpose.WHEREABOUTS,
}
"""A sheet brings no portrait and no voice, so it brings no consent to them."""

# What a column may be called; the first is the one our own sheet has.
HEADINGS: dict[SheetField, tuple[str, ...]] = {
    SheetField.NAME: ("老人姓名", "姓名", "老人", "老年人姓名", "被监护人姓名", "佩戴人", "name"),
    SheetField.CALLED: ("称呼", "老人称呼", "昵称", "小名", "called"),
    SheetField.SEX: ("性别", "老人性别", "sex", "gender"),
    SheetField.BIRTH_YEAR: ("出生年", "出生年份", "出生日期", "出生年月", "生日", "老人出生年", "birth_year"),
    SheetField.ADDRESS: ("住址", "地址", "家庭住址", "居住地址", "现住址", "老人住址", "常住地址", "address"),
    SheetField.APPROACH: ("怎样说话", "沟通方式", "沟通提示", "怎样和老人说话", "语言", "approach"),
    SheetField.HEALTH: ("健康提示", "健康状况", "病史", "过敏", "用药", "health"),
    SheetField.GUARDIAN_NAME: ("监护人姓名", "家属姓名", "联系人姓名", "监护人", "家属", "联系人", "guardian_name"),
    SheetField.PHONE: (
        *(
            "监护人手机",
            "监护人电话",
            "监护人手机号",
            "监护人联系电话",
            "家属电话",
            "家属手机",
            "联系人电话",
            "联系人手机",
        ),
        *("家属联系电话", "联系人联系电话", "手机", "手机号", "手机号码", "电话", "联系电话", "phone"),
    ),
    SheetField.RELATION: ("与老人关系", "关系", "和老人的关系", "监护人关系", "家属关系", "联系人关系", "relation"),
    SheetField.SECOND_PHONE: (
        *("第二联系电话", "备用电话", "第二电话", "其他电话", "紧急联系电话", "备用手机", "second_phone"),
    ),
    SheetField.STATION: ("派出所", "所属派出所", "辖区派出所", "station"),
    SheetField.AGREED_SERVICE: ("同意登记日期", "同意登记", "同意书日期", "签字日期", "agreed_service"),
    SheetField.AGREED_POLICE: ("同意民警查看日期", "同意民警查看", "agreed_police"),
    SheetField.AGREED_HEALTH: ("同意健康提示日期", "同意健康提示", "agreed_health"),
    SheetField.AGREED_CARD: ("同意急救卡日期", "同意急救卡", "agreed_card"),
    SheetField.AGREED_WHEREABOUTS: ("同意看位置日期", "同意看位置", "agreed_whereabouts"),
}
REQUIRED = (
    SheetField.NAME,
    SheetField.GUARDIAN_NAME,
    SheetField.PHONE,
    SheetField.RELATION,
    SheetField.AGREED_SERVICE,
    SheetField.AGREED_POLICE,
)
_MARKS = re.compile(r"[\s*＊:：?？_.·、/\\-]+|[(（\[【][^)）\]】]*[)）\]】]")


def _plain(heading: str) -> str:
    """A heading without spaces, stars and what stands in brackets: 「*监护人手机（必填）」 is 监护人手机."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", heading)).casefold()


_FIELDS = {_plain(word): field for field, words in HEADINGS.items() for word in words}


def field_of(heading: str) -> SheetField | None:
    """What a column of this heading fills; None for one that we do not keep."""
    return _FIELDS.get(_plain(heading))


@dataclass(frozen=True, slots=True)
class Header:
    """Where the fields stand, in the sheet's own words; `rows` the heading takes, title rows above it included."""

    columns: dict[SheetField, int]
    words: tuple[str, ...]
    rows: int

    def word(self, field: SheetField) -> str:
        """What the sheet calls this field; our own word where it has none."""
        at = self.columns.get(field)
        return self.words[at] if at is not None else HEADINGS[field][0]

    @property
    def unused(self) -> list[str]:
        """Headings of columns that are not read."""
        used = set(self.columns.values())
        return [word for at, word in enumerate(self.words) if word and at not in used]


def find_header(rows: Sequence[Sequence[str]]) -> Header:
    """The headings among the first rows of a sheet: one row, or two of which the upper has merged cells.

    Raises BadValue("sheets.columns_missing") naming what is not there, "sheets.column_twice", "sheets.empty".
    """
    best: Header | None = None
    for at, row in enumerate(rows):
        single = _header(row, at + 1)
        candidates = [single]
        if at + 1 < len(rows):
            candidates.append(_header(_joined(row, rows[at + 1]), at + 2))
        for candidate in candidates:
            if not _missing(candidate) and not _twice(candidate):
                return candidate
        if len(single.columns) > (len(best.columns) if best else 0):
            best = single
    if best is None:
        raise BadValue("sheets.empty" if not rows else "sheets.no_headings", columns=_names(REQUIRED))
    if twice := _twice(best):
        raise BadValue("sheets.column_twice", column=twice)
    raise BadValue("sheets.columns_missing", columns=_names(_missing(best)))


def _header(words: Sequence[str], rows: int) -> Header:
    columns: dict[SheetField, int] = {}
    for at, word in enumerate(words):
        field = field_of(word)
        if field is not None:
            columns.setdefault(field, at)
    return Header(columns, tuple(" ".join(word.split()) for word in words), rows)


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Two rows of headings as one: a cell that is merged over several columns counts for each of them."""
    joined, over = [], ""
    for at in range(max(len(upper), len(lower))):
        top = upper[at].strip() if at < len(upper) else ""
        low = lower[at].strip() if at < len(lower) else ""
        over = top or (over if low else "")
        # 「监护人」over「手机」is 监护人手机; 「老人基本信息」over「性别」is 性别.
        both = over + low
        joined.append(both if not low or field_of(both) is not None else low)
    return joined


def _missing(header: Header) -> list[SheetField]:
    return [field for field in REQUIRED if field not in header.columns]


def _twice(header: Header) -> str:
    seen: set[SheetField] = set()
    for word in header.words:
        field = field_of(word)
        if field in seen:
            return word
        if field is not None:
            seen.add(field)
    return ""


def _names(fields: Sequence[SheetField]) -> str:
    return "、".join(HEADINGS[field][0] for field in fields)
