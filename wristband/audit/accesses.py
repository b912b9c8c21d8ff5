"""Who looked at an elder's record and who changed it, for the family: one question, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from wristband.audit.deeds import Deed
from wristband.audit.models import AuditRow
from wristband.db import db


def _(text: str) -> str:
    return text


# What a guardian, or an officer at the counter, does to what all of the guardians answer for: they read it here.
CHANGES: dict[Deed, str] = {
    Deed.BAND_ISSUED: _("做了一条新手环"),
    Deed.BAND_ENDED: _("停用了一条手环"),
    Deed.CHECK_REOPENED: _("重新打开了核对码"),
    Deed.CONTACT_ADDED: _("加了一个联系电话"),
    Deed.CONTACT_REMOVED: _("去掉了一个联系电话"),
    Deed.CONTACT_CONFIRMED: _("确认了一个联系电话"),
    Deed.CONTACTS_ORDERED: _("改了联系电话的先后"),
    Deed.CONSENT_GIVEN: _("同意了一项"),
    Deed.CONSENT_WITHDRAWN: _("撤回了一项同意"),
    Deed.ELDER_CHANGED: _("改了资料"),
    Deed.PORTRAIT_CHANGED: _("换了或调整了照片"),
    Deed.VOICE_KEPT: _("录了给老人听的话"),
    Deed.VOICE_REMOVED: _("删了给老人听的录音"),
    Deed.DRILL_BEGUN: _("演练了一次"),
    Deed.ELDER_EXPORTED: _("下载了全部资料"),
    Deed.ERASURE_ASKED: _("要求删除全部资料"),
    Deed.ERASURE_UNDONE: _("撤回了删除"),
    Deed.ERASURE_OBJECTED: _("不同意删除"),
    Deed.OBJECTION_ENDED: _("不再反对删除"),
    Deed.GUARDIAN_INVITED: _("邀请了一位监护人"),
    Deed.INVITATION_ENDED: _("取消了监护人邀请"),
    Deed.GUARDIANSHIP_BEGAN: _("成为监护人"),
    Deed.GUARDIANSHIP_ENDED: _("退出监护"),
    Deed.ELDER_CONFIRMED: _("核实了登记"),
    Deed.ELDER_DECEASED: _("记下老人已去世，停用了手环"),
    Deed.DEATH_UNDONE: _("更正：老人健在，手环重新启用"),
    Deed.DISPUTE_OPENED: _("记下争议，扫手环的人暂时看不到资料"),
    Deed.DISPUTE_SETTLED: _("处理完争议"),
    Deed.TRANSFER_OFFERED: _("请另一个派出所接收"),
    Deed.TRANSFER_REFUSED: _("移交没有办成"),
    Deed.ELDER_TRANSFERRED: _("接收了老人的资料"),
    Deed.ELDERS_MERGED: _("合并了重复的登记"),
    Deed.ELDERS_PARTED: _("撤销了合并"),
    Deed.REMOVAL_ASKED: _("提出取消一位监护人"),
    Deed.REMOVAL_REFUSED: _("没有同意取消监护人"),
    Deed.GUARDIAN_REMOVED: _("取消了一位监护人"),
    Deed.RECORD_EXPORTED: _("导出到名单"),
}
# Everything by which somebody saw, or asked to see, something of an elder, and every change.
ACCESSES = CHANGES.keys() | frozenset(
    {
        Deed.GRANT_SHOWN,
        Deed.APPROVAL_ASKED,
        Deed.APPROVAL_GIVEN,
        Deed.APPROVAL_MISTYPED,
        Deed.GRANT_ENDED,
        Deed.INCIDENT_LOOKED_AT,
        Deed.INCIDENT_REVEALED,
        Deed.PLATFORM_TOLD,
        Deed.BREAK_GLASS_LOOKED,
        Deed.BREAK_GLASS_JUSTIFIED,
        Deed.BREAK_GLASS_UNJUSTIFIED,
        Deed.FAMILY_LOOKED_UP,
        Deed.RECORD_OPENED,
        Deed.RECORD_SHOWN,
        Deed.BAND_LOOKED_UP,
        Deed.BAND_PRINTED,
    }
)


@dataclass(frozen=True, slots=True)
class Access:
    """A look or a change: who (`kind` and id), what, when, because of what (`subject_kind` and id), which fields."""

    at: datetime
    deed: Deed
    actor_kind: str
    actor_id: int | None
    subject_kind: str
    subject_id: int | None
    facts: dict[str, object]

    @property
    def fields(self) -> list[str]:
        """Names of the fields that were shown or changed."""
        return str(self.facts.get("fields", "")).split()


def list_accesses(elder_id: int, *, before: datetime | None = None, limit: int = 50) -> list[Access]:
    """The latest looks at the elder's record, and changes of it, before a moment. A guardian asks after get_elder."""
    question = sa.select(AuditRow).where(
        AuditRow.elder_id == elder_id, AuditRow.deed.in_([deed.value for deed in ACCESSES])
    )
    if before is not None:
        question = question.where(AuditRow.at < before)
    rows = db.session.scalars(question.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit))
    return [_access(row) for row in rows]


def has_looked(actor: str, subject: str, deed: Deed = Deed.INCIDENT_LOOKED_AT, *, since: datetime) -> bool:
    """Whether this actor has looked at this subject's record since then, or opened it: by which `deed`."""
    looked = sa.exists().where(
        AuditRow.actor == actor,
        AuditRow.subject == subject,
        AuditRow.deed == deed.value,
        AuditRow.at > since,
    )
    return db.session.scalar(sa.select(looked)) is True


def _access(row: AuditRow) -> Access:
    (actor_kind, actor_id), (subject_kind, subject_id) = _named(row.actor), _named(row.subject)
    return Access(row.at, Deed(row.deed), actor_kind, actor_id, subject_kind, subject_id, row.facts)


def _named(text: str) -> tuple[str, int | None]:
    kind, _, number = text.partition(":")
    return kind, int(number) if number.isdigit() else None
