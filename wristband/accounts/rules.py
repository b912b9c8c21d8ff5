"""Who may do what: one table on one screen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from wristband.values.budget import Budget, Fails


class QuietKind(StrEnum):
    """Ways to tell a guardian without ringing; each is a channel of the outbox by the same name."""

    MAIL = "mail"
    CHAT = "chat"
    PUSH = "push"


class Door(StrEnum):
    """A signed-in door; each has its own cookie."""

    FAMILY = "family"
    POLICE = "police"


class Role(StrEnum):
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    DISTRICT = "district"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Act(StrEnum):
    """What an officer's role may permit."""

    SEE_DESK = "see_desk"
    HANDLE_INCIDENT = "handle_incident"
    PRINT_BANDS = "print_bands"
    BIND_BANDS = "bind_bands"
    REVEAL = "reveal"
    BREAK_GLASS = "break_glass"
    REVIEW_LOOKS = "review_looks"
    SEE_RECORDS = "see_records"
    KEEP_RECORDS = "keep_records"
    MERGE_RECORDS = "merge_records"
    IMPORT_RECORDS = "import_records"
    EXPORT_RECORDS = "export_records"
    APPROVE_EXPORTS = "approve_exports"
    RELEASE = "release"
    """Letting others outside know of an incident."""
    SEE_NUMBERS = "see_numbers"
    KEEP_STAFF = "keep_staff"
    KEEP_STATIONS = "keep_stations"
    KEEP_PARTNERS = "keep_partners"
    READ_TRAIL = "read_trail"


_DUTY = frozenset({Act.SEE_DESK, Act.HANDLE_INCIDENT, Act.PRINT_BANDS, Act.BIND_BANDS, Act.REVEAL, Act.BREAK_GLASS})
_STATION = _DUTY | {Act.SEE_RECORDS, Act.KEEP_RECORDS, Act.RELEASE, Act.SEE_NUMBERS}
_BULK = frozenset({Act.MERGE_RECORDS, Act.IMPORT_RECORDS, Act.EXPORT_RECORDS, Act.APPROVE_EXPORTS})

# Nobody both handles and audits, and nobody is all of administration (stations, partners), security (staff) and audit.
PERMISSIONS: dict[Role, frozenset[Act]] = {
    Role.OFFICER: _STATION,
    Role.SUPERVISOR: _STATION | _BULK | {Act.REVIEW_LOOKS, Act.KEEP_STAFF},
    Role.DISTRICT: frozenset({Act.SEE_DESK, Act.REVIEW_LOOKS, Act.SEE_NUMBERS, Act.APPROVE_EXPORTS}),
    Role.AUDITOR: frozenset({Act.REVIEW_LOOKS, Act.READ_TRAIL, Act.SEE_NUMBERS}),
    Role.ADMINISTRATOR: frozenset({Act.KEEP_STAFF, Act.KEEP_STATIONS, Act.KEEP_PARTNERS, Act.SEE_NUMBERS}),
}


# Whom each role keeps, and to which roles it appoints. Administrators are made at the terminal alone.
KEEPS: dict[Role, frozenset[Role]] = {
    Role.OFFICER: frozenset(),
    Role.SUPERVISOR: frozenset({Role.OFFICER, Role.SUPERVISOR}),
    Role.DISTRICT: frozenset(),
    Role.AUDITOR: frozenset(),
    Role.ADMINISTRATOR: frozenset({Role.OFFICER, Role.SUPERVISOR, Role.DISTRICT, Role.AUDITOR}),
}


def may(role: Role, act: Act) -> bool:
    return act in PERMISSIONS[role]


def keeps_everywhere(role: Role) -> bool:
    """Whether a role keeps the staff of every station, and not of its own alone."""
    return role is Role.ADMINISTRATOR


def reviews_district(role: Role) -> bool:
    """Whether a role judges the looks of its whole district, and not those of one station."""
    return role in (Role.DISTRICT, Role.AUDITOR)


def counts_all(role: Role) -> bool:
    """Whether a role reads the numbers of every station there is."""
    return role in (Role.AUDITOR, Role.ADMINISTRATOR)


def sees_district(role: Role) -> bool:
    """Whether a role's desk is that of its whole district: it watches, and handles nothing."""
    return role is Role.DISTRICT


class Stage(StrEnum):
    """How far a sign-in has come."""

    HALF = "half"
    """The password was right; the second factor is still owed."""
    WHOLE = "whole"


class Browser(StrEnum):
    """As much of a browser as its list of sign-ins tells: enough to know one's own, too little to know anybody by."""

    EDGE = "edge"
    CHROME = "chrome"
    FIREFOX = "firefox"
    SAFARI = "safari"
    WECHAT = "wechat"
    OTHER = "other"


class NoticeKind(StrEnum):
    """What an officer is told when she comes next; `officer_notice.about_id` says of whom."""

    RECOVERY_USED = "recovery_used"
    FACTOR_RESET = "factor_reset"
    ACCESS_RENEWED = "access_renewed"
    ROLE_CHANGED = "role_changed"
    MOVED = "moved"
    PASSKEY_DOUBTED = "passkey_doubted"


@dataclass(frozen=True, slots=True)
class GuardianAccount:
    """Who is signed in at the family's door."""

    guardian_id: int
    name: str | None
    language: str

    @property
    def actor(self) -> str:
        return f"guardian:{self.guardian_id}"


@dataclass(frozen=True, slots=True)
class OfficerAccount:
    """Who is signed in at the police door. The station is the scope of everything asked."""

    officer_id: int
    name: str
    role: Role
    station_id: int
    station_name: str
    language: str = ""
    """What she has chosen; empty while her browser says it."""

    @property
    def actor(self) -> str:
        return f"officer:{self.officer_id}"

    @property
    def acts(self) -> frozenset[Act]:
        """What this officer may do: pages lead nowhere else."""
        return PERMISSIONS[self.role]


QUIET_A_GUARDIAN = 6
QUIET_CODE_LASTS = timedelta(minutes=10)
QUIET_CODE_BY_RECIPIENT = Budget(
    "quiet_code.recipient", burst=3, every_s=28_800, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
"""Whichever guardian it is that types somebody's mailbox."""
QUIET_CODE_BY_GUARDIAN = Budget(
    "quiet_code.guardian", burst=10, every_s=3600, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
QUIET_CODE_BY_ADDRESS = Budget(
    "quiet_code.address", burst=10, every_s=60, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
QUIET_CODES = Budget("quiet_code.all", burst=60, every_s=1, fails=Fails.CLOSED, refusal="accounts.codes_spent")
QUIET_TRIES = Budget("quiet_try.guardian", burst=10, every_s=17_280, fails=Fails.CLOSED, refusal="accounts.tries_spent")
QUIET_TESTS = Budget("quiet_test.guardian", burst=5, every_s=600, fails=Fails.CLOSED, refusal="quiet.tests_spent")

# What a gateway refuses for good because of the words, or for a time, not of the address: no contact is lost by it.
_ABOUT_THE_WORDS = frozenset(
    {
        *("too_long", "http_400", "http_413", "http_415", "http_422"),
        "rcpt_552",  # the mailbox is full
        *("dingtalk_310000", "feishu_19024", "lark_19024"),  # the robot wants a word in them that its owner has set
    }
)
# A mail's recipient was taken before its words were: what is refused then are these.
_WORDS_OF_A_MAIL = "data_"


def says_lost(code: str) -> bool:
    """Whether a gateway that refuses for good with this code means the address: it is gone, or shut, or no such."""
    return code not in _ABOUT_THE_WORDS and not code.startswith(_WORDS_OF_A_MAIL)


@dataclass(frozen=True, slots=True)
class Presence:
    """An officer's sign-in as a guard asks for it."""

    account: OfficerAccount
    sign_in_id: int
    stage: Stage
    proved_at: datetime | None
    """When she last gave a password or a second factor."""
    has_factor: bool

    def is_fresh(self, now: datetime) -> bool:
        """Whether the last proof is young enough for what is sensitive."""
        return self.proved_at is not None and now - self.proved_at <= PROOF_LASTS


# How long a sign-in lasts, and how long without a page before it ends.
LASTS = {Door.FAMILY: timedelta(days=90), Door.POLICE: timedelta(hours=12)}
IDLE = {Door.FAMILY: timedelta(days=30), Door.POLICE: timedelta(minutes=15)}

PROOF_LASTS = timedelta(minutes=10)
"""What is sensitive asks for a password or a second factor again after it."""
SECOND_FACTOR_WITHIN = timedelta(minutes=10)
"""How long a password alone waits for its second factor."""
ACTIVATION_LASTS = timedelta(hours=72)

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")

# A device that a guardian has signed in with before has budgets of its own, which no stranger can spend: the others
# keep strangers out, and never the family. A new device is free to make, so strangers' budgets are the phone's.
CODE_BY_KNOWN_DEVICE = Budget(
    "sign_in_code.known", burst=3, every_s=600, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
TRY_BY_KNOWN_DEVICE = Budget(
    "sign_in_try.known", burst=10, every_s=600, fails=Fails.CLOSED, refusal="accounts.tries_spent"
)
CODE_BY_PHONE = Budget("sign_in_code.phone", burst=3, every_s=600, fails=Fails.CLOSED, refusal="accounts.codes_spent")
CODE_A_DAY = Budget("sign_in_code.day", burst=4, every_s=43_200, fails=Fails.CLOSED, refusal="accounts.codes_spent")
"""Six a day to one phone."""
CODE_BY_PREFIX = Budget(
    "sign_in_code.prefix", burst=10, every_s=360, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
CODE_BY_ADDRESS = Budget(
    "sign_in_code.address", burst=30, every_s=20, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
CODES = Budget("sign_in_code.all", burst=60, every_s=1, fails=Fails.CLOSED, refusal="accounts.codes_spent")
"""The breaker: nobody burns the operator's SMS budget; finders' codes and owed messages have budgets of their own."""
TRY_BY_PHONE = Budget("sign_in_try.phone", burst=10, every_s=17_280, fails=Fails.CLOSED, refusal="accounts.tries_spent")
"""Fifteen wrong codes a day, and a new code clears none."""
PASSWORD_BY_ADDRESS = Budget(
    "password.address", burst=30, every_s=20, fails=Fails.CLOSED, refusal="accounts.tries_spent"
)
PASSWORD_BY_NAME = Budget("password.name", burst=6, every_s=120, fails=Fails.CLOSED, refusal="accounts.tries_spent")
FACTOR_BY_OFFICER = Budget("factor.officer", burst=6, every_s=300, fails=Fails.CLOSED, refusal="accounts.tries_spent")
"""Of six digits some 290 guesses a day: three in a thousand of a million, and the password is known already."""
FACTOR_BY_ADDRESS = Budget("factor.address", burst=30, every_s=20, fails=Fails.CLOSED, refusal="accounts.tries_spent")
PROOF_BY_OFFICER = Budget("proof.officer", burst=10, every_s=120, fails=Fails.CLOSED, refusal="accounts.tries_spent")
ACTIVATION_BY_ADDRESS = Budget(
    "activation.address", burst=20, every_s=30, fails=Fails.CLOSED, refusal="accounts.tries_spent"
)
PASSKEY_BY_ADDRESS = Budget("passkey.address", burst=30, every_s=10, fails=Fails.CLOSED, refusal="accounts.tries_spent")
PASSKEY_ANSWER = Budget("passkey.answer", burst=1, every_s=600, fails=Fails.CLOSED, refusal="accounts.passkey_wrong")
"""Each challenge is answered once: a budget of one, for longer than a challenge lasts."""
