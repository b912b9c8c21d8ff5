"""What an operator should know of an address before the first band is printed with it: it cannot be changed later."""

from __future__ import annotations

from dataclasses import dataclass

from wristband.bands.artwork.design import chosen_layout
from wristband.bands.artwork.drawing import QUIET_MODULES, SIZE_MM
from wristband.bands.artwork.layout import PREFERENCE, Layout
from wristband.bands.artwork.symbol import Level

# Points of read rate on worn bands that a plain symbol loses against version 3-Q when both are printed equally large:
# `scripts/bench artwork --symbols --faces 4 --payloads 12`.
_POINTS_LOST = {
    (3, Level.Q): 0.0,
    (3, Level.M): 1.6,
    (4, Level.Q): 5.8,
    (4, Level.M): 10.2,
    (5, Level.Q): 16.1,
    (5, Level.M): 18.6,
    (6, Level.Q): 23.6,
    (6, Level.M): 27.5,
}
_SHORTEST_ADDRESS = len("https://a.b/t/")


@dataclass(frozen=True, slots=True)
class Advice:
    """The symbol that an address gets, and what it would take to get a better one.

    `points_lost`: of read rate against the best symbol. `freedom`: bits that the
    portrait can have its way with. `shorten_by`: characters to leave out for the next better symbol, None when there
    is none. `upper_case_helps`: whether the same address in capitals would do better.
    """

    version: int
    level: Level
    module_mm: float
    points_lost: float
    freedom: int
    shorten_by: int | None
    upper_case_helps: bool

    @property
    def sentence(self) -> str:
        """The advice in words."""
        said = f"二维码为 {self.version}-{self.level}，每格 {self.module_mm:.2f} 毫米"
        said += f"，磨损后的识读率比最好的低约 {self.points_lost:g} 个百分点。" if self.points_lost else "。"
        if self.upper_case_helps:
            said += "改用大写地址，会更好识读。"
        if self.shorten_by:
            said += f"域名再短 {self.shorten_by} 个字符，会更好识读。"
        if not self.upper_case_helps and not self.shorten_by:
            said += "域名再短也不会更好。" if self.points_lost else "这已是最好的了。"
        return said


def capacity_advice(address: str) -> Advice:
    """Advice on everything before the token, such as HTTPS://HB.EXAMPLE/T/, for bands with a portrait.

    BadValue `artwork.address_too_long` when no symbol holds it.
    """
    layout = chosen_layout(address, with_portrait=True)
    frame = layout.frame
    shorter = (
        left_out
        for left_out in range(1, len(address) - _SHORTEST_ADDRESS + 1)
        if _rank(chosen_layout(address[:-left_out], with_portrait=True)) < _rank(layout)
    )
    return Advice(
        version=frame.version,
        level=frame.level,
        module_mm=SIZE_MM / (frame.size + 2 * QUIET_MODULES),
        points_lost=_POINTS_LOST[frame.version, frame.level],
        freedom=layout.freedom,
        shorten_by=next(shorter, None),
        upper_case_helps=_rank(chosen_layout(address.upper(), with_portrait=True)) < _rank(layout),
    )


def _rank(layout: Layout) -> int:
    return PREFERENCE.index((layout.frame.version, layout.frame.level))
