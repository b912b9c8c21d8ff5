"""Every refusal has its sentence, and every sentence its refusal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.house.tree import modules, name_of, parsed
from wristband.refusals import SENTENCES

CODE = re.compile(r"[a-z_]+\.[a-z_]+")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@cache
def _refusals() -> frozenset[str]:
    """The names of every class below Refusal, wherever it is written."""
    names = {"Refusal"}
    classes = [
        node for path in modules("wristband") for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)
    ]
    grown = True
    while grown:
        below = {node.name for node in classes if {ast.unparse(base).split(".")[-1] for base in node.bases} & names}
        grown = not below <= names
        names |= below
    return frozenset(names)


def _told() -> Iterator[tuple[str, set[str], str]]:
    """Each refusal in the code: its code, the facts it is given, where it stands."""
    for path in modules("wristband"):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] not in _refusals():
                continue
            facts = {keyword.arg for keyword in node.keywords if keyword.arg}
            for code in _constants(node.args[:1]):
                yield code, facts, f"{name_of(path)}:{node.lineno}"


def _constants(nodes: list[ast.expr]) -> Iterator[str]:
    """The texts an argument may be: itself, or either side of a choice."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.IfExp):
            yield from _constants([node.body, node.orelse])


def test_every_refusal_has_its_sentence() -> None:
    assert not [f"{place} {code}" for code, _, place in _told() if code not in SENTENCES]


def test_every_sentence_is_given_the_facts_it_tells() -> None:
    lacking = [
        f"{place} {code}: {wanted - facts}"
        for code, facts, place in _told()
        if code in SENTENCES and (wanted := set(_PLACEHOLDER.findall(SENTENCES[code]))) - facts
    ]
    assert not lacking


def test_no_sentence_is_left_over() -> None:
    named = _named()
    left_over = sorted(code for code in SENTENCES if not named.fullmatch(code))
    assert not left_over


def _named() -> re.Pattern[str]:
    """Every code written anywhere but in the table: raised at once, named by a budget, or put together from words."""
    patterns = {
        _pattern(node)
        for path in modules("wristband")
        if "refusals" not in path.parts
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Constant | ast.JoinedStr)
    }
    return re.compile("|".join(sorted(pattern for pattern in patterns if pattern)))


def _pattern(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        written = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        return re.escape(written).replace(r"\{\}", "[a-z_]+") if CODE.fullmatch(written.replace("{}", "x")) else ""
    value = node.value if isinstance(node, ast.Constant) else None
    return re.escape(value) if isinstance(value, str) and CODE.fullmatch(value) else ""


def test_every_sentence_ends_as_one_and_says_no_code() -> None:
    unfinished = [code for code, text in SENTENCES.items() if not text.endswith(("。", "!", "?", ")s"))]
    assert not unfinished
    assert not [code for code, text in SENTENCES.items() if CODE.search(text)]
