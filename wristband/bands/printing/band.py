"""One band as a printer needs it: what it says, in which colours, and how large its symbol must be."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from PIL import Image

from wristband.bands.artwork import drawing
from wristband.bands.artwork.design import Design
from wristband.bands.artwork.portrait import Tone, prepare
from wristband.bands.printing.words import DISCREET, WORDS, Language, Words, host_of
from wristband.errors import BadValue
from wristband.values.code import BandCode, CheckCode

LEAST_MODULE_MM = 0.5
"""Below this, phones of ten years lose a symbol that ink, washing and a wrist have softened."""

# Navy reads like black, and this paper is as light as the yellow: calm, and no worse for a phone.
_NAVY: drawing.Colour = (22, 40, 78)
_SAND: drawing.Colour = (236, 226, 204)

_JPEG_QUALITY = 88


@dataclass(frozen=True, eq=False)
class Symbol:
    """A design as it is printed: plain where `portrait` is None, in an ink on a ground."""

    design: Design
    portrait: Tone | None
    ink: drawing.Colour = drawing.BLACK
    ground: drawing.Colour = drawing.YELLOW

    @property
    def shown(self) -> Design:
        """The design as it is drawn: plain where its photograph is gone."""
        return self.design if self.portrait is not None else drawing.without_portrait(self.design)


@dataclass(frozen=True, eq=False)
class BandPrint:
    """Everything a printer needs of one band.

    `face`: the square face crop that the design was made of, as an image or as a JPEG file's bytes; None for a plain
    symbol. `check_code` None leaves the inside without one (it is kept readable for a time only). `issued`: any day of
    the month of issue. `discreet`: calm words and colours. `issuer`: who hands it out, printed on the inside. `tone`:
    what `portrait.prepare` makes of the face, where it is at hand already.
    """

    design: Design
    face: Image.Image | bytes | None
    code: BandCode
    check_code: CheckCode | None
    issued: date
    language: Language = "zh"
    discreet: bool = False
    issuer: str = ""
    tone: Tone | None = None

    @property
    def words(self) -> Words:
        """What it says."""
        return (DISCREET if self.discreet else WORDS)[self.language]

    @property
    def number(self) -> str:
        """The typed code, with its word."""
        return self.words.number.format(code=self.code.shown)

    @property
    def typed(self) -> str:
        """Where the code is typed."""
        return self.words.typed.format(host=host_of(self.design.address))

    @property
    def month(self) -> str:
        """The month of issue."""
        return self.words.month(self.issued)

    @property
    def ink(self) -> drawing.Colour:
        """The colour of words and modules."""
        return _NAVY if self.discreet else drawing.BLACK

    @property
    def ground(self) -> drawing.Colour:
        """The colour below them, where the material is white."""
        return _SAND if self.discreet else drawing.YELLOW

    @cached_property
    def symbol(self) -> Symbol:
        """Its symbol, with the portrait where there is a face."""
        tone = self.tone
        if tone is None and self.face is not None:
            tone = prepare(_opened(self.face))
        return Symbol(self.design, tone, self.ink, self.ground)

    def grey_jpeg(self) -> bytes:
        """The face as a grey JPEG; a JPEG that is grey already is passed through. ValueError when there is none."""
        if self.face is None:
            raise ValueError("a band without a face")
        if isinstance(self.face, bytes):
            with Image.open(io.BytesIO(self.face), formats=["JPEG"]) as image:
                if image.mode == "L":
                    return self.face
        out = io.BytesIO()
        _opened(self.face).convert("L").save(out, "JPEG", quality=_JPEG_QUALITY)
        return out.getvalue()


def _opened(face: Image.Image | bytes) -> Image.Image:
    return Image.open(io.BytesIO(face), formats=["JPEG"]) if isinstance(face, bytes) else face


def symbol_mm(design: Design, usual_mm: float, most_mm: float | None = None) -> float:
    """How wide a symbol is printed with its quiet zone: as usual, or wider where its modules would be too small.

    BadValue `print.symbol_too_small` where even `most_mm` (as usual, if not given) is too narrow for them.
    """
    least = LEAST_MODULE_MM * (design.size + 2 * drawing.QUIET_MODULES)
    if least > (most_mm or usual_mm) + 1e-9:
        raise BadValue("print.symbol_too_small", least_mm=f"{least:g}", most_mm=f"{most_mm or usual_mm:g}")
    return max(usual_mm, least)
