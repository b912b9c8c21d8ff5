"""The file of an export: no formula, no script, whatever a family has written."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.elders.export import Section, archive, as_json, as_page, cell

AT = datetime(2026, 11, 24, 6, 5, 3, tzinfo=UTC)
COLUMNS = {"name": "姓名", "order": "顺序"}


def sections(text: str) -> list[Section]:
    return [Section("people", "人", COLUMNS, [{"name": text, "order": 1}]), Section("none", "没有的", COLUMNS)]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        if self.tags[-1] == "td":
            self.cells[-1] += data


def read(page: bytes) -> _Tags:
    tags = _Tags()
    tags.feed(page.decode())
    return tags


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_text_becomes_a_tag_or_is_lost(text: str) -> None:
    plain = read(as_page(sections("林"), "资料", AT, with_portrait=False)).tags
    assert read(as_page(sections(text), "资料", AT, with_portrait=False)).tags == plain
    assert json.loads(as_json(sections(text), AT))["people"] == [{"name": text, "order": 1}]


@pytest.mark.parametrize("text", ["=1+1", "+8613800138000", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1"])
def test_a_formula_is_quoted_in_the_table(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (True, "是"), (False, "否"), (7, "7"), ("林", "林"), (AT, "2026-11-24 06:05")]
)
def test_everything_else_stands_as_it_is(value: str | int | bool | datetime | None, shown: str) -> None:
    assert cell(value) == shown


def test_names_within_are_ascii_and_the_picture_is_whole() -> None:
    with zipfile.ZipFile(io.BytesIO(archive(sections("林"), b"\xff\xd8jpeg", None, title="资料", made_at=AT))) as file:
        assert file.testzip() is None
        assert [name.isascii() for name in file.namelist()] == [True] * 3
        assert file.read("portrait.jpg") == b"\xff\xd8jpeg"
        assert '<img src="portrait.jpg"' in file.read("data.html").decode()


def test_without_a_portrait_there_is_none() -> None:
    with zipfile.ZipFile(io.BytesIO(archive(sections("林"), None, None, title="资料", made_at=AT))) as file:
        assert file.namelist() == ["data.json", "data.html"]
        assert "<img" not in file.read("data.html").decode()


def test_a_moment_keeps_its_zone_for_a_machine() -> None:
    made = [Section("seen", "见过", {"at": "时间"}, [{"at": AT}])]
    whole = json.loads(as_json(made, AT))
    assert whole == {"made_at": "2026-11-24T06:05:03+00:00", "seen": [{"at": "2026-11-24T06:05:03+00:00"}]}


def test_one_row_may_stand_upright_and_is_quoted_all_the_same() -> None:
    upright = [Section("people", "人", COLUMNS, [{"name": "=1", "order": 1}], upright=True)]
    tags = read(as_page(upright, "资料", AT, with_portrait=False))
    assert (tags.tags.count("tr"), tags.cells) == (2, ["'=1", "1"])
