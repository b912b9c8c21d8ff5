"""Every address, its methods, and who may knock; a new one fails here until it is written down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

DOORS = (Path(__file__).parent / "doors.txt").read_text()
"""Method, address and guard, a line each: as strict as a table in here would be, and read by itself."""


def _rules(app: Flask) -> Iterator[tuple[str, Rule, str]]:
    """Each method of each address, and the guard its view wears."""
    for rule in app.url_map.iter_rules():
        # The framework's own view of static files wears none of ours.
        guard = "static" if rule.endpoint == "static" else getattr(app.view_functions[rule.endpoint], "guard", "NOBODY")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield method, rule, guard


def _address(rule: Rule) -> str:
    return re.sub(r"<(\w+:)?\w+>", "1", rule.rule)


def test_every_address_is_listed_with_its_method_and_its_guard(app: Flask) -> None:
    listed = {tuple(line.split()) for line in DOORS.splitlines() if line}
    assert {(method, rule.rule, guard) for method, rule, guard in _rules(app)} == listed


def test_nobody_changes_anything_behind_a_guard_that_only_lets_look(app: Flask) -> None:
    assert not [rule.rule for method, rule, guard in _rules(app) if method != "GET" and guard in ("anyone", "static")]


def test_a_door_wears_only_its_own_guards(app: Flask) -> None:
    own = {"family": "visitor|guardian|linked", "platform": "signed"}
    own |= {
        "police": "visitor|halfway|listening:.*|officer:.*",
        "pfif": "key:pfif:.*",
        "cap": "key:cap:.*",
        "api": "anyone|partner:.*",
    }
    strange = [
        f"{method} {rule.rule}: {guard}"
        for method, rule, guard in _rules(app)
        if not re.fullmatch(own.get(rule.rule.split("/")[1], "anyone|finder_tap|static"), guard)
    ]
    assert not strange


def test_a_stranger_is_sent_to_the_sign_in_or_refused(app: Flask, client: FlaskClient) -> None:
    let_in = []
    for method, rule, guard in _rules(app):
        if guard in ("guardian", "halfway") or guard.startswith("officer:"):
            answer = client.open(_address(rule), method=method)
            door = rule.rule.split("/")[1]
            sent_away = answer.status_code == 302 and answer.location == f"/{door}/sign-in"
            if not sent_away and answer.status_code != 401:
                let_in.append(f"{method} {rule.rule}: {answer.status_code}")
    assert not let_in


def test_a_form_without_its_token_is_refused(app: Flask, client: FlaskClient) -> None:
    taken = [
        f"{rule.rule}: {answer.status_code}"
        for method, rule, guard in _rules(app)
        if method == "POST" and guard == "visitor"
        if (answer := client.post(_address(rule), data={"phone": "13800138000"})).status_code != 403
    ]
    assert not taken


def test_another_site_cannot_make_a_tap(app: Flask, client: FlaskClient) -> None:
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    taken = [
        f"{rule.rule}: {answer.status_code}"
        for method, rule, guard in _rules(app)
        if method == "POST" and guard == "finder_tap"
        if (answer := client.post(_address(rule), headers=elsewhere)).status_code != 403
    ]
    assert not taken
