"""The short-lived process that opens a stranger's picture: a decoder that dies or runs wild takes only itself along.

Run by wristband/elders/photos.py by its path, never imported by the application: it knows the standard library, Pillow
and pi-heif only, so that it starts quickly. Standard input is the picture; arguments are its format, the longest side
to give back, the quarter turns to the right that somebody asked for, or "auto" for the way up in which a face is found,
and the limits of memory and processor time. Standard output is one line of JSON, the clean JPEG, and one more line
of JSON with the faces:

    {"length": 91234}\n <91234 bytes> {"faces": [[left, top, side], ...]}\n

A picture that was found to lie on its side or head comes a second time, the right way up, and the faces are of that:

    {"length": 91234}\n <91234 bytes> {"faces": [...], "turned": 1, "length": 91240}\n <91240 bytes>

Where there is nothing to give, it is {"refused": "photo.damaged"}\n. The picture is written before faces are looked
for: a detector that fails costs the suggestion, not the picture.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import warnings
from pathlib import Path

import pi_heif
from PIL import Image, ImageCms, ImageOps

SHORTEST_SIDE_PX = 160
MOST_PIXELS = 25_000_000  # 5712 x 4284, the large setting of today's phones, must pass
JPEG_QUALITY = 88
WHITE = (255, 255, 255)
AUTO = "auto"
DETECTOR_PX = 640  # the longer side of what detectors look at: the four ways up of it cost about a second
# Hits of both detectors around a face before a picture is turned for it. Of 28 pictures of 4 faces, drawn and
# photographed, upright, tilted, dark and cut, those found upright have mostly 30 to 120; any other way up 22 at most.
SURE = 28

Found = tuple[int, list[int]]
"""How many hits two detectors that agree have there, 0 where they do not, and the square [left, top, side]."""

_TURNS = {
    1: Image.Transpose.ROTATE_270,  # Pillow's angles go to the left
    2: Image.Transpose.ROTATE_180,
    3: Image.Transpose.ROTATE_90,
}


class Refused(Exception):
    """The picture is not taken; the argument is the refusal's code."""


def limit_this_process(memory_bytes: int, cpu_s: int) -> None:
    """From here on this process can neither grow, nor run long, nor write a file, nor leave a core dump."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def open_header(data: bytes, kind: str) -> Image.Image:
    """The picture with its header read and nothing decoded, if its measures are ones we take."""
    Image.MAX_IMAGE_PIXELS = None  # Pillow only warns, and at its own number: the check is ours
    pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    try:
        image = Image.open(io.BytesIO(data), formats=[kind])
    except Exception as problem:  # decoders raise whatever they like; for us it is one thing
        raise Refused("photo.damaged") from problem
    if image.width * image.height > MOST_PIXELS:
        raise Refused("photo.too_many_pixels")
    if min(image.size) < SHORTEST_SIDE_PX:
        raise Refused("photo.too_small")
    return image


def decode(image: Image.Image, longest_side_px: int) -> Image.Image:
    """The first frame's pixels, scaled down, upright, opaque, still in the colour space of the file."""
    # A JPEG is decoded at a half, a quarter or an eighth where that is enough: less memory, less time.
    image.draft(None, (2 * longest_side_px, 2 * longest_side_px))
    try:
        image.load()
        profile = image.info.get("icc_profile")
        small = to_scalable_mode(image)
        small.thumbnail((longest_side_px, longest_side_px), Image.Resampling.LANCZOS, reducing_gap=3.0)
        upright = ImageOps.exif_transpose(small)
    except MemoryError:
        raise
    except Exception as problem:
        raise Refused("photo.damaged") from problem
    if upright.mode == "RGBA":
        ground = Image.new("RGB", upright.size, WHITE)
        ground.paste(upright, mask=upright.getchannel("A"))
        upright = ground
    upright.info = {"icc_profile": profile}
    return upright


def to_scalable_mode(image: Image.Image) -> Image.Image:
    """Eight bits a channel and no palette: mode L, RGB, RGBA or CMYK."""
    if image.mode.startswith("I"):  # 16 bits of grey, which convert("L") would clip instead of scale
        return image.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    if image.mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("L", "RGB", "RGBA", "CMYK"):
        return image
    return image.convert("RGB")


def to_srgb(image: Image.Image) -> Image.Image:
    """The picture's colours in sRGB; a profile that is broken or fits another mode counts as none."""
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert("RGB")


def only_pixels(image: Image.Image) -> bytes:
    """A JPEG made of the pixels alone: a plain save() would carry comments and profiles of the source along."""
    fresh = Image.frombytes("RGB", image.size, image.tobytes())
    out = io.BytesIO()
    fresh.save(out, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    return out.getvalue()


def turn(image: Image.Image, quarters: int) -> Image.Image:
    """The picture turned to the right by so many quarters."""
    return image.transpose(_TURNS[quarters]) if quarters in _TURNS else image


def find_way_up(image: Image.Image) -> tuple[int, list[list[int]]]:
    """Quarter turns to the right that set the picture upright, and its faces then as squares [left, top, side] in
    pixels, largest first.

    No turn, and no faces, where OpenCV is not installed. A picture with a face as it stands is not turned, nor is one
    whose face on the side might be a pattern: a wrong turn is worse than none.
    """
    standing = find_faces(image)
    if sureness(standing) >= SURE:
        return 0, squares(standing)
    found = {quarters: find_faces(turn(image, quarters)) for quarters in _TURNS}
    best = max(found, key=lambda quarters: sureness(found[quarters]))
    if sureness(found[best]) >= max(SURE, 2 * sureness(standing)):
        return best, squares(found[best])
    return 0, squares(standing)


def find_faces(image: Image.Image) -> list[Found]:
    """Faces by the careful detector, surest those that the other one sees too: each alone takes collars for faces."""
    try:
        import cv2
        import numpy
    except ImportError:
        return []
    cv2.setNumThreads(1)
    small = image.convert("L")
    small.thumbnail((DETECTOR_PX, DETECTOR_PX))
    scale = image.width / small.width
    grey = cv2.equalizeHist(numpy.asarray(small))
    # A head that fills less than a tenth of the picture is no portrait; small boxes are mostly patterns in cloth.
    smallest = max(20, min(small.size) // 10)
    said: list[list[Found]] = []
    for name in ("haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_default.xml"):
        cascade = cv2.CascadeClassifier(str(Path(cv2.__file__).with_name("data") / name))
        boxes, hits = cascade.detectMultiScale2(grey, scaleFactor=1.1, minNeighbors=5, minSize=(smallest, smallest))
        said.append(
            [
                (int(count), [int(left * scale), int(top * scale), int(max(width, height) * scale)])
                for (left, top, width, height), count in zip(boxes, hits, strict=True)
            ]
        )
    found = []
    for count, box in said[0]:
        others = [other for other, beside in said[1] if is_same(box, beside)]
        found.append((count + max(others) if others else 0, box))
    return found


def is_same(one: list[int], other: list[int]) -> bool:
    """Whether two squares have their middles within a quarter of the first one's side."""
    return all(abs(one[axis] + one[2] / 2 - other[axis] - other[2] / 2) < one[2] / 4 for axis in (0, 1))


def sureness(found: list[Found]) -> int:
    """Of the surest face; 0 without one."""
    return max((hits for hits, _ in found), default=0)


def squares(found: list[Found]) -> list[list[int]]:
    """The squares alone, largest first: sure faces, and beside such a one whatever else may be a person's."""
    largest = max((box[2] for hits, box in found if hits), default=0)
    return sorted((box for _, box in found if box[2] <= largest), key=lambda box: -box[2])


def answer(header: dict[str, object], body: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + body)
    sys.stdout.buffer.flush()


def main(kind: str, longest_side_px: int, turned: str, memory_bytes: int, cpu_s: int) -> None:
    """One picture from standard input to standard output, within these limits; `turned`: quarters, or AUTO to look.

    Answers with a header line and the JPEG, then with the faces; where the picture lies on its side, with it turned.
    """
    limit_this_process(memory_bytes, cpu_s)
    warnings.simplefilter("ignore")
    try:
        image = to_srgb(decode(open_header(sys.stdin.buffer.read(), kind), longest_side_px))
        if turned != AUTO:
            image = turn(image, int(turned))
        jpeg = only_pixels(image)
    except Refused as refused:
        answer({"refused": str(refused)})
        return
    answer({"length": len(jpeg)}, jpeg)
    if turned != AUTO:
        answer({"faces": squares(find_faces(image))})
        return
    quarters, faces = find_way_up(image)
    if quarters:
        jpeg = only_pixels(turn(image, quarters))
        answer({"faces": faces, "turned": quarters, "length": len(jpeg)}, jpeg)
    else:
        answer({"faces": faces})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
