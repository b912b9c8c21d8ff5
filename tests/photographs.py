"""Photographs as phones take them, and hostile look-alikes, made from the demonstration's drawn portraits."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from pathlib import Path

from PIL import Image, ImageChops, ImageCms, ImageDraw, ImageStat

PORTRAITS = Path(__file__).parent.parent / "wristband" / "demonstration" / "portraits"
FILES = Path(__file__).parent / "files" / "photos"
ELDERS = ("drawn_woman_with_a_knot", "drawn_man_with_glasses", "drawn_woman_with_white_hair")
CANARY = "CANARY-7f3e"  # stands in everything but the pixels: a trace of it in a clean photograph is a leak

ORIENTATION, DESCRIPTION, MAKE, GPS_POINTER = 0x0112, 0x010E, 0x010F, 0x8825
# The segments a JPEG needs for its pixels: JFIF, tables, frame, scan. Anything more is somebody's secret.
PIXELS_ONLY = {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
# Display P3's red, green and blue, as XYZ under D50 (ICC registry, "Display P3").
P3_PRIMARIES = {
    b"rXYZ": (0.51512, 0.2412, -0.00105),
    b"gXYZ": (0.29198, 0.69225, 0.04189),
    b"bXYZ": (0.1571, 0.06657, 0.78407),
}


def portrait(name: str = "drawn_woman_with_a_knot") -> Image.Image:
    """One of the demonstration's drawn elders, 1200 x 1500, RGB."""
    with Image.open(PORTRAITS / f"{name}.jpg") as image:
        return image.convert("RGB")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> bytes:
    """What a phone writes about a picture: maker, words, and the garden in Xiamen where it was taken."""
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    tags[DESCRIPTION] = f"{CANARY} at home"
    tags[MAKE] = f"{CANARY} phones"
    tags[GPS_POINTER] = {1: "N", 2: (24.0, 43.0, 22.5), 3: "E", 4: (118.0, 9.0, 7.25)}
    return tags.tobytes()


def display_p3() -> bytes:
    """The wide colour space of today's phones: Pillow's sRGB profile with other primaries put in."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    (entries,) = struct.unpack_from(">I", profile, 128)
    for entry in range(entries):
        name, offset, _ = struct.unpack_from(">4sII", profile, 132 + 12 * entry)
        if name in P3_PRIMARIES:
            struct.pack_into(">3i", profile, offset + 8, *(round(part * 65536) for part in P3_PRIMARIES[name]))
    return bytes(profile)


def in_display_p3(image: Image.Image) -> Image.Image:
    """The same colours to the eye, in the numbers of Display P3."""
    there = ImageCms.ImageCmsProfile(io.BytesIO(display_p3()))
    moved = ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), there, outputMode="RGB")
    assert moved is not None
    return moved


@cache
def twelve_megapixels() -> Image.Image:
    """The portrait upright as a phone sees it, 3024 x 4032, in the colours of sRGB."""
    ground = Image.new("RGB", (3024, 4032), (226, 219, 206))
    ground.paste(portrait().resize((3024, 3780), Image.Resampling.BICUBIC), (0, 252))
    return ground


@cache
def phone_jpeg() -> bytes:
    """A 12-megapixel JPEG lying on its side (orientation 6), in Display P3, with GPS, XMP and a comment."""
    lying = in_display_p3(twelve_megapixels()).transpose(Image.Transpose.ROTATE_90)
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{CANARY}</x:xmpmeta>".encode()
    return encoded(lying, "JPEG", quality=85, exif=exif(6), icc_profile=display_p3(), comment=CANARY.encode(), xmp=xmp)


def phone_heic() -> bytes:
    """A real 12-megapixel HEIC with the same EXIF and colours (tests/files/photos/README.md says how it was made)."""
    return (FILES / "phone.heic").read_bytes()


def png_header_only(width: int, height: int) -> bytes:
    """A few bytes of PNG that promise a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 + 3 * 1000))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def jpeg_segments(jpeg: bytes) -> list[int]:
    """The markers of a JPEG up to its first scan, in order: what is in the file besides pixels."""
    place, markers = 2, []
    while place < len(jpeg):
        assert jpeg[place] == 0xFF
        marker, length = jpeg[place + 1], int.from_bytes(jpeg[place + 2 : place + 4], "big")
        markers.append(marker)
        if marker == 0xDA:
            break
        place += 2 + length
    return markers


def four_corners() -> Image.Image:
    """Red, green, blue and yellow quarters: any wrong turn or mirroring shows."""
    image = Image.new("RGB", (400, 240), (200, 30, 30))
    pen = ImageDraw.Draw(image)
    pen.rectangle((200, 0, 399, 119), fill=(30, 160, 30))
    pen.rectangle((0, 120, 199, 239), fill=(30, 30, 200))
    pen.rectangle((200, 120, 399, 239), fill=(220, 220, 30))
    return image


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean distance of two pictures' values, 0..255, the worst channel's."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)
