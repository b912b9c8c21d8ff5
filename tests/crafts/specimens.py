"""Faces of nobody, drawn from a number, and the symbols designed for them."""

from __future__ import annotations

import random
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

from wristband.bands.artwork.design import Design, design
from wristband.bands.tokens import BandKeys, sign

SHORT, UPPER, LOWER, LONG = (
    "HTTPS://HB.CN/T/",
    "HTTPS://HB.EXAMPLE/T/",
    "https://hb.example/t/",
    "https://band.xiamen.example/t/",
)
ADDRESSES = (SHORT, UPPER, LOWER, LONG)
KEYS = BandKeys({"A": bytes(range(32))})

SKINS = ((226, 188, 160), (205, 160, 128), (236, 202, 178))
HAIRS = ((200, 200, 198), (60, 55, 52), (130, 128, 126), (30, 26, 25))
WALLS = ((70, 110, 90), (190, 180, 160), (60, 60, 80), (225, 225, 230))


def signed(serial: str) -> str:
    return sign(serial, KEYS)


def repeatable(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a test's chance is no secret


@cache
def drawn(address: str, number: int = 1) -> Design:
    """The design of one drawn face, the same in every test that asks."""
    return design(address, signed, face(number), seed=number)


def face(number: int, side: int = 240) -> Image.Image:
    """A square RGB picture of one face: hair, eyes, mouth and collar enough for the artwork to work on."""
    chance = repeatable(number)
    skin, hair, wall = chance.choice(SKINS), chance.choice(HAIRS), chance.choice(WALLS)
    image = Image.new("RGB", (400, 400), wall)
    draw = ImageDraw.Draw(image)
    draw.polygon([(40, 400), (90, 345), (170, 320), (230, 320), (310, 345), (360, 400)], fill=(60, 60, 90))
    draw.rectangle((165, 280, 235, 335), fill=tuple(channel * 4 // 5 for channel in skin))
    draw.ellipse((80, 50, 320, chance.choice((250, 320))), fill=hair)
    draw.ellipse((102, 80, 298, 325), fill=skin)
    draw.pieslice((92, 55, 308, chance.choice((180, 220))), 180, 360, fill=hair)
    for x in (155, 245):
        draw.ellipse((x - 22, 178, x + 22, 202), fill="white")
        draw.ellipse((x - 11, 178, x + 11, 201), fill=(40, 28, 22))
        draw.arc((x - 30, 148, x + 30, 205), 200, 340, fill=(60, 40, 35), width=7)
    draw.line([(200, 190), (192, 238), (208, 242)], fill=(150, 110, 90), width=4)
    draw.chord((160, 258, 240, 288), 10, 170, fill=(150, 70, 66))
    return image.filter(ImageFilter.GaussianBlur(1.5)).resize((side, side))
