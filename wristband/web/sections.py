"""The sections of the police door: one table, of which each role sees what it may do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from wristband.accounts.rules import Act


def _(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation: where it leads, its words and icon, who has it, and which addresses are below it."""

    address: str
    words: str
    icon: str
    act: Act | None = None
    """None: everybody who is signed in."""
    below: tuple[str, ...] = ()
    """Besides the address itself."""
    unless: Act | None = None
    """Whoever may do this has another entry that holds it."""

    def holds(self, path: str) -> bool:
        return any(path == one or path.startswith(f"{one}/") for one in (self.address, *self.below))


SECTIONS = (
    Section("/police", _("警情台"), "list", Act.SEE_DESK),
    Section("/police/records", _("资料"), "people", Act.SEE_RECORDS),
    Section("/police/bands", _("手环"), "strap", Act.PRINT_BANDS),
    Section("/police/bind", _("绑定"), "plus", Act.BIND_BANDS),
    Section("/police/look", _("紧急查阅"), "eye", Act.BREAK_GLASS),
    Section("/police/looks", _("复核"), "check", Act.REVIEW_LOOKS),
    Section("/police/imports", _("表格"), "upload", Act.IMPORT_RECORDS, ("/police/exports",)),
    Section("/police/exports/waiting", _("导出"), "download", Act.APPROVE_EXPORTS, unless=Act.IMPORT_RECORDS),
    Section("/police/staff", _("人员"), "people", Act.KEEP_STAFF),
    Section("/police/partners", _("合作单位"), "send", Act.KEEP_PARTNERS),
    Section("/police/numbers", _("数字"), "chart", Act.SEE_NUMBERS),
    Section("/police/guide", _("说明"), "info", None, ("/police/drill",)),
)


def sections_of(acts: Collection[Act]) -> list[Section]:
    """What a role with these acts sees, in order; the first is where it lands after signing in."""
    return [
        one
        for one in SECTIONS
        if (one.act is None or one.act in acts) and (one.unless is None or one.unless not in acts)
    ]


def home_of(acts: Collection[Act]) -> str:
    """Where somebody with these acts begins."""
    return sections_of(acts)[0].address


def section_of(path: str, among: Collection[Section]) -> Section | None:
    """The section of an address: the longest that holds it, for every page is below the desk's."""
    return max((one for one in among if one.holds(path)), key=lambda one: _matched(one, path), default=None)


def _matched(section: Section, path: str) -> int:
    return max(len(one) for one in (section.address, *section.below) if path == one or path.startswith(f"{one}/"))
