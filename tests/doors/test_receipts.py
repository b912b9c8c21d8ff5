"""Where gateways' providers tell what became of a message: who is believed, what is kept, what they are answered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from tests.doors.asking import ON_SQLITE, count
from tests.gateways.providers import SECRET
from tests.gateways.rigs import BASE, KEY, RECEIPT_SECRET, aliyun_sms, tencent_sms, twilio_voice
from wristband.db import db
from wristband.gateways.ordinary import HttpGateway
from wristband.gateways.rota import Rota
from wristband.outbox.models import Arrived
from wristband.values.arrival import ArrivalState

PATH = "/platform/receipts"
URL = "https://cloud.example"


@pytest.fixture
def doors() -> tuple[str, ...]:
    return ("platform",)


@pytest.fixture
def app(app: Flask, tmp_path: Path) -> Flask:
    """An application whose channels have gateways that read receipts."""
    sms = [HttpGateway("sms", URL, KEY), aliyun_sms(tmp_path, URL), tencent_sms(tmp_path, URL)]
    app.extensions["gateways"] = {"sms": Rota("sms", sms), "voice": Rota("voice", [twilio_voice(tmp_path, URL)])}
    return app


def tell(client: FlaskClient, content: object, *, key: bytes = KEY, **more: Any) -> TestResponse:
    """What the operator's own HTTP gateway posts, signed."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    moment = str(int(datetime.now(UTC).timestamp()))
    signature = hmac.new(key, f"{moment}.receipts.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Wristband-Time": moment, "Wristband-Signature": f"v1={signature}", "Content-Type": "application/json"}
    return client.post(f"{PATH}/sms", data=body, headers=headers, **more)


def push(client: FlaskClient, gateway: str, content: object, secret: str = RECEIPT_SECRET) -> TestResponse:
    """What a cloud that signs nothing posts."""
    return client.post(f"{PATH}/{gateway}?{urlencode({'secret': secret})}", json=content)


def kept() -> list[tuple[str, str, ArrivalState]]:
    db.session.rollback()
    rows = db.session.execute(sa.select(Arrived.gateway, Arrived.reference, Arrived.state).order_by(Arrived.reference))
    return [(row.gateway, row.reference, row.state) for row in rows]


ARRIVED = {"id": "r-1", "state": "arrived"}
ALIYUN = {"success": True, "err_code": "DELIVERED", "out_id": "message-1", "phone_number": "13800138000"}
TENCENT = {"report_status": "FAIL", "errmsg": "UNDELIV", "sid": "2028:1", "mobile": "13800138000"}


def test_what_a_gateway_tells_is_kept_and_thanked_for(client: FlaskClient, app: Flask) -> None:
    answer = tell(client, [ARRIVED, {"id": "r-2", "state": "failed", "code": "off"}])
    assert (answer.status_code, answer.get_json()) == (200, {"accepted": True})
    assert kept() == [("sms", "r-1", ArrivalState.ARRIVED), ("sms", "r-2", ArrivalState.FAILED)]


def test_the_same_again_changes_nothing_and_is_answered_alike(client: FlaskClient, app: Flask) -> None:
    answers = [tell(client, [ARRIVED, ARRIVED]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert kept() == [("sms", "r-1", ArrivalState.ARRIVED)]


@ON_SQLITE
def test_clouds_are_answered_in_the_words_they_expect(client: FlaskClient, app: Flask) -> None:
    assert push(client, "aliyun_sms", [ALIYUN]).get_json() == {"code": 0, "msg": "成功"}
    assert push(client, "tencent_sms", [TENCENT]).get_json() == {"result": 0, "errmsg": "OK"}
    assert [row[1:] for row in kept()] == [("2028:1", ArrivalState.FAILED), ("message-1", ArrivalState.ARRIVED)]


@ON_SQLITE
def test_a_key_pressed_in_a_call_of_twilios_is_kept_and_thanked_for_aloud(client: FlaskClient, app: Flask) -> None:
    fields = {"CallSid": "CA1", "CallStatus": "in-progress", "Digits": "1", "To": "+85251234567"}
    path = f"{PATH}/twilio_voice?language=zh-CN"
    signed = f"{BASE}{path}" + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    answer = client.post(path, data=fields, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 200
    assert answer.mimetype == "text/xml"
    assert "谢谢" in answer.get_data(as_text=True)
    assert kept() == [("twilio_voice", "CA1", ArrivalState.ACKNOWLEDGED)]


@ON_SQLITE
def test_nothing_told_is_nothing_kept(client: FlaskClient, app: Flask) -> None:
    fields = {"CallSid": "CA1", "CallStatus": "ringing"}
    signed = f"{BASE}{PATH}/twilio_voice" + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(SECRET.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    answer = client.post(f"{PATH}/twilio_voice", data=fields, headers={"X-Twilio-Signature": signature})
    assert (answer.status_code, kept()) == (200, [])


# ---- who is not believed


@ON_SQLITE
def test_a_wrong_signature_or_secret_is_turned_away_and_nothing_is_kept(client: FlaskClient, app: Flask) -> None:
    answers = [
        tell(client, [ARRIVED], key=KEY[::-1]),
        client.post(f"{PATH}/sms", json=[ARRIVED]),
        push(client, "aliyun_sms", [ALIYUN], "another_secret_of_thirty_two_characters"),
        client.post(f"{PATH}/tencent_sms", json=[TENCENT]),
        client.post(f"{PATH}/twilio_voice", data={"CallSid": "CA1", "CallStatus": "completed"}),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 403, 403, 403]
    for answer in answers:
        assert answer.content_type == "application/problem+json"
        assert answer.get_json()["status"] == answer.status_code
    assert count(Arrived) == 0


@ON_SQLITE
@pytest.mark.parametrize("name", ["nothing", "printed", "voice", "SMS", "x" * 500, "..", "%00", "sms%2F"])
def test_a_gateway_there_is_not_is_unknown(client: FlaskClient, app: Flask, name: str) -> None:
    answer = client.post(f"{PATH}/{name}", json=[ARRIVED])
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


@ON_SQLITE
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_receipts_are_only_ever_posted(client: FlaskClient, app: Flask, method: str) -> None:
    answer = client.open(f"{PATH}/sms", method=method)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@ON_SQLITE
@pytest.mark.parametrize(
    "body", [b"", b"\xff\x00", b"null", b"[]", b"[1]", b"{", b"[" * 20_000, b'{"id": "r", "state": "lost"}', b"a=b&c=d"]
)
def test_garbage_is_refused_even_when_it_is_signed(client: FlaskClient, app: Flask, body: bytes) -> None:
    assert tell(client, body).status_code == 400
    assert count(Arrived) == 0


@ON_SQLITE
def test_a_body_as_long_as_a_batch_may_be_is_taken_and_a_longer_one_is_not(client: FlaskClient, app: Flask) -> None:
    padded = json.dumps([ARRIVED]).encode()
    assert tell(client, padded + b" " * (262_144 - len(padded))).status_code == 200
    answer = tell(client, padded + b" " * (262_145 - len(padded)))
    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")


@ON_SQLITE
@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_whatever_a_body_says_it_is_nothing_breaks(client: FlaskClient, app: Flask, kind: str) -> None:
    for gateway in ("sms", "aliyun_sms", "tencent_sms", "twilio_voice"):
        path = f"{PATH}/{gateway}?secret={RECEIPT_SECRET}"
        answer = client.post(path, data=b'--x\r\n[{"out_id":1}', headers={"Content-Type": kind})
        assert answer.status_code in (400, 401, 403)


@ON_SQLITE
def test_headers_of_a_signature_that_are_none_break_nothing(client: FlaskClient, app: Flask) -> None:
    for moment in ("", "x", "-1", "9" * 400, "٣", "1e9"):
        headers = {"Wristband-Time": moment, "Wristband-Signature": "v1=zz"}
        assert client.post(f"{PATH}/sms", data=b"[]", headers=headers).status_code == 401


@ON_SQLITE
def test_no_log_line_holds_a_number_or_a_secret(client: FlaskClient, app: Flask) -> None:
    with capture_logs() as lines:
        push(client, "aliyun_sms", [ALIYUN])
        push(client, "aliyun_sms", [ALIYUN | {"success": "13800138000"}])
        push(client, "aliyun_sms", [ALIYUN], "a_wrong_secret_of_thirty_two_characters")
    assert [line["event"] for line in lines] == ["receipts_kept", "receipts_refused", "receipts_refused"]
    for personal in ("13800138000", RECEIPT_SECRET, "a_wrong_secret"):
        assert personal not in str(lines)
