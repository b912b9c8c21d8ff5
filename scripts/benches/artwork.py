"""What a portrait costs a band: read rates of worn bands, by five decoders, against the plain symbol in the same run.

scripts/bench artwork [--quick] [--faces 12] [--payloads 20] [--severities 1 2 3 4 5] [--address HTTPS://HB.CN/T/]
scripts/bench artwork --thermal      the same as a wristband printer of 203 dpi burns it, in black dots
scripts/bench artwork --symbols      no portrait: the same payload in every symbol there is, each printed equally large
"""

from __future__ import annotations

import argparse
import io
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # every figure is one core's
FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"

sys.path.insert(0, str(Path(__file__).with_name("worn")))

import readers as bench_readers  # noqa: E402 - in the folder just named

MISSING = bench_readers.prepare(FOLDER)

import cv2  # noqa: E402 - the one that `prepare` found
import faces  # noqa: E402
import numpy as np  # noqa: E402
import qrcode  # noqa: E402
import thermal  # noqa: E402
import wearing  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image  # noqa: E402
from qrcode.image.styledpil import StyledPilImage  # noqa: E402

from wristband.bands import tokens  # noqa: E402
from wristband.bands.artwork import drawing  # noqa: E402
from wristband.bands.artwork.checking import check, damaged_codewords  # noqa: E402
from wristband.bands.artwork.design import Design, chosen_layout, design, plain  # noqa: E402
from wristband.bands.artwork.fixed import plain_fixed  # noqa: E402
from wristband.bands.artwork.layout import layouts  # noqa: E402
from wristband.bands.artwork.portrait import Tone, prepare  # noqa: E402
from wristband.bands.artwork.symbol import Level, frame  # noqa: E402
from wristband.bands.printing.band import Symbol  # noqa: E402
from wristband.bands.printing.pixel_surface import dotted, whole_dots  # noqa: E402
from wristband.bands.printing.strip import MOST_SYMBOL_MM  # noqa: E402
from wristband.bands.printing.zpl import DOTS_PER_MM  # noqa: E402

KEYS = tokens.BandKeys({"A": bytes(range(32))})
SIDES = (9, 11, 13)
PRINT_DPI = 600
SEEN_DPI = 300
_BOOTSTRAPS = 2000
_RECOGNISED = 3  # payloads a face


Light = NDArray[np.float32]


@dataclass
class Contestant:
    """One way to draw a band: what it says, and its light (0 ink, 1 paper) as printed for a seed and a severity."""

    payload: str
    printed: Callable[[int, int], Light]


@dataclass
class Tally:
    """What one way of drawing came to."""

    read: dict[str, list[list[bool]]] = field(default_factory=dict)
    misread: int = 0
    damaged: int = 0
    ranks: list[int] = field(default_factory=list)
    blind: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    disagreement: list[float] = field(default_factory=list)


def sign(serial: str) -> str:
    return tokens.sign(serial, KEYS)


def printed(payload: str, picture: Image.Image) -> Contestant:
    """A drawing in ink, which is the same every time."""
    size = (wearing.PIXELS, wearing.PIXELS)
    light = np.asarray(picture.convert("L").resize(size, Image.Resampling.BOX), dtype=np.float32) / 255
    return Contestant(payload, lambda _seed, _severity: light)


def inked(made: Design, tone: Tone | None) -> Contestant:
    return printed(made.payload, drawing.image(made, tone, dpi=PRINT_DPI, paper=drawing.WHITE))


def burnt(made: Design, tone: Tone | None) -> Contestant:
    """As a wristband printer prints it on a strip; 22 mm here, a little more there."""
    return Contestant(made.payload, partial(thermal.burnt, dots_of(made, tone)))


def dots_of(made: Design, tone: Tone | None) -> NDArray[np.bool_]:
    return dotted(Symbol(made, tone), whole_dots(made, MOST_SYMBOL_MM, DOTS_PER_MM[203]))


def embedded(payload: str, face: Image.Image) -> Contestant:
    """The `qrcode` package's own: level H, the picture laid over the middle, a quarter wide."""
    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_H, box_size=14, border=4)
    code.add_data(payload)
    made = code.make_image(image_factory=StyledPilImage, embedded_image=face)
    kept = io.BytesIO()
    made.save(kept)
    return printed(payload, Image.open(kept))


def contestants(
    chosen: argparse.Namespace, face: Image.Image, seed: str, tallies: Mapping[str, Tally]
) -> dict[str, Contestant]:
    """Every way of drawing one band; what it takes to draw and check it is noted."""
    address, drawn = chosen.address, burnt if chosen.thermal else inked
    found, plains = {}, None
    for side in SIDES:
        tally = tallies[f"portrait {side} x {side}"]
        began = time.process_time()
        tone = prepare(face)
        made = design(address, sign, tone, side=side, seed=seed)
        result = check(made, tone)
        tally.seconds.append(time.process_time() - began)
        tally.refused += not result.passed
        tally.disagreement.append(made.disagreement)
        tally.damaged += sum(damaged_codewords(made, drawing.light(made, tone, 12)))
        found[f"portrait {side} x {side}"] = drawn(made, tone)
        plains = made
    assert plains is not None  # noqa: S101 - there are sides
    best = chosen_layout(address, with_portrait=False).frame
    own = plain(plains) if (plains.version, plains.level) == (best.version, best.level) else _best(plains)
    found = {"plain": drawn(own, None), **found}
    return found if chosen.thermal else found | {"qrcode's embedded": embedded(own.payload, face)}


def symbols(
    chosen: argparse.Namespace, _face: Image.Image, seed: str, _tallies: Mapping[str, Tally]
) -> dict[str, Contestant]:
    """One payload in every symbol that holds it, plain."""
    serial = f"{random.Random(seed).randrange(10**12):012d}"  # noqa: S311 - a seed
    made = (plain_fixed(chosen.address + sign(serial), frame(*each)) for each in held(chosen.address))
    return {name_of(each): inked(each, None) for each in made}


def held(address: str) -> list[tuple[int, Level]]:
    return [(each.frame.version, each.frame.level) for each in layouts(address)]


def _best(made: Design) -> Design:
    """The plain symbol of a payload in the version and level that a band without a portrait would get."""
    return design(made.address, lambda _: made.token, None, seed=0)


def name_of(made: Design) -> str:
    return f"{made.version}-{made.level}"


def wear(chosen: argparse.Namespace, tallies: dict[str, Tally]) -> None:
    """Draw every band, wear and photograph it, and have it read."""
    eyes = bench_readers.readers(FOLDER)
    everybody = [faces.face(person, FOLDER / "faces") for person in faces.TWELVE[: chosen.faces]]
    for number, face in enumerate(everybody):
        for payload in range(chosen.payloads):
            made = (symbols if chosen.symbols else contestants)(
                chosen, face, f"{chosen.seed}-{number}-{payload}", tallies
            )
            for severity in chosen.severities:
                seed = hash_of(chosen.seed, number, payload)
                harm = wearing.damage(seed, severity)
                for name in tallies:
                    picture = wearing.photographed(made[name].printed(seed, severity), harm)
                    for reader, read in eyes.items():
                        text = read(picture)
                        tallies[name].misread += text not in (None, made[name].payload)
                        rows = tallies[name].read.setdefault(reader, [])
                        if severity == chosen.severities[0]:
                            rows.append([])
                        rows[-1].append(text == made[name].payload)
        print(f"  {number + 1} of {len(everybody)} faces", flush=True)


def hash_of(*numbers: int) -> int:
    return random.Random(repr(numbers)).getrandbits(32)  # noqa: S311 - a seed


def recognise(chosen: argparse.Namespace, tallies: dict[str, Tally]) -> None:
    """Whose face is it? Each portrait as printed, against its own photograph and those of thirty others.

    At 300 dpi, or burnt at 203. The photographs are cut and lit a little otherwise than the one that was drawn. `blind`
    compares the print with the photographs as they are; the other way draws each of them into the same symbol first,
    which discounts the modules as a viewer's eye does.
    """
    folder = FOLDER / "faces"
    strangers = [album(faces.face(person, folder)) for person in faces.others()]
    for number, person in enumerate(faces.TWELVE[: chosen.faces]):
        face = faces.face(person, folder)
        tone, gallery = prepare(face), [album(face), *strangers]
        for side in SIDES:
            tally = tallies[f"portrait {side} x {side}"]
            for payload in range(min(chosen.payloads, _RECOGNISED)):
                made = design(chosen.address, sign, tone, side=side, seed=f"{chosen.seed}-{number}-{payload}")
                window = partial(square_of, made, burnt=chosen.thermal)
                seen = signature(window(tone))
                tally.ranks.append(_rank(seen, [window(each) for each in gallery]))
                tally.blind.append(_rank(seen, [drawing.coloured(each).convert("L") for each in gallery]))


def _rank(seen: NDArray[np.float32], gallery: Sequence[Image.Image]) -> int:
    """The place of the gallery's first picture when they are put in order of likeness."""
    likeness = [float(seen @ signature(picture)) for picture in gallery]
    return 1 + sum(other > likeness[0] for other in likeness[1:])


def square_of(made: Design, tone: Tone, *, burnt: bool) -> Image.Image:
    """The portrait's square as printed."""
    if burnt:
        picture = Image.fromarray(np.where(dots_of(made, tone), 0, 255).astype(np.uint8))
    else:
        picture = drawing.image(made, tone, dpi=SEEN_DPI, paper=drawing.WHITE).convert("L")
    square = made.portrait
    assert square is not None  # noqa: S101 - it has just been designed for one
    module = picture.width / (made.size + 2 * drawing.QUIET_MODULES)
    left, top = ((edge + drawing.QUIET_MODULES) * module for edge in (square.left, square.top))
    return picture.crop(
        (round(left), round(top), round(left + square.side * module), round(top + square.side * module))
    )


def album(face: Image.Image) -> Tone:
    """Another photograph of the same person: cut two percent closer, its light evened out; made ready likewise."""
    edge = round(face.width * 0.02)
    cut = face.crop((edge, edge // 2, face.width - edge, face.height - edge * 3 // 2)).convert("L")
    return prepare(Image.fromarray(cv2.createCLAHE(1.5, (4, 4)).apply(np.asarray(cut))))


def signature(picture: Image.Image) -> NDArray[np.float32]:
    """A face for comparison by product: half its edges (HOG), half its light and dark, the corners left out."""
    small = np.asarray(picture.resize((96, 96), Image.Resampling.LANCZOS), dtype=np.float32)
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    oval = np.clip((1 - np.hypot(x / 0.95, y)) * 4, 0, 1).astype(np.float32)
    soft = 255 - (255 - cv2.GaussianBlur(small, (0, 0), 1.5)) * oval
    edges = cv2.HOGDescriptor((96, 96), (32, 32), (16, 16), (16, 16), 9).compute(soft.astype(np.uint8)).ravel()
    light = cv2.resize(soft, (20, 20), interpolation=cv2.INTER_AREA).ravel()
    parts = [part - part.mean() for part in (edges, light)]
    return np.concatenate([part / max(float(np.linalg.norm(part)), 1e-6) for part in parts]).astype(np.float32)


def difference(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> tuple[float, float, float]:
    """The difference of two rates in points, with its 95% interval over bands (bootstrap)."""
    each = (ours - theirs) * 100
    chance = np.random.default_rng(1)
    means = each[chance.integers(0, len(each), (_BOOTSTRAPS, len(each)))].mean(axis=1)
    return float(each.mean()), *(float(edge) for edge in np.quantile(means, (0.025, 0.975)))


def report(tallies: Mapping[str, Tally], severities: Sequence[int]) -> None:
    names = list(next(iter(tallies.values())).read)
    head = "".join(f"{name:>8}" for name in names) + "   |" + "".join(f"{f's{s}':>5}" for s in severities)
    print(f"\n{'':20}{'rate':>6}  {'against the first':22}{head}")
    base: NDArray[np.float64] | None = None
    for name, tally in tallies.items():
        reads = np.array([tally.read[reader] for reader in names], dtype=float)  # reader, band, severity
        bands = reads.mean(axis=(0, 2))
        base = bands if base is None else base
        mean, low, high = difference(bands, base)
        gap = "" if bands is base else f"{mean:+5.1f} ({low:+.1f} to {high:+.1f})"
        by_reader = "".join(f"{100 * rate:8.1f}" for rate in reads.mean(axis=(1, 2)))
        by_severity = "".join(f"{100 * rate:5.0f}" for rate in reads.mean(axis=(0, 1)))
        print(f"{name:20}{100 * bands.mean():6.1f}  {gap:22}{by_reader}   |{by_severity}")
    print(f"\n{'':20}misread  damaged  refused  draw, check, worst  wrong tone  right among 31  the same, blind")
    for name, tally in tallies.items():
        line = f"{name:20}{tally.misread:7d}"
        if tally.seconds:
            took = f"{1000 * statistics.median(tally.seconds):.0f}, {1000 * max(tally.seconds):.0f} ms"
            wrong = f"{100 * statistics.mean(tally.disagreement):.1f} %"
            line += f"{tally.damaged:9d}{tally.refused:9d}{took:>20}{wrong:>12}"
            line += f"{_share(tally.ranks):>16}{_share(tally.blind):>17}"
        print(line)
    print("damaged: codewords, in every Reed-Solomon block; refused: by the check before release")


def _share(ranks: Sequence[int]) -> str:
    return f"{100 * sum(rank == 1 for rank in ranks) / len(ranks):.0f} %"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--faces", type=int, default=len(faces.TWELVE))
    words.add_argument("--payloads", type=int, default=20)
    words.add_argument("--severities", type=int, nargs="+", default=list(wearing.SEVERITIES))
    words.add_argument("--address", default="HTTPS://HB.CN/T/")
    words.add_argument("--seed", type=int, default=110)
    words.add_argument("--thermal", action="store_true", help="as a wristband printer burns it")
    words.add_argument("--symbols", action="store_true", help="plain symbols of every version and level")
    words.add_argument("--quick", action="store_true", help="four faces, three payloads")
    chosen = words.parse_args()
    if chosen.quick:
        chosen.faces, chosen.payloads = min(chosen.faces, 4), min(chosen.payloads, 3)
    cv2.setNumThreads(1)
    for package in MISSING:
        print(f"!!! MISSING: {package} could not be installed, a decoder is left out")
    layout: Callable[[bool], str] = lambda face: "{0.version}-{0.level}".format(  # noqa: E731
        chosen_layout(chosen.address, with_portrait=face).frame
    )
    print(f"address {chosen.address}: {layout(False)} plain, {layout(True)} with a portrait; 22 mm, seed {chosen.seed}")
    if chosen.symbols:
        names = [f"{version}-{level}" for version, level in held(chosen.address)]
    else:
        names = ["plain", *(f"portrait {side} x {side}" for side in SIDES)]
        names += [] if chosen.thermal else ["qrcode's embedded"]
        _warm_up(chosen.address)
    tallies = {name: Tally() for name in names}
    wear(chosen, tallies)
    if not chosen.symbols:
        recognise(chosen, tallies)
    report(tallies, chosen.severities)


def _warm_up(address: str) -> None:
    """A process's first band works out its symbol's generator rows as well, which all others share."""
    tone = prepare(faces.face(faces.TWELVE[0], FOLDER / "faces"))
    check(design(address, sign, tone, seed=0), tone)


if __name__ == "__main__":
    main()
