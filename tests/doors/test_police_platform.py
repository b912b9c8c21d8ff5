"""The police platform at the machines' door: who is believed, what is answered, and what an officer's page says."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from tests import world as cast
from tests.doors.asking import ON_SQLITE, words
from tests.services.platforms import KEY, events, incident, report, with_platform
from tests.world import World, every_row
from wristband import clock, create_app
from wristband.config import Settings
from wristband.gateways.settings import GatewaysWrong
from wristband.incidents import platform_queries
from wristband.incidents.platform_queries import Reached, Standing, Unfit
from wristband.incidents.rules import IncidentState
from wristband.refusals import SENTENCES
from wristband.web.officer import timeline

ITS_KEY = "p-1234567890abcdef"
DAY_S = 86_400


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return with_platform(settings, tmp_path)


@pytest.fixture
def number(world: World) -> str:
    return report(world, clock.now()).number


def tell(
    client: FlaskClient,
    content: object,
    kind: str = "events",
    *,
    key: bytes = KEY,
    its_key: str = ITS_KEY,
    late_s: int = 0,
    **headers: str,
) -> TestResponse:
    """What the platform posts, signed as it signs."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    moment = str(int(time.time()) + late_s)
    proof = hmac.new(key, f"{moment}.{kind}.{its_key}.".encode() + body, hashlib.sha256).hexdigest()
    signed = {"Wristband-Time": moment, "Idempotency-Key": its_key, "Wristband-Signature": f"v1={proof}", **headers}
    return client.post(f"/platform/police/{kind}", data=body, headers=signed, content_type="application/json")


def test_a_state_is_taken_and_answered_with_the_state_that_holds(client: FlaskClient, number: str) -> None:
    answer = tell(client, {"incident": number, "state": "accepted", "case": "P000001"})
    assert (answer.status_code, answer.get_json()) == (
        200,
        {"accepted": True, "incident": number, "state": "accepted"},
    )
    assert incident(number).state is IncidentState.ACCEPTED


def test_receipts_are_taken_and_counted(client: FlaskClient, number: str) -> None:
    told = [{"event": events()[0]["event"]["id"], "state": "seen"}, {"event": "event-1", "state": "received"}]
    answer = tell(client, told, "receipts")
    assert (answer.status_code, answer.get_json()) == (200, {"accepted": True, "ours": 1})
    standing = platform_queries.standing(incident(number).id)
    assert standing is not None
    assert standing.seen_at is not None


def test_a_state_that_does_not_fit_is_told_in_a_sentence(client: FlaskClient, number: str) -> None:
    for _ in range(2):
        answer = tell(client, {"incident": number, "state": "on_scene"})
        assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
        told = answer.get_json()
        assert told["code"] == "platform.does_not_fit"
        assert told["detail"] == SENTENCES["platform.does_not_fit"] % {"state": "reported", "told": "on_scene"}


@ON_SQLITE
@pytest.mark.parametrize(
    ("content", "more", "status", "code"),
    [
        ({"state": "accepted"}, {"key": KEY[::-1]}, 401, "wrong_signature"),
        ({"state": "accepted"}, {"late_s": -DAY_S}, 401, "wrong_time"),
        ({"state": "accepted"}, {"late_s": DAY_S}, 401, "wrong_time"),
        ({"state": "accepted"}, {"its_key": "short"}, 400, "no_key"),
        ({"state": "accepted"}, {"Wristband-Signature": ""}, 401, "wrong_signature"),
        ({"state": "accepted"}, {"Wristband-Time": "now"}, 401, "wrong_signature"),
        (b"", {}, 400, "garbage"),
        (b"[" * 60_000, {}, 400, "garbage"),
        (b"\xff\xfe", {}, 400, "garbage"),
        ({"incident": ""}, {}, 400, "no_incident"),
        ({"incident": "991231-001", "state": "accepted"}, {}, 404, "platform.incident_unknown"),
        ({"incident": "\u0000\ud800'--", "state": "accepted"}, {}, 404, "platform.incident_unknown"),
        ({"state": "begun"}, {}, 422, "platform.state_unknown"),
        ({"state": "closed"}, {}, 422, "platform.disposition_needed"),
        (b" " * 70_000, {}, 413, "http_413"),
        (b" " * 10_000_000, {}, 413, "http_413"),
    ],
)
def test_what_cannot_be_taken_is_a_problem_document_and_changes_nothing(
    client: FlaskClient, number: str, content: Any, more: dict[str, Any], status: int, code: str
) -> None:
    if isinstance(content, dict):
        content = {"incident": number, **content}
    before = every_row()
    answer = tell(client, content, **more)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.get_json()["code"] == code
    assert every_row() == before


@ON_SQLITE
def test_words_that_hold_anything_are_kept_as_far_as_they_can_be_shown(client: FlaskClient, number: str) -> None:
    told = {
        "incident": number,
        "state": "accepted",
        "words": "\u0000\ud800\u202e已派单" + "字" * 900,
        "case": "\u0000P1",
    }
    assert tell(client, told).status_code == 200
    standing = platform_queries.standing(incident(number).id)
    assert standing is not None
    assert standing.case_number == "P1"


@ON_SQLITE
def test_another_content_under_the_same_key_is_refused(client: FlaskClient, number: str) -> None:
    assert tell(client, {"incident": number, "state": "accepted"}).status_code == 200
    answer = tell(client, {"incident": number, "state": "dispatched"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "platform.key_reused")


@ON_SQLITE
def test_logs_of_refused_calls_hold_codes_and_nothing_that_was_told(client: FlaskClient, number: str) -> None:
    with capture_logs() as lines:
        tell(client, {"incident": number, "state": "on_scene", "words": "说闽南语请慢慢说"})
        tell(client, {"incident": number}, key=KEY[::-1])
    assert [line["code"] for line in lines if line["event"] == "platform_refused"] == [
        "platform.does_not_fit",
        "wrong_signature",
    ]
    assert "闽南语" not in str(lines)
    assert KEY.decode() not in str(lines)


@ON_SQLITE
def test_readiness_says_since_when_the_platform_takes_nothing(client: FlaskClient, number: str) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ready")
    assert datetime.fromisoformat(answer.get_json()["platform_waits_since"]) == incident(number).opened_at


@ON_SQLITE
def test_a_mapping_that_is_wrong_keeps_the_service_from_starting(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(GatewaysWrong) as wrong:
        create_app(with_platform(settings, tmp_path, mapping='version = 1\nvendor = "x"\n[fields]\na = "nothing"\n'))
    assert "there is no fact nothing" in wrong.value.facts["faults"]


class TestWithoutPlatform:
    @pytest.fixture
    def settings(self, usual_settings: Settings, tmp_path: Path, engine_url: str) -> Settings:
        own = {"data_dir": tmp_path / "instance", "database_url": engine_url, "doors": ("platform",)}
        return usual_settings.model_copy(update=own)

    @ON_SQLITE
    @pytest.mark.parametrize("kind", ["events", "receipts"])
    def test_there_is_no_such_interface(self, client: FlaskClient, app: Flask, kind: str) -> None:
        answer = tell(client, {"incident": "261124-001"}, kind)
        assert (answer.status_code, answer.content_type) == (404, "application/problem+json")

    @ON_SQLITE
    def test_readiness_waits_for_nobody(self, client: FlaskClient, app: Flask) -> None:
        assert client.get("/readyz").get_json()["platform_waits_since"] is None


@ON_SQLITE
def test_the_time_line_names_the_platform_and_takes_no_event_for_a_text_to_the_family(
    client: FlaskClient, app: Flask, world: World, number: str
) -> None:
    for state in ("accepted", "dispatched"):
        tell(client, {"incident": number, "state": state}, its_key=f"p-{state}-1234567890")
    with app.test_request_context("/police"):
        lines = timeline.rows(incident(number).id, station_id=world.station_id, whole=True)
    assert [line.detail for line in lines].count("警方平台") == 2
    assert sorted(line.title for line in lines if "告诉家人" in line.title) == [
        "告诉家人：已受理",
        "告诉家人：有人报警",
    ]


AT = datetime.fromisoformat("2026-11-24T06:05:00+00:00")
QUIET = Standing(Reached.HANDED_OVER, AT, None, 0, "", "", None, ())


@ON_SQLITE
def test_a_family_is_told_to_dial_110_only_while_the_platform_does_not_answer(app: Flask) -> None:
    waiting = Standing(Reached.WAITING, None, AT, 2, "network", "", None, ())
    with app.test_request_context("/family"):
        told = render_template("guardian/platform_part.html", platform=waiting)
        assert "110" in told
        assert "14:05" in told
        for quiet in (None, QUIET, dataclasses.replace(waiting, code="")):
            assert render_template("guardian/platform_part.html", platform=quiet).strip() == ""


@ON_SQLITE
@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (QUIET, ["已送达平台", "14:05"]),
        (
            Standing(Reached.WAITING, None, AT, 2, "network", "", None, ()),
            ["等待平台（2 条）", "14:05 起平台没有收下"],
        ),
        (Standing(Reached.WAITING, None, AT, 1, "", "", None, ()), ["14:05 起正在送往平台"]),
        (
            Standing(Reached.REFUSED, None, None, 0, "content_refused", "", None, ()),
            ["没有收下最新情况", "content_refused"],
        ),
        (Standing(Reached.HANDED_OVER, AT, None, 0, "", "P000001", AT, ()), ["P000001", "指挥中心看到"]),
        (
            Standing(Reached.HANDED_OVER, AT, None, 0, "", "", None, (Unfit(AT, "closed", "with_family"),)),
            ["对不上", "已办结", "已交给家人"],
        ),
    ],
)
def test_an_officers_page_says_how_the_platform_stands(app: Flask, standing: Standing, words: list[str]) -> None:
    with app.test_request_context("/police"):
        page = render_template("officer/platform_part.html", platform=standing)
        assert not [word for word in words if word not in page]
        assert render_template("officer/platform_part.html", platform=None).strip() == ""


@ON_SQLITE
def test_what_the_platform_has_not_taken_is_on_the_officers_and_the_familys_page(
    client: FlaskClient, number: str, world: World
) -> None:
    cast.sign_in_officer(client)
    page = words(client.get(f"/police/incidents/{incident(number).id}"))
    assert "等待平台（1 条）" in page
    tell(client, [{"event": events()[0]["event"]["id"], "state": "received", "case": "P000001"}], "receipts")
    assert "P000001" in words(client.get(f"/police/incidents/{incident(number).id}"))
    cast.sign_in_guardian(client)
    assert client.get(f"/family/incidents/{incident(number).id}").status_code == 200
