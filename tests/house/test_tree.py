"""Nothing in the tree that belongs to one machine, one person or yesterday."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.tree import files, name_of

# Written so that these lines do not find themselves.
MACHINE_PATHS = re.compile(r"(?<![\w.:/-])/(?:work|root|home|farm|Users)/\w")
REGISTRIES = re.compile(
    r"(?i)(?:https?|file)://[\w.-]*(?:py[p]i|npm[j]s|python[h]osted|deb\.debian)|--(?:extra-)?index-[u]rl"
)
PRIVATE_KEYS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE [K]EY-----")
UNFINISHED = re.compile(r"\b(?:TO[D]O|FIX[M]E)\b|^(?:<{7}|>{7}) ", re.MULTILINE)
NEVER = {"a machine's path": MACHINE_PATHS, "a registry's address": REGISTRIES, "a private key": PRIVATE_KEYS}
NEVER["unfinished work"] = UNFINISHED


def _texts() -> list[tuple[Path, str]]:
    found = []
    for path in files():
        try:
            found.append((path, path.read_text()))
        except UnicodeDecodeError:
            continue  # a picture
    return found


@pytest.mark.parametrize("never", NEVER.values(), ids=NEVER)
def test_no_file_holds(never: re.Pattern[str]) -> None:
    found = [f"{name_of(path)}: {match[0]}" for path, text in _texts() for match in never.finditer(text)]
    assert not found


def test_the_rules_above_find_what_they_forbid() -> None:
    assert MACHINE_PATHS.search("see /" + "work/main")
    assert REGISTRIES.search("https://" + "files.python" + "hosted.org/x")
    assert UNFINISHED.search("# TO" + "DO: later")


def test_every_script_can_be_started_and_stops_at_its_first_fault() -> None:
    scripts = [path for path, text in _texts() if text.startswith("#!")]
    assert scripts
    assert not [name_of(path) for path in scripts if not path.stat().st_mode & 0o100]
    shells = [path for path in scripts if path.read_text().startswith("#!/usr/bin/env bash")]
    assert not [name_of(path) for path in shells if "\nset -euo pipefail\n" not in path.read_text()]


def test_the_locks_name_a_hash_for_every_library() -> None:
    for lock in (path for path in files() if path.name.startswith("requirements") and path.suffix == ".lock"):
        entries = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text().strip())
        assert len(entries) > 20
        assert not [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry]
