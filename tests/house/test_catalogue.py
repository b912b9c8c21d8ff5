"""Every text is in every language, whole, and nothing else is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from tests.house.test_refusals import CODE
from tests.house.tree import ROOT, files, name_of
from wristband.language import FOLDER, LANGUAGES, SOURCE

KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
TRANSLATED = [tag for tag in LANGUAGES if tag != SOURCE]
MESSAGES = ROOT / "templates" / "messages"
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
_EXPRESSION = re.compile(r"\{\{\s*(\w+)")
_LETTER = re.compile(r"[A-Za-z]")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@cache
def asked_for() -> dict[str | tuple[str, ...], str]:
    """Every text that code or a template asks the catalogue for, and the first place that does."""
    found: dict[str | tuple[str, ...], str] = {}
    for path in files():
        room = path.relative_to(ROOT).parts[0]
        if room == "wristband" and path.suffix == ".py":
            method = "python"
        elif room == "templates" and path.suffix == ".html":
            method = "jinja2.ext:babel_extract"
        else:
            continue
        for line, text, place in _texts(path, method):
            found.setdefault(text, f"{place}:{line}")
    return found


def _texts(path: Path, method: str) -> Iterator[tuple[int, str | tuple[str, ...], str]]:
    with path.open("rb") as file:
        for line, text, _, _ in extract(method, file, KEYWORDS, options={"silent": "false", "encoding": "utf-8"}):
            # `gettext(SENTENCES["page.unknown"])` shows a code; its sentence is found where the table is written.
            if text and not (isinstance(text, str) and CODE.fullmatch(text)):
                yield line, text, name_of(path)


def _catalogue(tag: str) -> Catalog:
    with (FOLDER / tag / "messages.po").open("rb") as file:
        return read_po(file, locale=tag.replace("-", "_"))


def _forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("tag", TRANSLATED)
def test_every_text_is_translated(tag: str) -> None:
    translated = _catalogue(tag)
    missing = []
    for text, place in asked_for().items():
        entry = translated.get(_forms(text)[0])
        if entry is None or entry.fuzzy or not all(form.strip() for form in _forms(entry.string)):
            missing.append(f"{place} {text}")
    assert not missing


@pytest.mark.parametrize("tag", TRANSLATED)
def test_no_translation_is_left_over(tag: str) -> None:
    asked = {form for text in asked_for() for form in _forms(text)}
    unused = [entry.id for entry in _catalogue(tag) if entry.id and _forms(entry.id)[0] not in asked]
    assert not unused


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_translation_keeps_its_placeholders(tag: str) -> None:
    changed = []
    for entry in _catalogue(tag):
        wanted = set(_PLACEHOLDER.findall(_forms(entry.id)[-1]))
        said = [form for form in _forms(entry.string) if entry.id and form]
        changed += [form for form in said if set(_PLACEHOLDER.findall(form)) != wanted]
    assert not changed


def test_the_source_language_is_chinese() -> None:
    """What is only signs and placeholders is of no language: its order may still be another one elsewhere."""
    said = [(place, _PLACEHOLDER.sub("", "".join(_forms(text)))) for text, place in asked_for().items()]
    foreign = [f"{place} {text}" for place, text in said if _LETTER.search(text) and not _HAN.search(text)]
    assert not foreign


def test_no_template_says_anything_past_the_catalogue() -> None:
    """Chinese in a template stands only in what is asked of the catalogue, in comments and in languages' own names."""
    asked = sorted((form for text in asked_for() for form in _forms(text)), key=len, reverse=True)
    bare = []
    for path in (path for path in files() if path.suffix == ".html" and path.is_relative_to(ROOT / "templates")):
        said = re.sub(r"\{#.*?#\}|<!--.*?-->", "", path.read_text(), flags=re.DOTALL)
        for form in asked:
            said = said.replace(form, "")
        bare += [f"{name_of(path)}: {line.strip()}" for line in said.splitlines() if _HAN.search(line)]
    assert not bare


@pytest.mark.parametrize("tag", TRANSLATED)
def test_every_message_is_worded_with_the_same_facts(tag: str) -> None:
    source = {path.name: _facts(path) for path in (MESSAGES / SOURCE).iterdir()}
    assert source
    assert {path.name: _facts(path) for path in (MESSAGES / tag).iterdir()} == source


def _facts(path: Path) -> set[str]:
    return set(_EXPRESSION.findall(path.read_text()))
