"""What stands on a band, in each language, loud or discreet: no name, no address, no illness."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language; `{…}` are filled by the drawing. `lost` is empty on a discreet band."""

    lost: str
    scan: str
    emergency: str
    number: str
    typed: str
    inside: str
    check_code: str
    check_code_use: str
    issued: str
    renew: str
    fold: str
    cut: str
    overlap: str
    ruler: str

    def month(self, issued: date) -> str:
        """The month of issue as it is printed."""
        return self.issued.format(year=issued.year, month=f"{issued.month:02d}")


WORDS: dict[Language, Words] = {
    "zh": Words(
        lost="我可能迷路了",
        scan="请扫码帮我回家",
        emergency="紧急 110",
        number="编号 {code}",
        typed="扫不出？打开 {host}/b 输入编号",
        inside="内侧",
        check_code="核对码",
        check_code_use="人在老人身边，才看得到它。网页问起时再输入。",
        issued="{year}-{month} 发放",
        renew="戴满一年请换新",
        fold="沿虚线对折",
        cut="沿虚线剪开，熨在衣服内侧",
        overlap="扣好后，这一段被盖住",
        ruler="请按实际大小（100%）打印，不要缩放。这条线应长 50 毫米：",
    ),
    "en": Words(
        lost="I may be lost",
        scan="Scan to help me home",
        emergency="Emergency 110",
        number="Band code {code}",
        typed="Won't scan? Enter the band code at {host}/b",
        inside="Inside",
        check_code="Check code",
        check_code_use="Only someone beside me can see it. Enter it when the page asks.",
        issued="Issued {year}-{month}",
        renew="Replace after a year",
        fold="Fold along the dashes",
        cut="Cut here; iron on inside the garment",
        overlap="This end is covered once the band is closed",
        ruler="Print at actual size (100%), without scaling. This line should be 50 mm long:",
    ),
}

DISCREET: dict[Language, Words] = {
    "zh": replace(WORDS["zh"], lost="", scan="扫码联系", typed="或打开 {host}/b 输入编号"),
    "en": replace(WORDS["en"], lost="", scan="Scan to contact", typed="Or enter the band code at {host}/b"),
}
"""For who would not wear the others: nothing of being lost, of home or of help. 110 and the band code stay."""


def host_of(address: str) -> str:
    """The host of a band's address as a person types it: `HTTPS://HB.EXAMPLE/T/` is hb.example."""
    return address.partition("://")[2].partition("/")[0].lower()
