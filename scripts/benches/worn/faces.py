"""Faces of nobody, painted with the demonstration's brushes: twelve to draw, thirty to tell them from."""

from __future__ import annotations

import hashlib
import random
import sys
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SCRIPTS = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SCRIPTS))

from portrait_brushes import MIDDLE, Colour, Painting, both_halves, oval  # noqa: E402
from portrait_faces import FAIR, LONG, ROUND, TANNED, WARM, Head, Skin, paint_head, paint_neck, sides  # noqa: E402

SIDE = 480
"""Pixels of a face's square, as a band's artwork is given it."""
OTHERS = 30

# What the photograph's cut leaves of a painting, from above the hair to the collar; and a margin to bend it in.
_CUT = (120, 130, 1080, 1090)
_MARGIN = 60

DARK = Skin((172, 120, 88), (128, 84, 60), (92, 58, 42), (62, 38, 28), (44, 26, 20), (150, 84, 66), (120, 62, 56))
DEEP = Skin((128, 88, 66), (90, 58, 44), (64, 40, 30), (42, 26, 20), (28, 18, 14), (110, 64, 52), (92, 48, 44))
PALE = Skin(
    (255, 242, 230), (250, 226, 208), (226, 184, 160), (180, 132, 110), (140, 98, 80), (236, 160, 146), (200, 112, 106)
)

BLACK_HAIR, GREY_HAIR, WHITE_HAIR, BROWN_HAIR = (38, 34, 36), (128, 124, 122), (226, 226, 230), (92, 66, 50)
LIGHT_WALL, WHITE_WALL, GREEN_WALL, DARK_WALL, RED_WALL = (
    (228, 226, 220),
    (250, 250, 250),
    (96, 132, 112),
    (58, 56, 64),
    (150, 70, 60),
)


@dataclass(frozen=True)
class Person:
    """What a face is painted from. `hair_style`: combed, short, curls, bald, fringe or cap."""

    name: str
    skin: Skin
    hair: Colour
    hair_style: str
    wall: Colour
    cloth: Colour
    glasses: Colour | None = None
    beard: Colour | None = None
    long_face: float = 0.0
    eye_open: float = 0.9
    smile: float = 12
    brow_width: float = 14
    wrinkles: float = 1.2
    dim: float = 1.0
    shape: int = 0


TWELVE: tuple[Person, ...] = (
    Person("grey knot", FAIR, (62, 58, 60), "combed", LIGHT_WALL, (44, 54, 92)),
    Person("glasses, short grey", TANNED, GREY_HAIR, "short", LIGHT_WALL, (52, 56, 62), (34, 26, 24), long_face=1),
    Person("white curls, light wall", WARM, WHITE_HAIR, "curls", (222, 230, 228), (122, 40, 50), smile=22),
    Person("white combed, white wall", PALE, WHITE_HAIR, "combed", WHITE_WALL, (200, 204, 210), smile=6),
    Person("bald, dark wall", TANNED, GREY_HAIR, "bald", DARK_WALL, (70, 90, 70), long_face=0.6, brow_width=22),
    Person("dark skin, black hair", DARK, BLACK_HAIR, "short", GREEN_WALL, (180, 150, 60), smile=20),
    Person("deep skin, white hair", DEEP, WHITE_HAIR, "curls", LIGHT_WALL, (40, 80, 120), smile=10),
    Person("white beard", FAIR, WHITE_HAIR, "short", (120, 128, 140), (60, 50, 46), None, (220, 220, 220), 0.8),
    Person("black beard, glasses", TANNED, BLACK_HAIR, "short", WHITE_WALL, (90, 30, 30), (60, 40, 30), (44, 40, 40)),
    Person("cap", WARM, (40, 44, 60), "cap", LIGHT_WALL, (60, 64, 60), wrinkles=1.6, brow_width=18),
    Person("fringe, red wall", WARM, BROWN_HAIR, "fringe", RED_WALL, (230, 226, 210), eye_open=1.0, smile=16),
    Person("dusk", FAIR, BLACK_HAIR, "combed", GREEN_WALL, (100, 60, 90), (90, 70, 40), long_face=0.4, dim=0.45),
)


def others() -> tuple[Person, ...]:
    """Thirty more, of every kind, that the twelve are to be told from."""
    chance = random.Random(110)  # noqa: S311 - the same thirty at every run
    walls = (LIGHT_WALL, WHITE_WALL, GREEN_WALL, DARK_WALL, RED_WALL, (120, 128, 140))
    return tuple(
        Person(
            name=f"other {number}",
            skin=chance.choice((FAIR, TANNED, WARM, PALE, DARK, DEEP)),
            hair=chance.choice((BLACK_HAIR, GREY_HAIR, WHITE_HAIR, BROWN_HAIR, (62, 58, 60))),
            hair_style=chance.choice(("combed", "short", "curls", "bald", "fringe", "cap")),
            wall=chance.choice(walls),
            cloth=tuple(chance.randrange(30, 220) for _ in range(3)),  # type: ignore[arg-type]
            glasses=chance.choice((None, None, (34, 26, 24))),
            beard=chance.choice((None, None, None, (210, 210, 210), (60, 54, 52))),
            long_face=chance.random(),
            eye_open=chance.uniform(0.7, 1.05),
            smile=chance.uniform(4, 24),
            brow_width=chance.uniform(10, 24),
            wrinkles=chance.uniform(0.6, 1.6),
            shape=number + 1,
        )
        for number in range(OTHERS)
    )


def face(person: Person, folder: Path) -> Image.Image:
    """The square of one person's face, SIDE x SIDE; kept in `folder`, since a painting takes a second."""
    kept = folder / f"{_digest(person)}.png"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        left, top, right, bottom = _CUT
        wide = paint(person).image.crop((left - _MARGIN, top - _MARGIN, right + _MARGIN, bottom + _MARGIN))
        bent(wide, person).save(kept)
    return Image.open(kept).convert("RGB")


def _digest(person: Person) -> str:
    """Of everything that a face is painted from: the person and every brush."""
    sources = (
        Path(__file__),
        *(SCRIPTS / name for name in ("draw_portraits", "portrait_brushes.py", "portrait_faces.py")),
    )
    told = repr(person).encode() + b"".join(source.read_bytes() for source in sources)
    return hashlib.sha256(told).hexdigest()[:16]


def bent(image: Image.Image, person: Person) -> Image.Image:
    """Every skull is its own: the painting's even proportions pulled a few percent this way and that, and its light."""
    chance = np.random.default_rng(1000 + person.shape + sum(map(ord, person.name)))
    margin, size = float(_MARGIN), image.width - 2.0 * _MARGIN
    steps = np.linspace(0, 1, 6)
    down = margin + size * (steps + np.concatenate(([0], np.cumsum(chance.normal(0, 0.013, 4)), [0])))
    narrow = np.clip(chance.normal(0, 0.03, 6), -0.06, 0.06) * size
    mesh = []
    for top, bottom in pairwise(range(6)):
        (a, b), (c, d) = ((margin + narrow[row], margin + size - narrow[row]) for row in (top, bottom))
        corners = (a, down[top], c, down[bottom], d, down[bottom], b, down[top])
        mesh.append(((0, round(steps[top] * SIDE), SIDE, round(steps[bottom] * SIDE)), tuple(map(float, corners))))
    pulled = image.transform((SIDE, SIDE), Image.Transform.MESH, mesh, Image.Resampling.BICUBIC)
    return pulled.point(lambda level: round(level * person.dim)) if person.dim != 1 else pulled


def paint(person: Person) -> Painting:
    """The painting of a person."""
    art = Painting(person.wall, _darker(person.wall, 0.88), scale=1, seed=sum(map(ord, person.name)))
    half = [(a[0] + (b[0] - a[0]) * person.long_face, a[1] + (b[1] - a[1]) * person.long_face) for a, b in _HALVES]
    head = Head(
        skin=person.skin,
        half=half,
        iris=(50, 32, 24),
        brow=_darker(person.hair, 0.75),
        brow_width=person.brow_width,
        smile=person.smile,
        eye_open=person.eye_open,
        wrinkles=person.wrinkles,
    )
    paint_neck(art, head.skin)
    painter().paint_clothes(art, person.cloth, _darker(person.cloth, 0.5), _lighter(person.cloth))
    painter().paint_standing_collar(art, person.cloth, _darker(person.cloth, 0.5), _lighter(person.cloth))
    if person.hair_style in ("curls", "fringe"):
        art.shape(oval(MIDDLE, 510, 330, 300), person.hair, soft=8)
    inside = paint_head(art, head)
    if person.beard:
        _paint_beard(art, person.beard, inside)
    _HAIR[person.hair_style](art, person.hair)
    if person.glasses:
        painter().paint_glasses(art, person.glasses)
    return art


def painter() -> ModuleType:
    """The demonstration's script as a module."""
    if "draw_portraits" not in sys.modules:
        loader = SourceFileLoader("draw_portraits", str(SCRIPTS / "draw_portraits"))
        spec = spec_from_loader("draw_portraits", loader)
        assert spec is not None  # noqa: S101 - a loader was given
        module = module_from_spec(spec)
        sys.modules["draw_portraits"] = module
        loader.exec_module(module)
    return sys.modules["draw_portraits"]


_HALVES = tuple(zip(ROUND, LONG, strict=True))


def _darker(colour: Colour, share: float) -> Colour:
    return tuple(round(part * share) for part in colour)  # type: ignore[return-value]


def _lighter(colour: Colour) -> Colour:
    return tuple(round(part + (255 - part) * 0.35) for part in colour)  # type: ignore[return-value]


def _tones(hair: Colour) -> list[Colour]:
    return [_darker(hair, 0.7), _lighter(hair), _darker(hair, 0.85), _darker(_lighter(hair), 0.9)]


def _combed(art: Painting, hair: Colour) -> None:
    painter().paint_combed_hair(art, hair, _tones(hair), [_lighter(hair), _lighter(_lighter(hair))])


def _short(art: Painting, hair: Colour) -> None:
    painter().paint_short_hair(art, hair, _tones(hair))


def _curls(art: Painting, hair: Colour) -> None:
    painter().paint_white_curls(art, hair, _tones(hair))


def _bald(art: Painting, hair: Colour) -> None:
    """A wreath of hair above the ears and nothing else."""
    for side in sides([(262, 470), (300, 470), (318, 560), (300, 640), (280, 590)]):
        art.shape(side, hair, soft=8, strength=0.9)


def _fringe(art: Painting, hair: Colour) -> None:
    """Straight hair to the jaw, cut above the brows."""
    mass = both_halves([(0, 190), (190, 230), (320, 360), (350, 620), (330, 900), (262, 900), (268, 620), (240, 500)])
    art.shape([*mass], hair, soft=3, inside=_outside_face(art))
    art.shape(both_halves([(0, 230), (170, 250), (268, 400), (262, 520), (120, 490), (0, 480)]), hair, soft=5)
    for side in sides([(250, 420), (330, 520), (336, 880), (268, 890), (262, 620)]):
        art.shape(side, hair, soft=4)


def _outside_face(art: Painting) -> Image.Image:
    mask = Image.new("L", art.image.size, 255)
    ImageDraw.Draw(mask).ellipse([v * art.scale for v in (MIDDLE - 258, 430, MIDDLE + 258, 1060)], fill=0)
    return mask.filter(ImageFilter.GaussianBlur(4 * art.scale))


def _cap(art: Painting, hair: Colour) -> None:
    """A cloth cap with a peak."""
    art.shape(both_halves([(0, 190), (200, 210), (316, 320), (330, 450), (0, 440)]), hair, soft=2)
    art.shape(both_halves([(0, 430), (280, 430), (300, 480), (160, 516), (0, 524)]), _darker(hair, 0.55), soft=2)


def _paint_beard(art: Painting, colour: Colour, inside: Image.Image) -> None:
    ring = both_halves([(0, 930), (96, 916), (150, 840), (214, 760), (290, 660), (290, 900), (190, 1060), (0, 1100)])
    art.shape(ring, colour, soft=10, strength=0.9)
    art.shape(both_halves([(0, 826), (70, 832), (128, 862), (140, 930), (96, 880), (0, 850)]), colour, soft=6)
    lock = [(MIDDLE - 240, 800), (MIDDLE - 150, 980), (MIDDLE, 1040), (MIDDLE + 150, 980), (MIDDLE + 240, 800)]
    art.hair(lock, [(x, y + 60) for x, y in lock], 160, _tones(colour), width=4, stray=8, strength=0.5, inside=inside)


_HAIR = {"combed": _combed, "short": _short, "curls": _curls, "bald": _bald, "fringe": _fringe, "cap": _cap}
