"""CAP 1.2: every message we write is valid, and what the schemas let through is caught by ourselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from tests.house.tree import ROOT
from wristband.interchange import cap, cap_checks, xml
from wristband.interchange.cap import Alert, Circle, Info, MessageType, Reference, Resource, Scope, Status
from wristband.values.position import Position

NOW = datetime(2026, 1, 10, 6, 5, 0, 123_456, tzinfo=UTC)
CHINA = (18.0, 54.0, 73.0, 135.0)
INFO = Info(
    language="zh-CN",
    event="老人走失",
    response="Monitor",
    urgency="Immediate",
    severity="Severe",
    certainty="Observed",
    expires=NOW + timedelta(hours=6),
    sender_name="示例派出所",
    headline="请协助寻找一位走失老人",
    description="男，80-84 岁，灰色外套，戴黄色手环。",
    instruction="发现后请扫描手环，或拨打 110。",
    contact="110",
    resources=(Resource("照片", "image/jpeg", "https://wristband.example.org/pfif/api/photo?id=a/i.1&x=2"),),
    area="最后出现地点 5 公里内",
    circle=Circle(Position(24.723, 118.152), 5),
)
ALERT = Alert(
    identifier="HWB-260110-001.2",
    sender="desk@wristband.example.org",
    sent=NOW,
    status=Status.ACTUAL,
    message_type=MessageType.UPDATE,
    scope=Scope.RESTRICTED,
    incident="HWB-260110-001",
    infos=(INFO,),
    restriction="仅限值班室",
    references=(Reference("desk@wristband.example.org", "HWB-260110-001.1", "2026-01-10T13:20:00+08:00"),),
)
CANCEL = Info(
    language="zh-CN",
    event="老人走失",
    response="AllClear",
    urgency="Past",
    severity="Minor",
    certainty="Observed",
    expires=NOW + timedelta(hours=6),
    sender_name="示例派出所",
    headline="寻找已经结束，谢谢大家",
)


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(ROOT / "tests" / "files" / "schemas" / "cap-1.2.xsd")


def faults(document: bytes) -> list[str]:
    return cap_checks.faults(xml.read(document))


def written(old: str, new: str) -> bytes:
    """Our message with one text in another's place."""
    document = cap.document(ALERT).decode()
    assert old in document
    return document.replace(old, new).encode()


@pytest.mark.parametrize(
    "alert",
    [
        ALERT,
        replace(ALERT, message_type=MessageType.ALERT, references=()),
        replace(ALERT, scope=Scope.PUBLIC, restriction="", status=Status.EXERCISE, note="演习"),
        replace(ALERT, infos=(replace(INFO, circle=None, resources=()),)),
        replace(ALERT, message_type=MessageType.CANCEL, infos=(CANCEL,)),
    ],
)
def test_every_kind_of_message_is_valid_and_without_a_fault(alert: Alert) -> None:
    document = cap.document(alert)
    schema().validate(document.decode())
    assert faults(document) == []


@given(st.text(max_size=60), st.floats(-90, 90), st.floats(-179, 180))
def test_whatever_is_told_the_message_is_valid(text: str, latitude: float, longitude: float) -> None:
    info = replace(INFO, description=text or "。", circle=Circle(Position(latitude, longitude), 5))
    document = cap.document(replace(ALERT, infos=(info,)))
    schema().validate(document.decode("utf-8"))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)))  # noqa: DTZ001  the zone comes with replace
def test_times_have_whole_seconds_and_our_offset_and_never_z(at: datetime) -> None:
    text = cap.when(at.replace(tzinfo=UTC))
    assert text.endswith("+08:00")
    assert len(text) == 25
    assert datetime.fromisoformat(text) == at.replace(tzinfo=UTC, microsecond=0)


def test_a_reference_repeats_what_was_published_to_the_letter() -> None:
    assert ALERT.reference.text == "desk@wristband.example.org,HWB-260110-001.2,2026-01-10T14:05:00+08:00"
    assert f"<cap:sent>{ALERT.reference.sent}</cap:sent>" in cap.document(ALERT).decode()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("2026-01-10T14:05:00+08:00", "2026-01-10T06:05:00Z", "sent"),
        ("2026-01-10T14:05:00+08:00", "2026-01-10T14:05:00.123+08:00", "sent"),
        ("2026-01-10T14:05:00+08:00", "2026-01-10T06:05:00+00:00", "sent"),
        ("<cap:restriction>仅限值班室</cap:restriction>", "", "restriction"),
        (">Restricted<", ">Private<", "addresses"),
        ("HWB-260110-001.1,", "HWB-260110-001.1 ", "references"),
        ("HWB-260110-001.2<", "HWB 260110<", "identifier"),
        (">老人走失<", f">{'走' * 35}<", "event"),
        (">最后出现地点 5 公里内<", f">{'远' * 50}<", "areaDesc"),
        ("118.1520 5<", "118.1520 5000<", "circle"),
        ("118.1520 5<", "118.1520 0<", "circle"),
        ("118.1520 5<", "118.1520<", "circle"),
        ("24.7230,118.1520", "118.1520,24.7230", "circle"),
        ("24.7230,118.1520", "91.0,118.1520", "circle"),
        ("<cap:instruction>", "<cap:instruction/><cap:instruction>", ""),
    ],
)
def test_what_others_stumble_over_is_a_fault(old: str, new: str, fault: str) -> None:
    found = {told.partition(":")[0] for told in faults(written(old, new))}
    assert (fault in found) if fault else not found


def test_a_cancel_says_not_a_word_of_the_elder() -> None:
    for more in ({"description": "灰色外套"}, {"instruction": "扫码"}, {"area": "某处", "circle": INFO.circle}):
        alert = replace(ALERT, message_type=MessageType.CANCEL, infos=(replace(CANCEL, **more),))
        assert faults(cap.document(alert))
    assert faults(
        cap.document(replace(ALERT, message_type=MessageType.CANCEL, infos=(replace(CANCEL, response="None"),)))
    )


def test_an_update_and_a_cancel_name_what_they_follow() -> None:
    assert "references: missing" in faults(cap.document(replace(ALERT, references=())))


def test_one_info_for_each_language() -> None:
    assert "info: one for each language" in faults(cap.document(replace(ALERT, infos=(INFO, INFO))))


def test_a_circle_with_the_longitude_first_is_seen_by_where_it_lies() -> None:
    assert cap_checks.looks_swapped("88.0,44.0 5", within=CHINA)
    assert not cap_checks.looks_swapped("44.0,88.0 5", within=CHINA)
    assert not cap_checks.looks_swapped("24.7,118.1 5", within=CHINA)
    assert not cap_checks.looks_swapped("here", within=CHINA)
