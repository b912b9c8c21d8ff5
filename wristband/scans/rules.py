"""What a scan may ask for, and the numbers of every code that is typed."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from wristband.values.budget import Budget, Fails


class Answer(StrEnum):
    """What a guardian answers a finder with one tap."""

    COMING = "coming"
    ON_IT = "on_it"
    """Seen, and somebody is seeing to it: what the one button of a message or a key of the telephone says."""
    CALLING_POLICE = "calling_police"
    AT_HOME = "at_home"


class ChallengePurpose(StrEnum):
    SIGN_IN = "sign_in"
    FINDER = "finder"
    """To a finder's phone, so that he can be called back."""
    EXPORT = "export"
    """To a guardian who is signed in already, before everything kept about an elder is downloaded."""
    CONTACT = "contact"
    """To a telephone that a family noted, so that it is known whose it is: who has it in hand tells the code on."""
    COUNTER = "counter"
    """To a guardian who stands at a station's counter and reads it out to the officer."""
    QUIET = "quiet"
    """To a mailbox or a chat, so that nothing about an elder goes out to somebody else's."""


CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=5)
CODE_TRIES = 5

# How long a finder's page may lie open before its tap is taken for a new scan.
STAMP_LASTS = timedelta(days=7)

# Beyond this a tap owes no messages of its own but rides on those of the last one: nobody floods a family with
# texts, and no finder is turned away.
RIDES_FOR = timedelta(minutes=10)
"""So long a tap's messages may carry those that come after it."""
TAPS_AN_ELDER = Budget("reach.elder", burst=8, every_s=120, fails=Fails.OPEN, refusal="scans.taps_spent")

# Beside the budgets of a band's check code (bands/rules): those of the other two proofs. None of them is a band's as a
# whole for telling the family, reporting or directions, which ask for no proof.
FINDER_CODE_BY_PHONE = Budget(
    "finder_code.phone", burst=3, every_s=28_800, fails=Fails.CLOSED, refusal="scans.codes_spent"
)
FINDER_CODE_BY_PREFIX = Budget(
    "finder_code.prefix", burst=10, every_s=360, fails=Fails.CLOSED, refusal="scans.codes_spent"
)
FINDER_CODE_BY_ADDRESS = Budget(
    "finder_code.address", burst=10, every_s=60, fails=Fails.CLOSED, refusal="scans.codes_spent"
)
FINDER_CODES = Budget("finder_code.all", burst=60, every_s=1, fails=Fails.CLOSED, refusal="scans.codes_spent")
"""The breaker: nobody burns the operator's SMS budget; sign-in codes and owed messages have budgets of their own."""
FINDER_TRY_BY_PHONE = Budget(
    "finder_try.phone", burst=10, every_s=17_280, fails=Fails.CLOSED, refusal="scans.tries_spent"
)
"""Fifteen a day, and a new code clears nothing."""
ELDERS_BY_PHONE = Budget(
    "finder_elder.phone", burst=3, every_s=370_000, fails=Fails.CLOSED, refusal="scans.elders_spent"
)
"""A verified phone opens three elders a day, ten in thirty days; an organisation gets an account."""
ASKS_BY_BAND = Budget("approval.band", burst=2, every_s=300, fails=Fails.CLOSED, refusal="scans.asks_spent")
ASKS_OF_NEWCOMERS = Budget("approval.newcomer", burst=1, every_s=600, fails=Fails.CLOSED, refusal="scans.asks_spent")
"""One place kept for a phone that has not asked yet, at each network address: who asks on and on keeps nobody out."""
ASKS_IN_ALL = Budget("approval.all", burst=10, every_s=300, fails=Fails.CLOSED, refusal="scans.asks_spent")
"""Of newcomers of one band together: a family is not buried."""
