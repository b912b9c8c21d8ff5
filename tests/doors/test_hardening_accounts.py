"""Ways in and what is asked there; files whose names somebody chose."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, send, tells
from tests.life import small_jpeg
from tests.world import World
from wristband.accounts.models import Guardian, Officer
from wristband.config import Settings
from wristband.elders.models import Photo

pytestmark = ON_SQLITE
ANSWERS = [
    "/",
    "/b",
    "/stations",
    "/nothing",
    "/healthz",
    "/api/v1",
    "/api/v1/nothing",
    "/family/sign-in",
    "/police/sign-in",
]
NAMES = [
    "../../evil.jpg",
    "/etc/passwd",
    "a.php\x00.jpg",
    "<script>.jpg",
    "CON",
    "x" * 300 + ".jpg",
    "照片.jpg",
    "",
    ".htaccess",
]


def test_a_new_instance_has_no_account(app: Flask) -> None:
    assert (count(Officer), count(Guardian)) == (0, 0)


def test_a_password_is_asked_for_unseen_and_by_whatever_keeps_it(client: FlaskClient, world: World) -> None:
    page = client.get("/police/sign-in").get_data(as_text=True)
    field = next(part for part in page.split("<input")[1:] if 'name="password"' in part).partition(">")[0]
    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert "onpaste" not in page


@pytest.mark.parametrize(
    "change", [str.upper, str.title, lambda word: f"{word} ", lambda word: f" {word}", lambda word: word[:-1]]
)
def test_a_password_is_taken_exactly_as_it_was_set(client: FlaskClient, world: World, change: Any) -> None:
    token = cast.csrf(client, "/police/sign-in")
    typed = {"csrf_token": token, "username": "officer", "password": change(cast.PASSWORD)}
    answer = client.post("/police/sign-in", data=typed)
    assert answer.status_code == 422
    assert tells(answer, "accounts.password_wrong")


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_says_what_it_is_and_in_which_characters(client: FlaskClient, world: World, path: str) -> None:
    kind = client.get(path).headers["Content-Type"]
    assert kind in (
        "text/html; charset=utf-8",
        "text/plain; charset=utf-8",
        "application/json",
        "application/problem+json",
    )


def test_whoever_is_turned_away_leaves_a_line_without_a_word_of_the_request(client: FlaskClient, world: World) -> None:
    opened = cast.open_band(client, world.her.token)
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    with capture_logs() as lines:
        client.post(f"/s/{opened['scan']}/police", data=opened, headers=elsewhere)
        client.post("/family/sign-in", data={"phone": "13800138000"})
    turned = [(line["code"], line["endpoint"]) for line in lines if line["event"] == "turned_away"]
    assert turned == [("page.other_site", "finder.report"), ("page.form_stale", "family.ask_code")]
    assert not {opened["scan"], "13800138000", "evil.example"} & set(str(lines).split("'"))


def test_every_signed_in_page_shows_the_way_out(client: FlaskClient, world: World) -> None:
    cast.sign_in_guardian(client)
    cast.sign_in_officer(client)
    elder = f"/family/elders/{world.elder_id}"
    family = ["/family", "/family/bind", "/family/elders/new", f"/family/bands/{world.her.band_id}", elder]
    family += [f"{elder}/{page}" for page in ("portrait", "log", "consents", "export", "erase", "edit", "family")]
    police = ["/police", "/police/look", "/police/bands", "/police/bind"]
    for path in family + police:
        door = path.split("/")[1]
        assert f'method="post" action="/{door}/sign-out"' in client.get(path).get_data(as_text=True), path


# ---- T061: sent names are ignored


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_sent_file_is_used_nowhere(
    client: FlaskClient, world: World, settings: Settings, name: str
) -> None:
    cast.sign_in_guardian(client)
    path = f"/family/elders/{world.elder_id}/portrait"
    before = {file for file in settings.data_dir.rglob("*") if file.is_file()}
    fields: dict[str, Any] = {"csrf_token": cast.csrf(client, path), "photo": (io.BytesIO(small_jpeg()), name or "x")}
    assert send(client, path, fields).status_code == 303
    kept = {file for file in settings.data_dir.rglob("*") if file.is_file()} - before
    sealed = [file for file in kept if "files" in file.parts]
    assert len(sealed) == count(Photo) == 1
    assert not [file for file in kept if (name or "x") in str(file.relative_to(settings.data_dir))]
