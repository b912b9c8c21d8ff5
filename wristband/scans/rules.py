"""What a scan may ask for, and the numbers of every code that is typed."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from wristband.values.budget import Budget, Fails


class Answer(StrEnum):
    """What a guardian answers a finder with one tap."""

    COMING = "coming"
    CALLING_POLICE = "calling_police"
    AT_HOME = "at_home"


class ChallengePurpose(StrEnum):
    SIGN_IN = "sign_in"


CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=5)
CODE_TRIES = 5

# How long a finder's page may lie open before its tap is taken for a new scan.
STAMP_LASTS = timedelta(days=7)

# Beyond this a tap owes no messages of its own but rides on those of the last one: nobody floods a family with
# texts, and no finder is turned away.
TAPS_AN_ELDER = Budget("reach.elder", burst=20, every_s=60, fails=Fails.OPEN, refusal="scans.taps_spent")
