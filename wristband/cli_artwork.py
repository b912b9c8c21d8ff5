"""`wristband artwork`: one symbol with a portrait, drawn by itself, for whoever wants to judge it."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Callable
from pathlib import Path

import click

from wristband.bands import nfc
from wristband.bands.artwork.advice import capacity_advice
from wristband.bands.artwork.checking import decoders
from wristband.bands.artwork.drawing import SIZE_MM, WHITE, YELLOW
from wristband.bands.artwork.fixed import release_fixed
from wristband.bands.artwork.portrait import Tone, is_blank, prepare
from wristband.bands.printing.band import Symbol
from wristband.bands.printing.pdf import symbol_pdf
from wristband.bands.printing.pictures import png, symbol_image, symbol_svg
from wristband.elders import photos
from wristband.errors import BadValue, Unavailable

# Two decoders read all of its pixels, and a poster needs no more of them.
_LARGEST_MM, _MOST_PIXELS = 500.0, 4000
_LONG_PIXELS = 2000
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
    if out.suffix.lower() == ".png" and dpi * size_mm / 25.4 > _LONG_PIXELS:
        click.echo("正在画，图片很大，要几秒钟……", err=True)
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
    """The photograph as the symbol shows it; what is doubtful about it is told, and drawn all the same."""
    clean = photos.clean(_read(photo))
    tone = prepare(photos.cut(clean.jpeg, clean.crop, photos.FACE_PX))
    if is_blank(tone):
        click.echo("照片里看不出脸，到处是一种颜色，所以没有画照片。请换一张。", err=True)
    elif clean.faces_found == 0:
        click.echo("照片里没有找到脸，画的是照片中间偏上的地方。请看看画得对不对。", err=True)
    elif clean.faces_found > 1:
        click.echo(f"照片里有 {clean.faces_found} 张脸，画的是最大的一张。请看看画得对不对。", err=True)
    return tone


def _read(photo: Path) -> bytes:
    """A file's bytes, of one that is too large only so many as tell that. Devices and pipes are none, and never end."""
    try:
        if photo.exists() and not stat.S_ISREG(photo.stat().st_mode):
            raise BadValue("artwork.photo_no_file")
        with photo.open("rb") as file:
            return file.read(photos.MOST_BYTES + 1)
    except OSError as fault:
        raise BadValue("artwork.photo_not_opened") from fault


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
