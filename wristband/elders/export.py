"""Everything kept about an elder as one file: for a machine, for people, portrait and voice. Values in, bytes out."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

Value = str | int | bool | datetime | None


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of what is kept: `name` for a machine, `title` for people; each row by the columns' names."""

    name: str
    title: str
    columns: dict[str, str]
    """The name of each column for a machine, and for people."""
    rows: Sequence[Mapping[str, Value]] = ()
    upright: bool = False
    """One row, whose columns stand below each other."""


# A cell that begins so is taken for a formula where a table of this page is opened in a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")
_STYLE = (
    "body{font:16px/1.6 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #bbb;padding:.4rem .6rem;text-align:left;vertical-align:top}"
    "td{white-space:pre-wrap}div{overflow-x:auto}"
)


def archive(
    sections: Sequence[Section], portrait: bytes | None, voice: bytes | None, *, title: str, made_at: datetime
) -> bytes:
    """A ZIP with data.json, data.html and, where there are such, portrait.jpg and voice.mp3. Names are ASCII."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(_entry("data.json", made_at), as_json(sections, made_at))
        file.writestr(
            _entry("data.html", made_at),
            as_page(sections, title, made_at, with_portrait=portrait is not None, with_voice=voice is not None),
        )
        if portrait is not None:
            file.writestr(_entry("portrait.jpg", made_at), portrait)
        if voice is not None:
            file.writestr(_entry("voice.mp3", made_at), voice)
    return out.getvalue()


def as_json(sections: Sequence[Section], made_at: datetime) -> bytes:
    """UTF-8, a list of objects for each section's name."""
    whole: dict[str, object] = {"made_at": _plain(made_at)}
    whole |= {
        section.name: [{name: _plain(value) for name, value in row.items()} for row in section.rows]
        for section in sections
    }
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()


def as_page(
    sections: Sequence[Section], title: str, made_at: datetime, *, with_portrait: bool, with_voice: bool = False
) -> bytes:
    """A page without scripts or anything from elsewhere, UTF-8."""
    face = '<p><img src="portrait.jpg" alt="老人的照片" width="240"></p>' if with_portrait else ""
    voice = '<p><audio src="voice.mp3" controls></audio></p>' if with_voice else ""
    tables = "".join(map(_table, sections))
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<p>{made_at:%Y-%m-%d %H:%M}</p>{face}{voice}{tables}</body></html>"
    ).encode()


def cell(value: Value) -> str:
    """What stands in a table: never a formula."""
    if isinstance(value, bool):
        return "是" if value else "否"
    text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(value: Value) -> str | int | None:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


def _table(section: Section) -> str:
    title = f"<h2>{escape(section.title)}</h2>"
    if not section.rows:
        return f"{title}<p>没有</p>"
    if section.upright:
        rows = "".join(
            f"<tr><th>{escape(words)}</th><td>{escape(cell(section.rows[0].get(name)))}</td></tr>"
            for name, words in section.columns.items()
        )
        return f"{title}<table>{rows}</table>"
    head = "".join(f"<th>{escape(words)}</th>" for words in section.columns.values())
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell(row.get(name)))}</td>" for name in section.columns) + "</tr>"
        for row in section.rows
    )
    return f"{title}<div><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _entry(name: str, made_at: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry
