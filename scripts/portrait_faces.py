"""Faces for scripts/draw_portraits: skin, age, eyes, nose and mouth, lit from the upper left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image
from portrait_brushes import MIDDLE, WHITE, Colour, Painting, Point, both_halves, mirrored, oval

LASHES: Colour = (44, 28, 24)


@dataclass(frozen=True)
class Skin:
    """The colours of one person's skin, from light to dark, and of blood under it."""

    light: Colour
    base: Colour
    shade: Colour
    deep: Colour
    line: Colour
    blush: Colour
    lip: Colour


FAIR = Skin(
    (255, 234, 214), (242, 206, 178), (214, 160, 126), (168, 110, 84), (132, 80, 62), (232, 142, 122), (190, 92, 84)
)
TANNED = Skin(
    (250, 220, 190), (228, 184, 148), (194, 138, 102), (146, 94, 68), (112, 68, 50), (214, 124, 100), (168, 88, 76)
)


WARM = Skin(
    (248, 216, 188), (226, 180, 148), (190, 132, 100), (140, 90, 66), (104, 62, 46), (214, 120, 100), (162, 74, 68)
)


@dataclass(frozen=True)
class Head:
    """A head's own traits; lengths in units of the picture."""

    skin: Skin
    half: Sequence[Point]
    iris: Colour
    brow: Colour
    brow_width: float
    smile: float
    eye_open: float
    wrinkles: float


def sides(half: Sequence[Point]) -> tuple[list[Point], list[Point]]:
    """A feature's points, given as offsets from the middle, on the right and on the left."""
    right = [(MIDDLE + x, y) for x, y in half]
    return right, mirrored(right)


def paint_neck(art: Painting, skin: Skin) -> None:
    neck = both_halves([(0, 900), (128, 920), (132, 1050), (150, 1140), (230, 1210), (200, 1330), (0, 1400)])
    inside = art.area(neck)
    art.shape(neck, skin.base)
    art.shape(oval(MIDDLE, 1010, 190, 120), skin.deep, soft=40, strength=0.75, inside=inside)
    art.shape(oval(MIDDLE + 110, 1110, 60, 150), skin.shade, soft=34, strength=0.8, inside=inside)
    for side in sides([(118, 1040), (92, 1120), (40, 1230)]):
        art.line(side, 12, skin.deep, soft=7, strength=0.35, inside=inside)
    for y in (1110, 1160):
        art.line(
            [(MIDDLE - 100, y), (MIDDLE, y + 26), (MIDDLE + 100, y)], 6, skin.deep, soft=4, strength=0.35, inside=inside
        )


def paint_ears(art: Painting, skin: Skin) -> None:
    outer = [(262, 620), (298, 596), (322, 614), (326, 664), (312, 716), (296, 764), (270, 776), (254, 730)]
    inner = [(284, 634), (304, 628), (310, 660), (300, 704), (286, 728)]
    for ear, fold in zip(sides(outer), sides(inner), strict=True):
        inside = art.area(ear)
        art.shape(ear, skin.base)
        art.shape(ear, skin.blush, soft=14, strength=0.3, inside=inside)
        art.line(fold, 16, skin.deep, soft=5, strength=0.6, inside=inside)


def paint_face(art: Painting, head: Head) -> Image.Image:
    """The face without its features: planes, light from the upper left, blush. Returns its area."""
    skin, outline = head.skin, both_halves(head.half)
    inside = art.area(outline)
    art.shape(outline, skin.base)
    art.shape(oval(540, 430, 190, 110), skin.light, soft=60, strength=0.75, inside=inside)
    right_edge, left_edge = sides([(300, 380), (296, 560), (290, 700), (262, 850), (190, 980), (60, 1050)])
    art.line(right_edge, 130, skin.shade, soft=36, strength=0.85, inside=inside, ends=(0.8, 0.8))
    art.line(left_edge, 84, skin.shade, soft=34, strength=0.6, inside=inside, ends=(0.8, 0.8))
    art.line(right_edge, 34, skin.deep, soft=14, strength=0.4, inside=inside, ends=(0.8, 0.8))
    for cheek in sides([(172, 760)]):
        art.shape(oval(*cheek[0], 92, 62), skin.blush, soft=36, strength=0.42, inside=inside)
    for (x, y), strength in zip((side[0] for side in sides([(158, 722)])), (0.35, 0.7), strict=True):
        art.shape(oval(x, y, 64, 30, -8), skin.light, soft=22, strength=strength, inside=inside)
    for socket in sides([(112, 606)]):
        art.shape(oval(*socket[0], 92, 44), skin.shade, soft=20, strength=0.6, inside=inside)
    art.shape(oval(590, 985, 52, 26), skin.light, soft=18, strength=0.55, inside=inside)
    return inside


def paint_age(art: Painting, head: Head, inside: Image.Image) -> None:
    """Lines of a long life: forehead, crow's feet, from nose to mouth, cheeks that have sunk a little."""
    skin, w = head.skin, head.wrinkles
    for y, half in ((408, 118), (452, 142), (494, 120)):
        line = [
            (MIDDLE - half, y + 8),
            (MIDDLE - half / 2, y - 3),
            (MIDDLE, y + 5),
            (MIDDLE + half / 2, y - 2),
            (MIDDLE + half, y + 9),
        ]
        art.line(line, 7, skin.deep, soft=3, strength=0.34 * w, inside=inside)
        art.line([(x, below + 9) for x, below in line], 8, skin.light, soft=4, strength=0.3 * w, inside=inside)
    for ends_at in ((236, 598), (244, 622), (242, 648), (230, 672)):
        start = (186, 626 + (ends_at[1] - 630) * 0.35)
        for side in sides([start, ((start[0] + ends_at[0]) / 2, (start[1] + ends_at[1]) / 2 - 3), ends_at]):
            art.line(side, 5, skin.deep, soft=1.6, strength=0.5 * w, inside=inside)
    for side in sides([(62, 764), (104, 800), (132, 850), (134, 900)]):
        art.line(side, 26, skin.shade, soft=12, strength=0.75, inside=inside)
        art.line(side, 8, skin.deep, soft=3, strength=0.6 * w, inside=inside)
    for side in sides([(120, 905), (128, 940), (112, 975)]):
        art.line(side, 10, skin.deep, soft=6, strength=0.35 * w, inside=inside)
    for side in sides([(176, 800), (206, 860), (196, 920)]):
        art.line(side, 18, skin.shade, soft=12, strength=0.5 * w, inside=inside)
    for _ in range(9):
        x, height = art.chance.choice((-1, 1)) * art.chance.uniform(170, 262), art.chance.uniform(480, 800)
        art.shape(
            oval(MIDDLE + x, height, art.chance.uniform(4, 11), art.chance.uniform(4, 8)),
            skin.deep,
            soft=3,
            strength=0.22 * w,
            inside=inside,
        )
    for frown in (-16, 14):
        art.line(
            [(MIDDLE + frown, 548), (MIDDLE + frown * 0.8, 592)], 6, skin.deep, soft=3, strength=0.35 * w, inside=inside
        )


def paint_eyes(art: Painting, head: Head, inside: Image.Image) -> None:
    skin = head.skin
    lid = [(x, 641 - rise * head.eye_open) for x, rise in ((66, -2), (88, 16), (120, 26), (152, 21), (180, 0))]
    under = [(158, 650), (122, 655), (88, 652)]
    for place, (upper, lower) in enumerate(zip(sides(lid), sides(under), strict=True)):
        x = upper[2][0]
        opening = [*upper, *lower]
        eye = art.area(opening)
        art.shape(opening, (238, 228, 216), inside=inside)
        art.shape(oval(x, 616, 70, 14), (140, 108, 96), soft=7, strength=0.8, inside=eye)
        art.shape(oval(x, 634, 26, 26), head.iris, soft=1.2, inside=eye)
        art.shape(oval(x, 643, 15, 8), (122, 76, 48), soft=5, strength=0.7, inside=eye)
        art.shape(oval(x, 634, 13, 13), (14, 9, 8), soft=1.2, inside=eye)
        art.shape(oval(x - 9, 626, 5.5, 5.5), WHITE, soft=1, inside=eye)
        art.shape(oval(x + 9, 642, 3, 2.5), WHITE, soft=1, strength=0.6, inside=eye)
        art.line(upper, 11, LASHES, soft=1.6, strength=0.9, ends=(0.3, 0.3))
        art.line([upper[0], *reversed(lower), upper[4]], 4.5, skin.line, soft=1.4, strength=0.8)
        outwards = 10 if place == 0 else -10
        fold = [(px + outwards * n / 4, py - 20 + 4 * n) for n, (px, py) in enumerate(upper)]
        art.line(fold, 9, skin.line, soft=2.2, strength=0.75, inside=inside)
    for bag in sides([(72, 664), (104, 684), (142, 684), (176, 664)]):
        art.line(bag, 20, skin.shade, soft=8, strength=0.7, inside=inside)
        art.line(bag, 5, skin.deep, soft=2, strength=0.55 * head.wrinkles, inside=inside)
        art.line([(x, y - 14) for x, y in bag], 10, skin.light, soft=5, strength=0.5, inside=inside)
    for tear in sides([(66, 641)]):
        art.shape(oval(*tear[0], 7, 5), skin.blush, soft=2, strength=0.7, inside=inside)


def paint_brows(art: Painting, head: Head, inside: Image.Image) -> None:
    thick = head.brow_width
    for low, high in zip(
        sides([(58, 574), (110, 558), (160, 560), (204, 586)]),
        sides([(62, 574 - thick), (110, 558 - thick), (164, 560 - thick * 0.8), (204, 582)]),
        strict=True,
    ):
        art.line(
            [((a + c) / 2, (b + d) / 2) for (a, b), (c, d) in zip(low, high, strict=True)],
            head.brow_width,
            head.brow,
            soft=6,
            strength=0.55,
            ends=(0.5, 0),
        )
        art.hair(low, high, 60, [head.brow, head.brow, (120, 104, 96)], width=3.4, stray=3, inside=inside)


def paint_nose(art: Painting, head: Head, inside: Image.Image) -> None:
    skin = head.skin
    art.line([(632, 590), (626, 660), (640, 740)], 34, skin.shade, soft=14, strength=0.7, inside=inside)
    art.line([(566, 590), (574, 660), (560, 740)], 22, skin.shade, soft=14, strength=0.5, inside=inside)
    art.line([(596, 580), (597, 680), (595, 748)], 24, skin.light, soft=9, strength=0.75, inside=inside)
    art.shape(oval(MIDDLE, 770, 62, 36), skin.blush, soft=18, strength=0.35, inside=inside)
    art.shape(oval(592, 762, 20, 15), skin.light, soft=8, strength=0.9, inside=inside)
    for wing in sides([(50, 742), (68, 768), (58, 794), (36, 794)]):
        art.line(wing, 10, skin.deep, soft=4, strength=0.75, inside=inside)
    art.line(
        [(562, 800), (582, 806), (600, 812), (618, 806), (638, 800)], 12, skin.deep, soft=5, strength=0.7, inside=inside
    )
    for nostril in sides([(27, 797)]):
        art.shape(oval(*nostril[0], 14, 6), skin.line, soft=2.5, strength=0.9, inside=inside)
    art.line([(MIDDLE, 820), (MIDDLE, 846)], 16, skin.shade, soft=6, strength=0.5, inside=inside)


def paint_mouth(art: Painting, head: Head, inside: Image.Image) -> None:
    skin, lift = head.skin, head.smile
    corner = [(104, 868 - lift), (58, 872 - lift * 0.1), (0, 873 + lift * 0.35)]
    left_to_right = [*sides(corner)[1], *reversed(sides(corner)[0][:2])]
    top = [
        (MIDDLE + x, y) for x, y in ((62, 862 - lift * 0.2), (22, 856), (0, 861), (-22, 856), (-62, 862 - lift * 0.2))
    ]
    bottom = [(MIDDLE + x, y) for x, y in ((58, 890), (0, 902 + lift * 0.2), (-58, 890))]
    art.shape([*left_to_right, *top], skin.lip, soft=2.4, strength=0.8, inside=inside)
    art.shape([*left_to_right, *bottom], skin.lip, soft=2.6, strength=0.68, inside=inside)
    art.shape(oval(590, 889, 34, 6), (240, 180, 164), soft=6, strength=0.6, inside=inside)
    art.line(left_to_right, 9, (98, 44, 42), soft=1.6, strength=0.9, inside=inside, ends=(0.5, 0.5))
    for end in sides([(96, 872 - lift), (110, 862 - lift), (118, 850 - lift)]):
        art.line(end, 9, skin.line, soft=3, strength=0.7, inside=inside)
    art.line([(540, 924), (600, 938), (660, 924)], 20, skin.shade, soft=9, strength=0.8, inside=inside)


def paint_head(art: Painting, head: Head) -> Image.Image:
    paint_ears(art, head.skin)
    inside = paint_face(art, head)
    paint_age(art, head, inside)
    paint_nose(art, head, inside)
    paint_mouth(art, head, inside)
    paint_eyes(art, head, inside)
    paint_brows(art, head, inside)
    return inside


ROUND: Sequence[Point] = (
    (0, 290),
    (120, 300),
    (212, 352),
    (262, 440),
    (280, 550),
    (284, 650),
    (276, 750),
    (254, 850),
    (208, 944),
    (146, 1004),
    (72, 1036),
    (0, 1044),
)
LONG: Sequence[Point] = (
    (0, 270),
    (120, 280),
    (210, 334),
    (258, 430),
    (274, 550),
    (278, 650),
    (270, 760),
    (252, 860),
    (214, 960),
    (150, 1028),
    (76, 1060),
    (0, 1066),
)
