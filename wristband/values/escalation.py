"""When who is called next, while nobody has answered: the table of steps, as the settings write it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CALL = re.compile(r"call@([0-9]{1,5})\+([0-9]{1,5})")
_DESK = re.compile(r"desk@([0-9]{1,5})")
_SOONEST_NEXT_S, _LATEST_S = 15, 7200
DEFAULT = "call@0+60 desk@300"


@dataclass(frozen=True, slots=True)
class Escalation:
    """Seconds after a finder's tap. Quiet channels are not in it: they are always told at once, all together.

    `call_after_s`: the first contact in calling order is telephoned; `call_every_s` later, without an answer, the
    next. `desk_after_s`: the duty desk takes over the looking for an answer.
    """

    call_after_s: int
    call_every_s: int
    desk_after_s: int

    @classmethod
    def parse(cls, text: str) -> Escalation:
        """Read `call@0+60 desk@300`. Raises ValueError with a sentence for whoever writes the settings."""
        parts = text.split()
        calls = [match for part in parts if (match := _CALL.fullmatch(part))]
        desks = [match for part in parts if (match := _DESK.fullmatch(part))]
        if len(parts) != 2 or len(calls) != 1 or len(desks) != 1:
            raise ValueError(f"write it as {DEFAULT}: seconds until the first call, between calls, until the desk")
        call_after_s, call_every_s = int(calls[0][1]), int(calls[0][2])
        desk_after_s = int(desks[0][1])
        if call_every_s < _SOONEST_NEXT_S:
            raise ValueError(f"leave at least {_SOONEST_NEXT_S} seconds between two calls: nobody answers sooner")
        if max(call_after_s, call_every_s, desk_after_s) > _LATEST_S:
            raise ValueError(f"no step may wait longer than {_LATEST_S} seconds")
        return cls(call_after_s, call_every_s, desk_after_s)
