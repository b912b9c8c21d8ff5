"""A PDF file written as it grows: nothing of a page is kept in memory once it is on the disk (ISO 32000-1)."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Mapping
from datetime import date
from typing import BinaryIO

from wristband.bands.printing.fonts import Typeface

POINTS_PER_MM = 72 / 25.4

# The object numbers of what names all pages, and of the catalogue, which are written last.
_PAGES, _CATALOGUE, _INFORMATION = 1, 2, 3


class PdfFile:
    """One document, page after page; `close` makes it whole. `out` need not be seekable."""

    def __init__(self, out: BinaryIO, *, made: date | None = None) -> None:
        self._out = out
        self._offsets = array("Q", [0, 0, 0, 0])
        self._pages = array("L")
        self._fonts: dict[Typeface, int] = {}
        self._written = 0
        self._made = made
        # The second line tells programs that copy files that this one is no text.
        self._write(b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n")

    def add(self, entries: str, stream: bytes | None = None, *, packed: bool = False) -> int:
        """Write an object with these dictionary entries; its number. Streams are deflated unless `packed`."""
        self._offsets.append(0)
        number = len(self._offsets) - 1
        self._object(number, entries, stream, packed=packed)
        return number

    def page(self, size_mm: tuple[float, float], content: bytes, pieces: Mapping[str, int]) -> None:
        """A page whose content names these XObjects. Lengths of the content are points, from the bottom."""
        drawn = self.add("", content)
        width, height = (_number(edge * POINTS_PER_MM) for edge in size_mm)
        page = self.add(
            f"/Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {width} {height}] /Contents {drawn} 0 R "
            f"/Resources << {named('XObject', pieces)}>>"
        )
        self._pages.append(page)

    def font(self, face: Typeface) -> int:
        """The number of a typeface, embedded when it is first asked for."""
        if face not in self._fonts:
            self._fonts[face] = self._embed(face)
        return self._fonts[face]

    def close(self) -> None:
        """Write what names all pages, and where each object lies."""
        kids = " ".join(f"{page} 0 R" for page in self._pages)
        self._object(_PAGES, f"/Type /Pages /Count {len(self._pages)} /Kids [{kids}]")
        # A viewer's print dialogue then does not offer to shrink the page: a band has a true size.
        self._object(_CATALOGUE, f"/Type /Catalog /Pages {_PAGES} 0 R /ViewerPreferences << /PrintScaling /None >>")
        # From the band, not from the clock: the same bands make the same file, byte for byte.
        dated = f"/CreationDate (D:{self._made.year:04d}{self._made.month:02d}01000000Z)" if self._made else ""
        self._object(_INFORMATION, dated)
        table, count = self._written, len(self._offsets)
        self._write(f"xref\n0 {count}\n0000000000 65535 f \n".encode())
        for offset in self._offsets[1:]:
            self._write(b"%010d 00000 n \n" % offset)
        trailer = f"trailer\n<< /Size {count} /Root {_CATALOGUE} 0 R /Info {_INFORMATION} 0 R >>\n"
        self._write(f"{trailer}startxref\n{table}\n%%EOF\n".encode())

    def _object(self, number: int, entries: str, stream: bytes | None = None, *, packed: bool = False) -> None:
        self._offsets[number] = self._written
        if stream is None:
            self._write(f"{number} 0 obj\n<< {entries} >>\nendobj\n".encode())
            return
        if not packed:
            stream, entries = zlib.compress(stream, 6), f"{entries} /Filter /FlateDecode"
        self._write(f"{number} 0 obj\n<< {entries} /Length {len(stream)} >>\nstream\n".encode())
        self._write(stream)
        self._write(b"\nendstream\nendobj\n")

    def _write(self, octets: bytes) -> None:
        self._out.write(octets)
        self._written += len(octets)

    def _embed(self, face: Typeface) -> int:
        """A composite font whose codes are the glyphs' own numbers, two bytes each."""
        kind = "CIDFontType0" if face.is_cff else "CIDFontType2"
        ascent, descent, box = face.metrics()
        if not face.is_cff:
            program = f"/FontFile2 {self.add('', face.program())} 0 R"
        else:
            subtype = "CIDFontType0C" if face.by_identifier else "OpenType"
            program = f"/FontFile3 {self.add(f'/Subtype /{subtype}', face.program())} 0 R"
        descriptor = self.add(
            f"/Type /FontDescriptor /FontName /{face.name} /Flags 4 /FontBBox [{' '.join(map(str, box))}] "
            f"/ItalicAngle 0 /Ascent {ascent:.0f} /Descent {descent:.0f} /CapHeight {ascent:.0f} /StemV 80 {program}"
        )
        widths = " ".join(f"{number} [{_number(1000 * advance)}]" for number, _, advance in face.numbered())
        glyphs = "/CIDToGIDMap /Identity " if not face.is_cff else ""
        descendant = self.add(
            f"/Type /Font /Subtype /{kind} /BaseFont /{face.name} {glyphs}/FontDescriptor {descriptor} 0 R "
            f"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 1000 /W [{widths}]"
        )
        return self.add(
            f"/Type /Font /Subtype /Type0 /BaseFont /{face.name} /Encoding /Identity-H "
            f"/DescendantFonts [{descendant} 0 R] /ToUnicode {self.add('', _to_unicode(face))} 0 R"
        )


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"


def named(kind: str, numbers: Mapping[str, int]) -> str:
    """An entry of a resource dictionary."""
    return f"/{kind} << {' '.join(f'/{name} {number} 0 R' for name, number in numbers.items())} >> " if numbers else ""


def _to_unicode(face: Typeface) -> bytes:
    """What each glyph means, so that text can be searched, copied and read aloud."""
    rows = [
        f"<{number:04X}> <{character.encode('utf-16-be').hex().upper()}>" for number, character, _ in face.numbered()
    ]
    # A section holds no more than a hundred.
    sections = [rows[i : i + 100] for i in range(0, len(rows), 100)]
    said = "".join(f"{len(each)} beginbfchar\n" + "\n".join(each) + "\nendbfchar\n" for each in sections)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{said}"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()
