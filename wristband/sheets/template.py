"""The sheet to fill in: its headings, one row that is an example, and what each column is for."""

from __future__ import annotations

from datetime import datetime

from wristband.elders.rules import CONSENT_TEXTS, RELATIONS
from wristband.sheets.headings import HEADINGS, PURPOSES, REQUIRED, SheetField
from wristband.sheets.rules import SheetKind
from wristband.sheets.writing import Properties, write

_HELP = {
    SheetField.NAME: "写身份证上的姓名",
    SheetField.CALLED: "老人喜欢别人怎样叫，例如 林阿姨",
    SheetField.SEX: "男 或 女",
    SheetField.BIRTH_YEAR: "四位数的年份，例如 1943；写整个生日也可以，只保存年份",
    SheetField.ADDRESS: "住在哪里",
    SheetField.APPROACH: "怎样和老人说话，例如 说闽南语，请慢慢说",
    SheetField.HEALTH: "过敏、用药等；要家人另外签字同意",
    SheetField.GUARDIAN_NAME: "管老人的家人",
    SheetField.PHONE: "这位家人的手机号，收得到短信",
    SheetField.RELATION: "、".join(RELATIONS.values()),
    SheetField.SECOND_PHONE: "再打给谁",
    SheetField.STATION: "不填就是本所",
}
_AGREED = "家人在纸上签字的日期，例如 2026-11-24；没有签的不填。纸上要有这句话：{words}"
EXAMPLE = "示例："
"""How a row begins that is left out: our sheet explains itself with one."""
_SHOWN = {
    SheetField.NAME: f"{EXAMPLE}林某某",
    SheetField.SEX: "女",
    SheetField.BIRTH_YEAR: "1943",
    SheetField.GUARDIAN_NAME: "林某",
    SheetField.PHONE: "例如 11 位手机号",
    SheetField.RELATION: "子女",
    SheetField.AGREED_SERVICE: "2026-11-24",
    SheetField.AGREED_POLICE: "2026-11-24",
}


def template(kind: SheetKind, *, organisation: str, now: datetime) -> bytes:
    """The empty sheet as a file. What the columns are for stands above the headings, an example below them."""
    fields = list(SheetField)
    rows = [
        ["黄手环老人登记表：从「示例」的下一行开始填，一位老人一行。带 * 的一定要填。"],
        [_help(field) for field in fields],
        [f"{'*' if field in REQUIRED else ''}{HEADINGS[field][0]}" for field in fields],
        [_SHOWN.get(field, "") for field in fields],
    ]
    properties = Properties("老人登记表", organisation, "一位老人一行", now)
    return write(kind, rows, properties, headings_at=2, widths=[16] * len(fields))


def _help(field: SheetField) -> str:
    purpose = PURPOSES.get(field)
    return _AGREED.format(words=CONSENT_TEXTS[purpose]) if purpose else _HELP[field]


def is_example(name: str) -> bool:
    """Whether a row of this name is the one of our own sheet."""
    return name.strip().startswith(EXAMPLE)
