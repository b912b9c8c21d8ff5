"""How long what is kept: the one table. Nothing personal is kept that has no line here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kept(StrEnum):
    """What is kept, by the name under which a purge counts it."""

    ELDERS = "elders"
    ACCOUNTS = "accounts"
    FINDERS_PHONES = "finders_phones"
    SIGHTINGS = "sightings"
    PLACES = "places"
    MESSAGES = "messages"
    STEPS = "steps"
    INVITATIONS = "invitations"
    HAND_OVER_CODES = "hand_over_codes"
    ENDED_GRANTS = "ended_grants"
    IDLE_SCANS = "idle_scans"
    CHALLENGES = "challenges"
    BUDGETS = "budgets"
    SIGN_INS = "sign_ins"
    UNFINISHED_PHOTOS = "unfinished_photos"
    REPLACED_PHOTOS = "replaced_photos"


@dataclass(frozen=True, slots=True)
class Line:
    """`what` is kept for `keep` after the moment `after` names; without an end while that lasts.

    `columns` are the sealed columns it answers for, as `table.column`.
    """

    what: str
    after: str
    keep: timedelta | None = None
    columns: tuple[str, ...] = ()

    def cutoff(self, now: datetime) -> datetime:
        """What this line's moment is not later than is to go. Raises RuntimeError for a line without an end."""
        if self.keep is None:
            raise RuntimeError(f"{self.what}: kept while it is needed, not for a time")
        return now - self.keep


def _(text: str) -> str:
    return text


_CLOSED = _("警情办结；没有报警的，从留下时算")

RETENTION: dict[Kept, Line] = {
    Kept.ELDERS: Line(
        _("老人的资料、联系电话、照片、手环"),
        _("登记期间，家人删除时马上销毁"),
        columns=(
            "elder.name",
            "elder.called",
            "elder.birth_year",
            "elder.address",
            "elder.approach",
            "elder.health",
            "contact.address",
            "band.check_code",
            "emergency_look.words",
            "emergency_look.review",
        ),
    ),
    Kept.ACCOUNTS: Line(
        _("家属和民警的账号"), _("账号使用期间"), columns=("guardian.phone", "guardian.name", "officer.name")
    ),
    Kept.FINDERS_PHONES: Line(_("发现人的手机号"), _CLOSED, timedelta(days=30), ("grant.phone",)),
    Kept.SIGHTINGS: Line(_("发现人留下的位置和话"), _CLOSED, timedelta(days=30), ("sighting.place", "sighting.words")),
    Kept.PLACES: Line(_("位置，警情没有办结也一样"), _("留下位置"), timedelta(days=180)),
    Kept.MESSAGES: Line(_("短信的内容和收信号码"), _CLOSED, timedelta(days=30), ("message.recipient", "message.body")),
    Kept.STEPS: Line(_("民警写下的处理经过"), _("警情办结"), timedelta(days=180), ("incident_move.words",)),
    Kept.INVITATIONS: Line(_("邀请家人用的号码"), _("邀请结束或过期"), timedelta(days=30), ("invitation.phone",)),
    Kept.HAND_OVER_CODES: Line(_("交接码的摘要"), _("交接码过期"), timedelta(days=1)),
    Kept.ENDED_GRANTS: Line(_("给扫码人看资料的许可"), _("许可结束"), timedelta(days=30)),
    Kept.IDLE_SCANS: Line(_("只打开看了看的扫码"), _("扫码"), timedelta(days=180)),
    Kept.CHALLENGES: Line(_("验证码的摘要"), _("验证码过期"), timedelta(hours=1)),
    Kept.BUDGETS: Line(_("次数限制的计数"), _("次数恢复"), timedelta(0)),
    Kept.SIGN_INS: Line(_("登录记录"), _("登录结束"), timedelta(days=30)),
    Kept.UNFINISHED_PHOTOS: Line(_("没登记完的照片"), _("上传"), timedelta(hours=24)),
    Kept.REPLACED_PHOTOS: Line(_("换下来的旧照片，没有手环再用"), _("换下"), timedelta(days=30)),
}
