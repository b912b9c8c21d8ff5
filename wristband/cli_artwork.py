"""`wristband artwork`: one symbol with a portrait, drawn by itself, for whoever wants to judge it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

import click

from wristband.bands import nfc
from wristband.bands.artwork.advice import capacity_advice
from wristband.bands.artwork.checking import decoders
from wristband.bands.artwork.drawing import SIZE_MM, WHITE, YELLOW
from wristband.bands.artwork.fixed import release_fixed
from wristband.bands.artwork.portrait import Tone, prepare
from wristband.bands.printing.band import Symbol
from wristband.bands.printing.pdf import symbol_pdf
from wristband.bands.printing.pictures import png, symbol_image, symbol_svg
from wristband.elders import photos
from wristband.errors import BadValue, Unavailable

_LARGEST_MM, _MOST_PIXELS = 500.0, 8000
_PAPERS = {"yellow": YELLOW, "white": WHITE}


@click.group()
def artwork() -> None:
    """The picture of a band, without a database or keys."""


@artwork.command()
@click.option("--payload", required=True, help="What a phone reads: HTTPS://HOST/T/TOKEN, or any other address.")
@click.option("--photo", type=click.Path(path_type=Path), help="A portrait: JPEG, PNG, WebP or HEIC. None: plain.")
@click.option("--size-mm", type=float, default=SIZE_MM, show_default=True, help="Width with the quiet zone.")
@click.option("--dpi", type=int, default=300, show_default=True, help="Resolution of a PNG.")
@click.option("--paper", type=click.Choice(list(_PAPERS)), default="yellow", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A file that ends in .png, .svg or .pdf.")
def draw(payload: str, photo: Path | None, size_mm: float, dpi: int, paper: str, out: Path) -> None:
    """Draw one symbol, check that it reads, and write it as the file's ending says."""
    write = _WRITERS.get(out.suffix.lower())
    if write is None:
        raise BadValue("artwork.unknown_ending")
    if not (math.isfinite(size_mm) and 0 < size_mm <= _LARGEST_MM):
        raise BadValue("artwork.size_not_printable", most_mm=f"{_LARGEST_MM:g}")
    if not 1 <= dpi * size_mm / 25.4 <= _MOST_PIXELS:
        raise BadValue("artwork.resolution_not_drawable", most=_MOST_PIXELS)
    tone = _portrait(photo) if photo else None
    made = release_fixed(payload, tone, size_mm=size_mm).design
    _write(out, write(Symbol(made, tone if made.portrait else None, ground=_PAPERS[paper]), size_mm, dpi))
    side = f"，照片 {made.portrait.side}×{made.portrait.side} 格" if made.portrait else "，没有照片"
    click.echo(f"已画好 {out}：{made.version}-{made.level}{side}，每格 {size_mm / (made.size + 8):.2f} 毫米。")


@artwork.command("nfc")
@click.option("--payload", required=True, help="The address that a tap opens.")
@click.option("--room", type=int, default=nfc.NTAG213_BYTES, show_default=True, help="Bytes that the tag has.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the bytes to a file as well.")
def nfc_payload(payload: str, room: int, out: Path | None) -> None:
    """Print what is written to an NFC tag, in hexadecimal."""
    if out is not None:
        _write(out, nfc.tag_bytes(payload, room=room))
    click.echo(nfc.tag_hex(payload, room=room))


@artwork.command()
@click.argument("address")
def advice(address: str) -> None:
    """Tell what symbol bands of ADDRESS get (HTTPS://HOST/T/), before the first one carries it for good."""
    if not address or not address.isascii() or not address.isprintable():
        raise BadValue("artwork.payload_not_plain")
    click.echo(capacity_advice(address).sentence)


def _portrait(photo: Path) -> Tone:
    try:
        data = photo.read_bytes()
    except OSError as fault:
        raise BadValue("artwork.photo_not_opened") from fault
    clean = photos.clean(data)
    return prepare(photos.cut(clean.jpeg, clean.crop, photos.FACE_PX))


def _png(symbol: Symbol, size_mm: float, dpi: int) -> bytes:
    drawn = symbol_image(symbol, size_mm=size_mm, dpi=dpi)
    if any(read(drawn) != symbol.design.payload for read in decoders().values()):
        raise BadValue("artwork.resolution_too_low", dpi=dpi)
    return png(drawn, dpi)


_WRITERS: dict[str, Callable[[Symbol, float, int], bytes]] = {
    ".png": _png,
    ".svg": lambda symbol, size_mm, _: symbol_svg(symbol, size_mm=size_mm).encode(),
    ".pdf": lambda symbol, size_mm, _: symbol_pdf(symbol, size_mm),
}


def _write(out: Path, data: bytes) -> None:
    """The whole file or none: beside it first, then in its place."""
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        try:
            beside.write_bytes(data)
            beside.replace(out)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as fault:
        raise Unavailable("artwork.not_written") from fault
