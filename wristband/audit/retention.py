"""How long what is kept: the one table. Nothing personal is kept that has no line here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kept(StrEnum):
    """What is kept, by the name under which a purge counts it."""

    ELDERS = "elders"
    ACCOUNTS = "accounts"
    PARTNERS = "partners"
    FINDERS_PHONES = "finders_phones"
    SIGHTINGS = "sightings"
    PLACES = "places"
    BOARD_POSTS = "board_posts"
    FINDERS_NUMBERS = "finders_numbers"
    SUPPLEMENTS = "supplements"
    PICKUPS = "pickups"
    RATINGS = "ratings"
    MASKED_CALLS = "masked_calls"
    MESSAGES = "messages"
    STEPS = "steps"
    NOTES = "notes"
    CALLERS_PHONES = "callers_phones"
    INVITATIONS = "invitations"
    HAND_OVER_CODES = "hand_over_codes"
    RELEASES = "releases"
    BROADCASTS = "broadcasts"
    OUTSIDE_NOTES = "outside_notes"
    OUTSIDE_PEOPLE = "outside_people"
    ENDED_GRANTS = "ended_grants"
    IDLE_SCANS = "idle_scans"
    CHALLENGES = "challenges"
    BUDGETS = "budgets"
    SIGN_INS = "sign_ins"
    ACTIVATIONS = "activations"
    OFFICER_NOTICES = "officer_notices"
    QUIET_CONTACTS = "quiet_contacts"
    IDLE_ACCOUNTS = "idle_accounts"
    PROPOSALS = "proposals"
    PARTNER_CALLS = "partner_calls"
    PARTNER_REFERENCES = "partner_references"
    IMPORTS = "imports"
    EXPORT_REASONS = "export_reasons"
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


_CLOSED = "警情办结；没有报警的，从留下时算"

RETENTION: dict[Kept, Line] = {
    Kept.ELDERS: Line(
        "老人的资料、联系电话、照片、家人的录音、手环",
        "登记期间，家人删除时马上销毁",
        columns=(
            "elder.name",
            "elder.called",
            "elder.birth_year",
            "elder.sex",
            "elder.address",
            "elder.approach",
            "elder.health",
            "elder_change.before",
            "elder_dispute.words",
            "elder_dispute.settlement",
            "guardian_removal.words",
            "contact.address",
            "band.check_code",
            "break_glass_look.words",
            "break_glass_look.review",
        ),
    ),
    Kept.ACCOUNTS: Line(
        "民警的账号", "账号使用期间", columns=("officer.name", "officer.totp", "officer.totp_pending", "passkey.name")
    ),
    Kept.PARTNERS: Line(
        "合作单位收通知的地址和密钥", "合作期间", columns=("webhook.url", "webhook.secret", "webhook.old_secret")
    ),
    Kept.FINDERS_PHONES: Line("发现人的手机号", _CLOSED, timedelta(days=30), ("grant.phone",)),
    Kept.SIGHTINGS: Line("发现人留下的位置和话", _CLOSED, timedelta(days=30), ("sighting.place", "sighting.words")),
    Kept.PLACES: Line("位置，警情没有办结也一样", "留下位置", timedelta(days=180)),
    Kept.BOARD_POSTS: Line("留言板上的话和照片", _CLOSED, timedelta(days=30), ("board_post.words",)),
    Kept.FINDERS_NUMBERS: Line(
        "发现人留给家人打的电话", "警情办结、老人交接或满七天", timedelta(0), ("finder_number.phone",)
    ),
    Kept.SUPPLEMENTS: Line("补充给警方的话和照片", _CLOSED, timedelta(days=30), ("supplement.words",)),
    Kept.PICKUPS: Line("发现人说老人在哪里等", _CLOSED, timedelta(days=30), ("pickup.words",)),
    Kept.RATINGS: Line("发现人事后的感受，不记是谁", "写下的那一天", timedelta(days=180), ("rating.words",)),
    Kept.MASKED_CALLS: Line("不露号码的通话", "借来的号码到期", timedelta(days=30), ("masked_call.number",)),
    Kept.MESSAGES: Line(
        "消息的内容和收信地址", _CLOSED, timedelta(days=30), ("message.recipient", "message.body", "message.facts")
    ),
    Kept.STEPS: Line("民警写下的处理经过", "警情办结", timedelta(days=180), ("incident_move.words",)),
    Kept.NOTES: Line("民警记下的备注", "警情办结", timedelta(days=180), ("incident_note.words",)),
    Kept.CALLERS_PHONES: Line("拨 110 的人留下的号码", "警情办结", timedelta(days=30), ("phone_report.phone",)),
    Kept.INVITATIONS: Line("邀请家人用的号码", "邀请结束或过期", timedelta(days=30), ("invitation.phone",)),
    Kept.HAND_OVER_CODES: Line("交接码的摘要", "交接码过期", timedelta(days=1)),
    Kept.RELEASES: Line("对外公开时写的衣着", "警情办结", timedelta(days=30), ("release.clothes",)),
    Kept.BROADCASTS: Line("发出的走失广播", "警情办结", timedelta(days=30), ("broadcast.document",)),
    Kept.OUTSIDE_NOTES: Line("外单位送来的线索", "警情办结", timedelta(days=30), ("outside_note.said",)),
    Kept.OUTSIDE_PEOPLE: Line(
        "外单位送来的走失人员", "对方写的期限；没有写的，送来 40 天", timedelta(0), ("outside_person.said",)
    ),
    Kept.ENDED_GRANTS: Line("给扫码人看资料的许可", "许可结束", timedelta(days=30)),
    Kept.IDLE_SCANS: Line("只打开看了看的扫码", "扫码", timedelta(days=180)),
    Kept.CHALLENGES: Line("验证码的摘要", "验证码过期", timedelta(hours=1)),
    Kept.BUDGETS: Line("次数限制的计数", "次数恢复", timedelta(0)),
    Kept.SIGN_INS: Line("登录记录", "登录结束", timedelta(days=30)),
    Kept.ACTIVATIONS: Line("民警激活码的摘要", "激活码过期", timedelta(days=1)),
    Kept.OFFICER_NOTICES: Line("告诉民警的账号变动", "变动发生", timedelta(days=180)),
    Kept.QUIET_CONTACTS: Line(
        "家属加的邮箱、聊天机器人和手机通知的地址",
        "添加后没有确认；确认过的和账号一起删除",
        timedelta(hours=24),
        ("quiet_contact.address",),
    ),
    Kept.IDLE_ACCOUNTS: Line(
        "家属的账号，不再守护任何老人、也没有登录",
        "注册，或退出最后一位老人",
        timedelta(days=180),
        ("guardian.phone", "guardian.name"),
    ),
    Kept.PROPOSALS: Line(
        "社区替家人填的、家人没有确认的登记", "满三十天没有确认", timedelta(0), ("proposal.phone", "proposal.texts")
    ),
    Kept.PARTNER_CALLS: Line("给合作单位的答复", "答复", timedelta(days=1), ("partner_call.answer",)),
    Kept.PARTNER_REFERENCES: Line(
        "合作单位自己的报警编号", "警情办结", timedelta(days=30), ("partner_incident.reference",)
    ),
    Kept.IMPORTS: Line(
        "上传的登记表、文件名和没有采用的行",
        "上传",
        timedelta(days=7),
        ("sheet_import.name", "sheet_import.faults"),
    ),
    Kept.EXPORT_REASONS: Line("导出名单的原因", "申请", timedelta(days=180), ("sheet_export.reason",)),
    Kept.UNFINISHED_PHOTOS: Line("没登记完的照片", "上传", timedelta(hours=24)),
    Kept.REPLACED_PHOTOS: Line("换下来的旧照片，没有手环再用", "换下", timedelta(days=30)),
}
