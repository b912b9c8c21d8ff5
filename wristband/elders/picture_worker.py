"""The short-lived process that opens a stranger's picture: a decoder that dies or runs wild takes only itself along.

Run by wristband/elders/photos.py by its path, never imported by the application: it knows the standard library, Pillow
and pi-heif only, so that it starts quickly. Standard input is the picture; arguments are its format, the longest side
to give back, and the limits of memory and processor time. Standard output is one line of JSON, the clean JPEG, and one
more line of JSON with the faces:

    {"length": 91234}\n <91234 bytes> {"faces": [[left, top, side], ...]}\n

or, where there is nothing to give, {"refused": "photo.damaged"}\n. The picture is written before faces are looked for:
a detector that fails costs the suggestion, not the picture.
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


def find_faces(image: Image.Image) -> list[list[int]]:
    """Squares [left, top, side] in pixels around faces, largest first; none where OpenCV is not installed."""
    try:
        import cv2
        import numpy
    except ImportError:
        return []
    cv2.setNumThreads(1)
    cascades = Path(cv2.__file__).with_name("data")
    grey = cv2.equalizeHist(numpy.asarray(image.convert("L")))
    # A head that fills less than a tenth of the picture is no portrait; small boxes are mostly patterns in cloth.
    smallest = max(24, min(image.size) // 10)
    for name in ("haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_default.xml"):
        cascade = cv2.CascadeClassifier(str(cascades / name))
        found = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5, minSize=(smallest, smallest))
        if len(found):
            boxes = [[int(left), int(top), int(max(width, height))] for left, top, width, height in found]
            return sorted(boxes, key=lambda box: -box[2])
    return []


def answer(header: dict[str, object], body: bytes = b"") -> None:
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n" + body)
    sys.stdout.buffer.flush()


def main(kind: str, longest_side_px: int, memory_bytes: int, cpu_s: int) -> None:
    limit_this_process(memory_bytes, cpu_s)
    warnings.simplefilter("ignore")
    try:
        image = to_srgb(decode(open_header(sys.stdin.buffer.read(), kind), longest_side_px))
        jpeg = only_pixels(image)
    except Refused as refused:
        answer({"refused": str(refused)})
        return
    answer({"length": len(jpeg)}, jpeg)
    answer({"faces": find_faces(image)})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
