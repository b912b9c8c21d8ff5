"""What an elder's record may hold, and what a family must agree to first."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from wristband.errors import BadFields, BadValue
from wristband.values.budget import Budget, Fails


class ElderState(StrEnum):
    PROVISIONAL = "provisional"
    """Registered by a family, not yet looked at by an officer: reach and report work already."""
    CONFIRMED = "confirmed"
    ERASED = "erased"
    """Nothing is kept any more but the row."""


class Sex(StrEnum):
    FEMALE = "female"
    MALE = "male"


class Purpose(StrEnum):
    """What a consent is for; each is asked for and withdrawn by itself."""

    SERVICE = "service"
    PORTRAIT = "portrait"
    HEALTH = "health"
    CARD = "card"
    WHEREABOUTS = "whereabouts"
    POLICE = "police"
    VOICE = "voice"


class ContactKind(StrEnum):
    PHONE = "phone"


def _(text: str) -> str:
    return text


# The words a guardian says yes to. A consent keeps their digest: change a sentence and it is asked for anew.
CONSENT_TEXTS: dict[Purpose, str] = {
    Purpose.SERVICE: _("我是老人的家人或监护人，同意登记老人的资料，用于走失时联系家人。"),
    Purpose.POLICE: _("老人走失或被报警时，民警可以查看这份资料。每次查看都会留下记录，家人看得到。"),
    Purpose.PORTRAIT: _("把老人的照片印进手环的二维码里。只扫码看不到照片原图。"),
    Purpose.HEALTH: _("保存上面填写的健康提示，给办理老人警情的民警看；另外同意了急救卡的，陪着老人的人也看得到。"),
    Purpose.CARD: _(
        "有人和老人在一起，并输对手环里侧的核对码时，给他看称呼、照片、怎样说话和健康提示。每次都马上告诉我们。"
    ),
    Purpose.WHEREABOUTS: _("让我们家也看到发现人留下的位置，好去接老人。"),
    Purpose.VOICE: _("有人和老人在一起时，可以把家人的录音放给老人听。"),
}
REQUIRED = frozenset({Purpose.SERVICE, Purpose.POLICE})
"""Without these there is no service: they end with it."""
ASKED_LATER = frozenset({Purpose.VOICE})
"""Not with the registration but where it is about to be used: nobody agrees to a recording before there is one."""

# What a withdrawal does, told before it is made and true at once.
WITHDRAWAL_EFFECTS: dict[Purpose, str] = {
    Purpose.PORTRAIT: _(
        "撤回后，照片马上销毁，以后印的手环不带照片。已经印好、戴着的手环照常能扫，上面的图案不会消失；想换就重印一条。"
    ),
    Purpose.HEALTH: _("撤回后，健康提示马上清空，民警和急救卡上都看不到了。"),
    Purpose.CARD: _("撤回后，核对码打不开急救卡，正开着的也马上关上。通知家人和报警不受影响。"),
    Purpose.WHEREABOUTS: _("撤回后，家属页面不再显示发现人留下的位置。民警办理警情时仍看得到。"),
    Purpose.VOICE: _("撤回后，录音马上销毁，谁也不能再放给老人听。通知家人和报警不受影响。"),
}
KEPT_WITH_SERVICE: dict[Purpose, str] = {
    Purpose.SERVICE: _(
        "没有这一项，就不能登记、也联系不上家人，所以不能单独撤回。不想再用，可以停用手环，或删除全部资料。"
    ),
    Purpose.POLICE: _("没有这一项，老人走失时民警帮不上忙，所以不能单独撤回。不想再用，可以停用手环，或删除全部资料。"),
}


def text_sha256(purpose: Purpose) -> str:
    """Digest of the words agreed to."""
    return hashlib.sha256(CONSENT_TEXTS[purpose].encode()).hexdigest()


RELATIONS = {
    "child": _("子女"),
    "spouse": _("配偶"),
    "grandchild": _("孙辈"),
    "sibling": _("兄弟姐妹"),
    "relative": _("其他亲属"),
    "carer": _("照护人"),
}

PHOTOS_A_GUARDIAN = Budget("photo.guardian", burst=20, every_s=60, fails=Fails.CLOSED, refusal="elders.photos_spent")
VOICES_A_GUARDIAN = Budget("voice.guardian", burst=20, every_s=60, fails=Fails.CLOSED, refusal="elders.voices_spent")
ELDERS_A_GUARDIAN = Budget(
    "elder.guardian", burst=6, every_s=86_400, fails=Fails.CLOSED, refusal="elders.registrations_spent"
)

EXPORTS_A_GUARDIAN = Budget(
    "export.guardian", burst=3, every_s=86_400, fails=Fails.CLOSED, refusal="elders.exports_spent"
)
EXPORT_CODES = Budget("export_code.guardian", burst=3, every_s=600, fails=Fails.CLOSED, refusal="accounts.codes_spent")
EXPORT_TRIES = Budget("export_try.guardian", burst=10, every_s=600, fails=Fails.CLOSED, refusal="accounts.tries_spent")
CONFIRMED_FOR = timedelta(minutes=10)
"""How long a code that was typed lets its browser download."""

INVITES_A_GUARDIAN = Budget(
    "invite.guardian", burst=5, every_s=17_280, fails=Fails.CLOSED, refusal="elders.invites_spent"
)
INVITES_A_PHONE = Budget("invite.phone", burst=2, every_s=43_200, fails=Fails.CLOSED, refusal="elders.invites_spent")
INVITATION_LASTS = timedelta(days=7)
GUARDIANS_AN_ELDER = 6
CONTACTS_AN_ELDER = 8

CONTACT_CODE_LASTS = timedelta(minutes=10)
"""Longer than other codes: who reads it and who types it are two people, and speak on the telephone."""
CONTACT_CODE_BY_NUMBER = Budget(
    "contact_code.number", burst=3, every_s=28_800, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
CONTACT_CODE_BY_PREFIX = Budget(
    "contact_code.prefix", burst=10, every_s=360, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
CONTACT_CODE_BY_GUARDIAN = Budget(
    "contact_code.guardian", burst=10, every_s=3600, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
CONTACT_CODE_BY_ADDRESS = Budget(
    "contact_code.address", burst=10, every_s=60, fails=Fails.CLOSED, refusal="accounts.codes_spent"
)
CONTACT_CODES = Budget("contact_code.all", burst=60, every_s=1, fails=Fails.CLOSED, refusal="accounts.codes_spent")
"""The breaker: nobody burns the operator's SMS budget; every other kind of code has budgets of its own."""
CONTACT_TRIES = Budget(
    "contact_try.number", burst=10, every_s=17_280, fails=Fails.CLOSED, refusal="accounts.tries_spent"
)
DRILLS_AN_ELDER = Budget("drill.elder", burst=3, every_s=28_800, fails=Fails.CLOSED, refusal="drill.spent")

ERASED_AFTER = timedelta(hours=24)
"""Where one guardian alone answers for the elder: so long the wish can be undone."""
ERASED_AFTER_OTHERS = timedelta(hours=72)
"""Where others do, too: so long they can object."""


def erasure_due(now: datetime, *, others: bool) -> datetime:
    """When what is asked for now is done."""
    return now + (ERASED_AFTER_OTHERS if others else ERASED_AFTER)


OLDEST_YEARS = 125
NAME_MAX = 40
LINE_MAX = 120
WORDS_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """An elder's particulars as a family gives them, cleaned."""

    name: str
    relation: str
    called: str = ""
    sex: Sex | None = None
    birth_year: int | None = None
    address: str = ""
    approach: str = ""
    health: str = ""

    @classmethod
    def of(cls, *, today: date, consents: Collection[Purpose], **texts: str) -> Particulars:
        """From form texts. Raises BadFields with every field that is wrong, so that none is found out later.

        Health words without the consent for them are refused, not silently dropped.
        """
        wrong: dict[str, BadValue] = {}

        def take(name: str, read: Callable[[str], Any]) -> Any:
            try:
                return read(texts.get(name, ""))
            except BadValue as refusal:
                wrong[name] = refusal
                return None

        values = {
            "name": take("name", lambda text: clean_text(text, "elders.name", NAME_MAX)),
            "relation": take("relation", lambda text: _one_of(text, RELATIONS, "elders.relation")),
            "called": take("called", lambda text: clean_text(text, "elders.called", NAME_MAX, empty=True)),
            "sex": take("sex", lambda text: Sex(text) if text in {sex.value for sex in Sex} else None),
            "birth_year": take("birth_year", lambda text: _year(text, today)),
            "address": take("address", lambda text: clean_text(text, "elders.address", LINE_MAX, empty=True)),
        }
        for name in ("approach", "health"):
            values[name] = take(name, _words(f"elders.{name}"))
        if values["health"] and Purpose.HEALTH not in consents:
            wrong["health"] = BadValue("elders.health_without_consent")
        if REQUIRED - set(consents):
            wrong["consents"] = BadValue("elders.consent_needed")
        if wrong:
            raise BadFields(wrong)
        return cls(**values)


def _words(code: str) -> Callable[[str], str]:
    return lambda text: clean_text(text, code, WORDS_MAX, empty=True, lines=True)


_JOINERS = "\u200c\u200d"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Letters and marks that leave no ink: joiners, fillers of Hangul, braille without a dot, variation selectors.
_UNSEEN = dict.fromkeys(map(ord, f"{_JOINERS}\u034f\u115f\u1160\u2800\u3164\uffa0")) | dict.fromkeys(
    (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
)


def clean_text(text: str, code: str, longest: int, *, empty: bool = False, lines: bool = False) -> str:
    """A person's words in NFC, without edges. Raises BadValue(`code`_...) for none, too many, or hidden characters.

    Control and direction-changing characters are refused: they make one text look like another. A text of which
    nothing would be seen is none.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if not text.translate(_UNSEEN).strip():
        text = ""
    if not text and not empty:
        raise BadValue(f"{code}_missing")
    if len(text) > longest:
        raise BadValue(f"{code}_long", longest=longest)
    if any(_hidden(character, lines=lines) for character in text):
        raise BadValue("text.hidden_characters")
    return text


def _hidden(character: str, *, lines: bool) -> bool:
    if character == "\n":
        return not lines
    # Cf holds the direction marks; the joiners among them belong to some scripts and to emoji. What Python does not
    # know yet (Cn) is a new emoji or a rare character of somebody's name, unless it will never be a character.
    kind = unicodedata.category(character)
    return (kind in _HIDDEN and character not in _JOINERS) or (kind == "Cn" and _never_a_character(ord(character)))


def _never_a_character(point: int) -> bool:
    """Unicode's noncharacters: two at the end of each plane, and 32 among the Arabic forms."""
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF


def _one_of(value: str, known: Collection[str], code: str) -> str:
    if value not in known:
        raise BadValue(f"{code}_missing")
    return value


def _year(text: str, today: date) -> int | None:
    text = unicodedata.normalize("NFKC", text).strip().removesuffix("年").rstrip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise BadValue("elders.birth_year")
    year = int(text)
    if not today.year - OLDEST_YEARS <= year <= today.year:
        raise BadValue("elders.birth_year")
    return year
