"""Portraits: a file from anybody becomes clean pixels and a square around the face."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from wristband.elders import worker
from wristband.elders.worker import Limits
from wristband.errors import BadValue

MOST_BYTES = 6 * 1024 * 1024
LONGEST_SIDE_PX = 1024  # of a clean photograph; the worker is told
FACE_PX = 480  # of the square around the face, for pages, artwork and print
PHOTO_PLACE = "photo.jpeg"  # of a clean photograph in the store of sealed files
AUTO = "auto"  # to the worker: turn it as its face demands
WORKER = Path(__file__).with_name("picture_worker.py")
WORKER_REFUSALS = frozenset({"photo.damaged", "photo.too_many_pixels", "photo.too_small"})
# The dearest honest pictures (24 megapixels of PNG with transparency, of WebP) need 450 MB and 2 s.
LIMITS = Limits()

# Whatever reading an answer of hostile bytes can come to.
_UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, RecursionError, OSError, SyntaxError)

HEAD_PER_FACE = 1.6  # a detected face runs from brows to chin: hair, ears and collar need room around it
SMALLEST_CROP = 0.1
HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


@dataclass(frozen=True, slots=True)
class Crop:
    """A square cut: `left` is a fraction of the width, `top` of the height, `size` of the shorter side."""

    left: float
    top: float
    size: float

    @classmethod
    def parse(cls, left: str, top: str, size: str) -> Crop:
        """Read a form's three numbers; a square dragged beyond the edge is brought back by `box`.

        Raises BadValue("photo.bad_crop") for what is no finite number.
        """
        return cls(_fraction(left), _fraction(top), max(_fraction(size), SMALLEST_CROP))

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) in pixels: square, at least one pixel, inside a picture of this size."""
        shorter = min(width, height)
        side = min(max(round(self.size * shorter), 1), shorter)
        left = min(max(round(self.left * width), 0), width - side)
        top = min(max(round(self.top * height), 0), height - side)
        return left, top, left + side, top + side


def _fraction(text: str) -> float:
    try:
        number = float(text) if len(text) <= 32 else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise BadValue("photo.bad_crop")
    return min(max(number, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """A picture fit to keep: baseline JPEG in sRGB, upright, at most 1024 px on its longer side, nothing but pixels.

    `sha256` is the hexadecimal digest of `jpeg`; `faces_found` 0 means that `crop` is only a guess for people to mend.
    `turned`: the quarters to the right by which it was set upright, since a face lay on its side or head.
    """

    jpeg: bytes
    width: int
    height: int
    sha256: str
    crop: Crop
    faces_found: int
    turned: int = 0


def clean(data: bytes, limits: Limits = LIMITS, *, quarters: int | None = None) -> CleanPhoto:
    """Make a clean photograph of an uploaded file: JPEG, PNG, WebP or HEIC, at most 6 MB and 25 million pixels.

    Of an animation the first frame is taken. It is turned to the right by `quarters` (0 to 3) and no further; where
    nobody says how far, until a face that lies on its side stands upright. Raises BadValue: photo.too_large,
    photo.not_a_picture, photo.damaged, photo.too_many_pixels, photo.too_small, photo.unreadable (the decoder died or
    hit a limit); and Unavailable("photo.busy") when no desk becomes free in time.
    """
    if len(data) > MOST_BYTES:
        raise BadValue("photo.too_large", most_mb=MOST_BYTES // 1024**2)
    kind = kind_of(data)
    if kind is None:
        raise BadValue("photo.not_a_picture")
    turned = AUTO if quarters is None else str(quarters)
    said = worker.ask(WORKER, [kind, str(LONGEST_SIDE_PX), turned], data, limits, busy="photo.busy")
    return read_answer(said)


def kind_of(data: bytes) -> str | None:
    """The format by the first bytes, named as Pillow names its decoders; None for anything we do not take."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        return "HEIF"
    return None


def read_answer(said: bytes) -> CleanPhoto:
    """Believe the worker only as far as its answer is whole and modest: hostile bytes have been in it.

    Raises BadValue: the refusal it names, or photo.unreadable.
    """
    head, _, rest = said.partition(b"\n")
    try:
        header = json.loads(head)
        if header.get("refused") in WORKER_REFUSALS:
            raise BadValue(header["refused"])
        jpeg, tail, size = _read_picture(header, rest)
    except _UNREADABLE:
        raise BadValue("photo.unreadable") from None
    faces, turned = [], 0
    # A detector that fell over after the picture was done costs the suggestion alone.
    with suppress(*_UNREADABLE):
        told, _, rest = tail.partition(b"\n")
        header = json.loads(told)
        if header.get("turned") in (1, 2, 3):
            jpeg, _, size = _read_picture(header, rest)
            turned = int(header["turned"])
        faces = _read_faces(header)
    digest = hashlib.sha256(jpeg).hexdigest()
    return CleanPhoto(jpeg, *size, digest, suggest_crop(*size, faces), len(faces), turned)


def _read_picture(header: dict[str, Any], rest: bytes) -> tuple[bytes, bytes, tuple[int, int]]:
    """The JPEG that a line of JSON announces, what follows it, its width and height; nothing is decoded here."""
    jpeg, tail = rest[: header["length"]], rest[header["length"] :]
    if len(jpeg) != header["length"]:
        raise ValueError("cut off")
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            size = image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise ValueError("more than the worker can have made") from bomb
    if max(size) > LONGEST_SIDE_PX:
        raise ValueError("more than the worker was asked for")
    return jpeg, tail, size


def _read_faces(header: dict[str, Any]) -> list[tuple[int, int, int]]:
    """The faces' squares, as far as they can be."""
    faces = [(left, top, side) for left, top, side in header["faces"]]
    return [face for face in faces if all(isinstance(part, int) and 0 <= part <= LONGEST_SIDE_PX for part in face)]


def suggest_crop(width: int, height: int, faces: Sequence[tuple[int, int, int]]) -> Crop:
    """A square around the head of the largest face, or the upper middle where portraits have theirs.

    Faces are squares (left, top, side) in pixels of a picture of this width and height.
    """
    shorter = min(width, height)
    if faces:
        face_left, face_top, face_side = max(faces, key=lambda face: face[2])
        side = min(face_side * HEAD_PER_FACE, shorter)
        middle_x = face_left + face_side / 2
        middle_y = face_top + face_side * 0.44  # hair is higher than the chin is low
    else:
        side = shorter * 0.8
        middle_x = width / 2
        middle_y = height * 0.42
    left = min(max(middle_x - side / 2, 0), width - side)
    top = min(max(middle_y - side / 2, 0), height - side)
    return Crop(round(left / width, 4), round(top / height, 4), round(side / shorter, 4))


def cut(jpeg: bytes, crop: Crop, side_px: int) -> Image.Image:
    """The crop of a clean photograph as an RGB image of side_px x side_px."""
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        box = crop.box(image.width, image.height)
        return image.convert("RGB").resize((side_px, side_px), Image.Resampling.LANCZOS, box=box)


def square_jpeg(jpeg: bytes, crop: Crop, side_px: int = FACE_PX) -> bytes:
    """The crop of a clean photograph as a JPEG of side_px x side_px, for pages."""
    out = io.BytesIO()
    cut(jpeg, crop, side_px).save(out, "JPEG", quality=88, subsampling=0, optimize=True)
    return out.getvalue()
