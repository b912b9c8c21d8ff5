"""The finder's report after the tap, at its pages: more, photographs, "I cannot stay", a mistake, a rating."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, count, only, tells, words
from tests.life import small_jpeg
from tests.world import World
from wristband import files as sealed_files
from wristband.incidents.models import Incident, Sighting
from wristband.incidents.queries import told_place
from wristband.incidents.rules import Disposition, IncidentState, PlaceSource
from wristband.reports.models import PhoneTime, Pickup, Rating, Supplement
from wristband.reports.rules import PHOTOS_A_REPORT, Kind
from wristband.services import handling

pytestmark = ON_SQLITE
KEY = "k" * 22


@pytest.fixture
def finder(client: FlaskClient, world: World) -> str:
    """The address of a finder who has reported."""
    return cast.tap(client, cast.open_band(client, world.her.token), "police").location


def send(client: FlaskClient, finder: str, deed: str, **form: str) -> TestResponse:
    return client.post(f"{finder}/{deed}", data={"key": KEY, **form})


def send_photos(client: FlaskClient, finder: str, pictures: list[bytes], key: str = KEY) -> TestResponse:
    files = [(io.BytesIO(picture), f"IMG_{nth}.JPG") for nth, picture in enumerate(pictures)]
    return client.post(f"{finder}/photos", data={"key": key, "photo": files})


def close(world: World, disposition: Disposition = Disposition.WITH_FAMILY) -> None:
    handling.move(
        only(Incident).id, IncidentState.CLOSED, officer=world.officer, disposition=disposition, now=world.now
    )


def test_the_forms_of_the_page_are_ones_that_are_taken(client: FlaskClient, finder: str) -> None:
    page = client.get(f"{finder}/more")
    text = page.get_data(as_text=True)
    assert "只有警方看得到" in text
    assert 'href="tel:110"' in text
    keys = re.findall(r'name="key" value="([^"]+)"', text)
    assert len(keys) == len(set(keys)) == 4
    answer = send(client, finder, "words", words="穿灰色外套", key=keys[0])
    assert (answer.status_code, answer.location) == (303, f"{finder}/more#words")
    assert only(Supplement).words == "穿灰色外套"
    assert "已收到 1 段话" in words(client.get(f"{finder}/more"))
    assert "穿灰色外套" not in client.get(finder).get_data(as_text=True)


def test_what_was_added_stands_in_the_part_that_is_asked_for_again_and_again(client: FlaskClient, finder: str) -> None:
    for deed, said in (("words", "补充已收到"), ("gone", "老人走开了"), ("pickup", "已请民警来接老人")):
        send(client, finder, deed, words="穿灰色外套", waits="ten", key=deed.ljust(22, "k"))
        part = client.get(finder, headers={"X-Part": "progress"})
        assert part.status_code == 200
        assert said in words(part)


def test_who_has_only_told_the_family_is_sent_to_report_first(client: FlaskClient, world: World) -> None:
    told = cast.tap(client, cast.open_band(client, world.her.token), "family").location
    assert "您还没有报给警方" in words(client.get(f"{told}/more"))
    answer = send(client, told, "words", words="穿灰色外套")
    assert answer.status_code == 409
    assert count(Supplement) == 0


def test_what_is_refused_stands_in_its_form_again(client: FlaskClient, finder: str) -> None:
    answer = send(client, finder, "words", words="字" * 501)
    assert answer.status_code == 422
    assert tells(answer, "reports.words_long", longest=500)
    assert "字" * 501 in answer.get_data(as_text=True)
    send(client, finder, "words", words="穿灰色外套")
    assert tells(send(client, finder, "words", words="穿红色外套"), "reports.key_reused")
    assert tells(send(client, finder, "pickup", words="药店", waits="for ever"), "reports.wait_missing")
    assert tells(send(client, finder, "rating", score="7"), "reports.score_missing")


def test_six_photographs_at_once_are_taken_and_sent_again_they_are_the_same(client: FlaskClient, finder: str) -> None:
    for _ in range(2):
        assert send_photos(client, finder, [small_jpeg()] * PHOTOS_A_REPORT).status_code == 303
    assert count(Supplement) == PHOTOS_A_REPORT
    assert "已收到 6 张照片" in words(client.get(f"{finder}/more"))


def test_of_fifty_photographs_six_are_taken_and_the_rest_is_told(client: FlaskClient, finder: str) -> None:
    answer = send_photos(client, finder, [small_jpeg()] * 50)
    assert answer.status_code == 422
    assert "已收下 6 张，还有 44 张没有收下" in words(answer)
    assert count(Supplement) == PHOTOS_A_REPORT
    assert send(client, finder, "words", words="穿灰色外套", key=KEY + "w").status_code == 303


def test_a_bad_picture_costs_the_good_ones_nothing(client: FlaskClient, finder: str) -> None:
    answer = send_photos(client, finder, [small_jpeg(), b"no picture", small_jpeg()])
    assert "已收下 2 张，还有 1 张没有收下" in words(answer)
    assert count(Supplement) == 2
    assert tells(send_photos(client, finder, []), "reports.photo_missing")
    assert tells(send_photos(client, finder, [b"no picture"], key=KEY + "2"), "photo.not_a_picture")


def test_on_a_full_disk_photographs_wait_and_words_and_reports_go_on(
    client: FlaskClient, world: World, finder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_files, "FREE_BYTES_KEPT", 1 << 62)
    answer = send_photos(client, finder, [small_jpeg()])
    assert answer.status_code == 503
    assert tells(answer, "files.disk_full")
    assert answer.headers["Retry-After"]
    assert send(client, finder, "words", words="穿灰色外套").status_code == 303
    assert cast.tap(client, cast.open_band(client, world.other.token), "police").status_code == 303


def test_a_pickup_is_followed_on_the_finders_page(client: FlaskClient, world: World, finder: str) -> None:
    assert send(client, finder, "pickup", words="药店门口", waits="thirty").location == finder
    assert only(Pickup).words == "药店门口"
    page = words(client.get(finder))
    assert "已请民警来接老人" in page
    assert "等民警动身" in page
    assert "药店门口" not in page
    assert client.post(f"{finder}/pickup/off").location == finder
    assert "不用专门来接" in words(client.get(finder))


def test_that_the_elder_has_gone_is_told_and_shown(client: FlaskClient, finder: str) -> None:
    assert send(client, finder, "gone", words="").location == finder
    assert only(Supplement).kind is Kind.ELDER_GONE
    assert "已告诉警方和家人：老人走开了" in words(client.get(finder))


def test_a_mistake_is_taken_back_and_then_nothing_more_is_offered(client: FlaskClient, finder: str) -> None:
    assert "撤回报警" in words(client.get(f"{finder}/more"))
    assert client.post(f"{finder}/withdraw").location == finder
    assert only(Incident).disposition is Disposition.WITHDRAWN
    assert "已经撤回" in words(client.get(finder))
    for page in (finder, f"{finder}/more"):
        assert "撤回报警" not in words(client.get(page))
        assert "感觉怎么样" not in words(client.get(page))
    assert tells(send(client, finder, "words", words="穿灰色外套"), "reports.withdrawn")


def test_after_it_was_accepted_a_mistake_is_told_by_telephone(client: FlaskClient, world: World, finder: str) -> None:
    handling.move(only(Incident).id, IncidentState.ACCEPTED, officer=world.officer, now=world.now)
    assert tells(client.post(f"{finder}/withdraw"), "reports.too_late_to_withdraw")
    assert only(Incident).disposition is None


def test_in_the_end_three_faces_are_asked_for_once(client: FlaskClient, world: World, finder: str) -> None:
    assert "感觉怎么样" not in words(client.get(finder))
    close(world)
    assert "感觉怎么样" in words(client.get(finder))
    assert send(client, finder, "rating", score="3", words="很好").location == finder
    assert (only(Rating).score, only(Rating).words) == (3, "很好")
    assert "感觉怎么样" not in words(client.get(finder))


# ---- places and clocks


def place(client: FlaskClient, finder: str, **form: str) -> str:
    fields = {"source": "device", "latitude": "24.7231", "longitude": "118.1521", "accuracy": "50", "key": KEY}
    assert client.post(f"{finder}/place", data=fields | form).status_code == 303
    return words(client.get(finder))


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({}, "误差约 50 米。"),
        ({"accuracy": "30000"}, "误差约 30 公里，太大了，请写下附近的路口或店名"),
        ({"latitude": "0", "longitude": "0"}, "手机没有定到位置"),
        ({"latitude": "48.85", "longitude": "2.35"}, "离我们的派出所太远"),
    ],
)
def test_how_sure_a_place_is_stands_in_words_and_a_useless_one_is_asked_again(
    client: FlaskClient, finder: str, told: dict[str, str], shown: str
) -> None:
    page = place(client, finder, **told)
    assert shown in page
    assert ("换了地方" in page) is (not told)
    assert count(Sighting) == 1


@pytest.mark.parametrize("ahead_s", [86_400, -86_400])
def test_a_phone_whose_clock_is_off_by_a_day_reports_and_its_claim_is_kept(
    client: FlaskClient, world: World, ahead_s: int
) -> None:
    from wristband import clock

    opened = cast.open_band(client, world.her.token)
    now_ms = round(clock.now().timestamp() * 1000) + ahead_s * 1000
    form = {"band": opened["band"], "stamp": opened["stamp"], "made_ms": str(now_ms - 60_000), "sent_ms": str(now_ms)}
    assert client.post(f"/s/{opened['scan']}/police", data=form).status_code == 303
    kept = only(PhoneTime)
    assert abs(kept.ahead_s - ahead_s) <= 2
    assert abs(kept.claimed_at - clock.now() - timedelta(seconds=ahead_s - 60)) < timedelta(seconds=5)


# ---- the phone without network, and the map


def test_the_page_without_network_is_the_same_for_everybody(client: FlaskClient, finder: str) -> None:
    pages = {client.get("/s/offline").get_data(as_text=True) for _ in range(2)}
    assert len(pages) == 1
    page = pages.pop()
    assert 'href="tel:110"' in page
    assert "data-shell" in page


def test_the_worker_keeps_the_shell_and_nothing_else(client: FlaskClient) -> None:
    script = client.get("/s/sw.js")
    assert script.mimetype == "text/javascript"
    listed = re.findall(r'"(/[^"]+)"', script.get_data(as_text=True).splitlines()[0])
    assert all(path.startswith(("/static/", "/s/offline?lang=")) for path in listed)
    for path in listed:
        assert client.get(path).status_code == 200, path


def test_without_a_configured_map_there_is_none_and_no_page_asks_another_host(client: FlaskClient, finder: str) -> None:
    assert client.get(f"{finder}/map").status_code == 404
    page = client.get(finder)
    assert "/map" not in page.get_data(as_text=True)
    assert "img-src 'self';" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("datum", ["wgs84", "gcj02"])
def test_a_pin_is_read_in_the_datum_of_its_map(client: FlaskClient, app: Flask, finder: str, datum: str) -> None:
    from dataclasses import replace

    from wristband.house import house, install

    ours = {"map_tiles": "https://tiles.example/{z}/{x}/{y}.png", "map_attribution": "示例地图", "map_datum": datum}
    settings = app.extensions["settings"].model_copy(update=ours)
    app.extensions["settings"] = settings
    install(replace(house(), settings=settings))
    place(client, finder)
    page = client.get(f"{finder}/map")
    text = page.get_data(as_text=True)
    assert "img-src 'self' https://tiles.example;" in page.headers["Content-Security-Policy"]
    assert "tiles.example" not in client.get(finder).headers["Content-Security-Policy"]
    assert "示例地图" in text
    begin = [float(re.search(rf'data-{name}="([^"]+)"', text)[1]) for name in ("latitude", "longitude")]  # type: ignore[index]
    assert (abs(begin[0] - 24.7231) < 1e-6) is (datum == "wgs84")
    place(client, finder, source="pin", latitude=str(begin[0]), longitude=str(begin[1]), accuracy="", key=KEY + "2")
    kept = max(Sighting.query, key=lambda one: one.id)
    position = told_place(kept).position
    assert kept.source is PlaceSource.PIN
    assert position
    assert abs(position.latitude - 24.7231) < 1e-6
    assert abs(position.longitude - 118.1521) < 1e-6
