"""The check before a band is released: two independent decoders, as printed and worn, against the plain symbol."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import numpy as np
import zxingcpp
from PIL import Image

from wristband.bands.artwork.design import Design, plain
from wristband.bands.artwork.drawing import QUIET_MODULES, light
from wristband.bands.artwork.portrait import Tone
from wristband.bands.artwork.wear import PIXELS_PER_MODULE, WEAR, photographed
from wristband.errors import Unavailable

Decoder = Callable[[Image.Image], str | None]


def _zxing(picture: Image.Image) -> str | None:
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.barcode_formats_from_str("QRCode"))
    return str(found[0].text) if found else None


def _zbar(picture: Image.Image) -> str | None:
    from pyzbar import pyzbar

    found = pyzbar.decode(picture, symbols=[pyzbar.ZBarSymbol.QRCODE])
    return found[0].data.decode("utf-8", "replace") if found else None


def _opencv(picture: Image.Image) -> str | None:
    import cv2

    text, _, _ = cv2.QRCodeDetector().detectAndDecode(np.asarray(picture.convert("L")))
    return text or None


def _second() -> tuple[str, Decoder]:
    """zbar, of which the package is always there but the system's libzbar0 may not be; then OpenCV's."""
    for name, module, decoder in (("zbar", "pyzbar.pyzbar", _zbar), ("opencv", "cv2", _opencv)):
        with suppress(ImportError):
            import_module(module)
            return name, decoder
    raise Unavailable("artwork.no_second_decoder")


@cache
def decoders() -> Mapping[str, Decoder]:
    """Two that share no line of code; phones carry descendants of the first two of three. Raises Unavailable."""
    name, second = _second()
    return {"zxing": _zxing, name: second}


@dataclass(frozen=True, slots=True)
class Trial:
    """One decoder under one condition that did not read the payload: `read` is None, or another text."""

    decoder: str
    condition: str
    read: str | None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a design read. `lost`: trials that the plain symbol of the same payload passes and this one does not.

    `misread`: trials that gave another text, the gravest failure there is. `damaged_codewords`: for each block, the
    codewords that the drawing shows otherwise than the symbol means them; a sound drawing has none.
    """

    lost: tuple[Trial, ...]
    misread: tuple[Trial, ...]
    damaged_codewords: tuple[int, ...]

    @property
    def passed(self) -> bool:
        """Whether the band may be released."""
        return not self.lost and not self.misread and not any(self.damaged_codewords)


def check(
    design: Design, portrait: Image.Image | Tone | None, *, reference: Callable[[Design], Design] = plain
) -> CheckResult:
    """Read the drawing with every decoder under every condition.

    As printed every decoder must read it; worn, every decoder that reads the plain symbol of the same payload under
    the same wear. `reference` makes that plain symbol. Unavailable `artwork.no_second_decoder` when there is neither
    zbar nor OpenCV.
    """
    drawn = light(design, portrait, PIXELS_PER_MODULE)
    every = [(decoder, condition) for condition in WEAR for decoder in decoders()]
    failures = _failures(drawn, design.payload, every)
    wanted = [(trial.decoder, trial.condition) for trial in failures if trial.condition != "untouched"]
    hard: set[tuple[str, str]] = set()
    if wanted:  # the plain symbol is worn and read only where there is something to excuse
        bare = light(reference(design), None, PIXELS_PER_MODULE)
        hard = {(trial.decoder, trial.condition) for trial in _failures(bare, design.payload, wanted)}
    return CheckResult(
        lost=tuple(trial for trial in failures if (trial.decoder, trial.condition) not in hard),
        misread=tuple(trial for trial in failures if trial.read is not None),
        damaged_codewords=damaged_codewords(design, drawn),
    )


def _failures(drawn: Tone, payload: str, trials: Iterable[tuple[str, str]]) -> list[Trial]:
    """Of these trials (a decoder, a condition) those that did not read the payload."""
    picture, worn, failures = photographed(drawn), dict[str, Image.Image](), []
    for decoder, condition in trials:
        if condition not in worn:
            worn[condition] = WEAR[condition](picture)
        read = decoders()[decoder](worn[condition])
        if read != payload:
            failures.append(Trial(decoder, condition, read))
    return failures


def damaged_codewords(design: Design, drawn: Tone) -> tuple[int, ...]:
    """For each Reed-Solomon block, the codewords that a drawing shows wrongly.

    `drawn` is a symbol's light with its quiet zone, a whole number of pixels to a module. A module counts as dark when
    the mean of its middle ninth, which is what decoders sample, is nearer to ink than to paper.
    """
    modules = design.size + 2 * QUIET_MODULES
    steps = len(drawn) // modules
    cells = drawn.reshape(modules, steps, modules, steps)
    third = slice(steps // 3, steps - steps // 3)
    middle = cells[:, third, :, third].mean(axis=(1, 3))[QUIET_MODULES:-QUIET_MODULES, QUIET_MODULES:-QUIET_MODULES]
    seen = sum(1 << int(index) for index in np.flatnonzero(middle.ravel() < 0.5))
    return design.frame.damaged(seen, design.dark)
