"""The list of OWASP ASVS 5.0.0: every requirement that applies has a test, a section, or an honest reason."""

from __future__ import annotations

import ast
import csv
import re
from functools import cache

import pytest

from tests.house.tree import ROOT, parsed

LIST = ROOT / "tests" / "asvs-5.0.0.csv"
# How many requirements each chapter of the standard has, V1 to V17.
CHAPTERS = (30, 13, 31, 16, 13, 47, 19, 13, 7, 36, 24, 12, 21, 13, 21, 17, 12)
# What does not hold, and why, is told in these words.
HONEST = re.compile(r"(no|not yet): \w.{10,}")

NO_EVIDENCE = ["", "yes", "README: Nowhere", "no: ", "not yet:", "later: some other day", "tests/none.py::test_x"]
NO_EVIDENCE += ["tests/house/test_asvs.py", "tests/house/test_asvs.py::test_nobody"]


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with LIST.open(newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def _tests(path: str) -> frozenset[str]:
    """The tests a module holds."""
    if not (ROOT / path).is_file():
        return frozenset()
    tree = parsed(ROOT / path)
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_"
    )


@cache
def _sections() -> frozenset[str]:
    """The headings of the README."""
    return frozenset(re.findall(r"(?m)^#{2,4} (.+)$", (ROOT / "README.md").read_text()))


def _is_evidence(told: str) -> bool:
    path, _, test = told.partition("::")
    if re.fullmatch(r"tests/[a-z_/]+\.py", path):
        return test in _tests(path)
    if told.startswith("README: "):
        return told.removeprefix("README: ") in _sections()
    return HONEST.fullmatch(told) is not None


def test_the_list_is_the_standards_own() -> None:
    ids = [row["id"] for row in _rows()]
    assert len(ids) == len(set(ids)) == 345
    by_chapter = [sum(identity.startswith(f"V{chapter}.") for identity in ids) for chapter in range(1, 18)]
    assert tuple(by_chapter) == CHAPTERS
    assert {(row["id"].split(".")[0], row["chapter"].split()[0]) for row in _rows()} == {
        (f"V{chapter}", f"V{chapter}") for chapter in range(1, 18)
    }
    assert {row["level"] for row in _rows()} == {"1", "2", "3"}


def test_whatever_applies_has_its_evidence_and_it_is_there() -> None:
    without = [
        f"{row['id']}: {row['evidence']}"
        for row in _rows()
        if row["applicable"] == "yes" and not _is_evidence(row["evidence"])
    ]
    assert not without


def test_the_readme_counts_them_as_they_are() -> None:
    told = {"a test or a section": r"tests/|README: ", "not yet": "not yet: ", "no, for a reason": "no: "}
    for words, begins in told.items():
        counted = [
            sum(
                bool(re.match(begins, row["evidence"]))
                for row in _rows()
                if (row["applicable"], row["level"]) == ("yes", level)
            )
            for level in "123"
        ]
        assert f"| {words} | {' | '.join(map(str, counted))} |" in (ROOT / "README.md").read_text()


def test_whatever_does_not_apply_says_why() -> None:
    assert {row["applicable"] for row in _rows()} == {"yes", "no"}
    assert not [row["id"] for row in _rows() if row["applicable"] == "no" and not (row["note"] or row["evidence"])]


@pytest.mark.parametrize("told", NO_EVIDENCE)
def test_what_proves_nothing_is_no_evidence(told: str) -> None:
    assert not _is_evidence(told)
