"""How the tests of the doors ask, and how they look at the answer."""

from __future__ import annotations

import contextlib
import html
import math
import re
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from markupsafe import escape
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from wristband.db import db
from wristband.refusals import SENTENCES

# For tests of pages alone, where the store behind them makes no difference.
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def send(client: FlaskClient, path: str, fields: dict[str, Any], **more: Any) -> TestResponse:
    """POST a form with files in it: a file's value is (stream, name)."""
    # As bytes: the test client would leave a temporary file of its own open.
    boundary, body = encode_multipart(
        {name: FileStorage(*value) if isinstance(value, tuple) else value for name, value in fields.items()}
    )
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}", **more)


def words(answer: TestResponse) -> str:
    """The page as text, marks and character references gone."""
    return html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def tells(answer: TestResponse, code: str, **facts: object) -> bool:
    """Whether the page holds the sentence of a refusal; of `retry_after_s` it says how long to wait."""
    if "retry_after_s" in facts:
        seconds = int(str(facts["retry_after_s"]))
        unit, word = (1, "秒") if seconds < 60 else (60, "分钟") if seconds < 3600 else (3600, "小时")
        facts["wait"] = f"{math.ceil(seconds / unit)} {word}"
    return str(escape(SENTENCES[code] % facts if facts else SENTENCES[code])) in answer.get_data(as_text=True)


def value_of(answer: TestResponse, name: str) -> str:
    """What the page's field of that name holds."""
    page = answer.get_data(as_text=True)
    typed = re.search(rf'<input[^>]* name="{name}"[^>]* value="([^"]*)"', page)
    long = re.search(rf'<textarea[^>]* name="{name}"[^>]*>([^<]*)</textarea>', page)
    chosen = re.search(rf'<select[^>]* name="{name}".*?<option value="([^"]*)" selected', page, re.S)
    found = typed or long or chosen
    return html.unescape(found[1]) if found else ""


def count(model: type[Any]) -> int:
    """How many rows there are."""
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def only(model: type[Any]) -> Any:
    """The one row there is."""
    db.session.rollback()
    return db.session.scalars(sa.select(model)).one()


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL this thread sends meanwhile; what is written behind the answer is another thread's."""
    seen: list[str] = []
    here = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if threading.get_ident() == here:
            seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)


def opened(client: FlaskClient, band: str) -> dict[str, str]:
    """Like world.open_band, for whatever may stand in an address."""
    page = client.get(f"/t/{quote(band, safe='')}")
    assert page.status_code == 200
    return fields_of(page)


def fields_of(page: TestResponse) -> dict[str, str]:
    """What a scan page sends with a tap, and the scan it would be sent to."""
    text = page.get_data(as_text=True)
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', text) for name in ("band", "stamp")}
    scan = re.search(r'action="/s/([^/"]+)/police', text)
    assert scan
    # A browser reads a NUL in a page as U+FFFD.
    read = {name: html.unescape(match[1]).replace("\0", "\ufffd") for name, match in found.items() if match}
    return {"scan": scan[1], **read}
