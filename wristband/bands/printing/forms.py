"""Every form of a band: how large it is, where its inside lies beside its outside, what is drawn on each."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

from wristband.bands.printing import card, key_tag, label, shoe_label, strip
from wristband.bands.printing.band import BandPrint
from wristband.bands.printing.surface import Surface
from wristband.bands.rules import BandForm

Draw = Callable[[Surface, BandPrint], None]


class Join(enum.Enum):
    """Where the inside of a form lies, so that it comes to be behind the outside or can be cut off."""

    BELOW = "below"
    """Upside down below it: folded back along the bottom edge."""
    BESIDE = "beside"
    """To the right: folded back along the side."""
    APART = "apart"
    """Below it, to be cut off."""


@dataclass(frozen=True, slots=True)
class Form:
    """Lengths in mm. `width` and `height` are the outside's; `inside_height` is the inside's where it is another."""

    width: float
    height: float
    join: Join
    outside: Draw
    inside: Draw
    inside_height: float | None = None

    @property
    def inside_size(self) -> tuple[float, float]:
        """Width and height of the inside."""
        return self.width, self.inside_height or self.height

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the whole piece, outside and inside in one."""
        if self.join is Join.BESIDE:
            return 2 * self.width, self.height
        return self.width, self.height + self.inside_size[1]

    def draw(self, surface: Surface, band: BandPrint) -> None:
        """The whole piece with bleed, fold and crop marks."""
        width, height = self.size
        surface.background(0, 0, width, height, band)
        surface.part(0, 0, self.width, self.height, lambda part: self.outside(part, band))
        beside = self.join is Join.BESIDE
        x, y = (self.width, 0.0) if beside else (0.0, self.height)
        turned = self.join is Join.BELOW
        surface.part(x, y, *self.inside_size, lambda part: self.inside(part, band), turned=turned)
        surface.dashes(x, y, x if beside else width, height if beside else y)
        surface.crop_marks(width, height)


FORMS: dict[BandForm, Form] = {
    BandForm.WRISTBAND: Form(strip.WIDTH_MM, strip.HEIGHT_MM, Join.BELOW, strip.outside, strip.inside),
    BandForm.CARD: Form(card.WIDTH_MM, card.HEIGHT_MM, Join.BESIDE, card.outside, card.inside),
    BandForm.LABEL: Form(label.WIDTH_MM, label.HEIGHT_MM, Join.APART, label.outside, label.inside, label.INSIDE_MM),
    BandForm.KEY_TAG: Form(key_tag.WIDTH_MM, key_tag.HEIGHT_MM, Join.BESIDE, key_tag.outside, key_tag.inside),
    BandForm.SHOE_LABEL: Form(
        shoe_label.WIDTH_MM, shoe_label.HEIGHT_MM, Join.BELOW, shoe_label.outside, shoe_label.inside
    ),
}
