"""The operator's mapping of the police platform: what is written, what is read, and every fault a sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from wristband.gateways.police_mapping import PoliceMapping, read_mapping
from wristband.gateways.settings import GatewaysWrong
from wristband.incidents.platform import EXAMPLE, INCOMING, VOCABULARY

HEAD = 'version = 1\nvendor = "example"\n'
NOW = datetime(2026, 11, 24, 6, 5, tzinfo=UTC)
WHOLE = (
    HEAD
    + """
times = "%Y%m%d%H%M%S"
particulars = ["sex"]
[constants]
"head.source" = "yellow-wristband"
[fields]
"body.jqbh" = "incident.number"
"body.zt" = "incident.state"
"body.bjsj" = "incident.opened_at"
"body.zb.jd" = "place.gcj02.longitude"
"body.xb" = "elder.sex"
[codes."incident.state"]
reported = 10
accepted = "20"
dispatched = "30"
on_scene = "40"
handed_over = "50"
closed = "90"
[codes."elder.sex"]
female = "2"
male = "1"
[back]
incident = "jqbh"
state = "zt"
at = "sj"
became = "hz"
[back.states]
"20" = "accepted"
[back.receipts]
"1" = "seen"
"""
)


def mapping(folder: Path, text: str) -> PoliceMapping:
    file = folder / "police.toml"
    file.write_text(text, encoding="utf-8")
    return read_mapping(file, VOCABULARY, INCOMING)


def faults(folder: Path, text: str) -> str:
    with pytest.raises(GatewaysWrong) as wrong:
        mapping(folder, text)
    return str(wrong.value.facts["faults"])


def test_without_fields_the_platform_gets_our_document_as_it_is(tmp_path: Path) -> None:
    assert mapping(tmp_path, HEAD).write(EXAMPLE, VOCABULARY.times) == EXAMPLE


def test_fields_codes_constants_and_times_are_the_platforms_own(tmp_path: Path) -> None:
    assert mapping(tmp_path, WHOLE).write(EXAMPLE, VOCABULARY.times) == {
        "head": {"source": "yellow-wristband"},
        "body": {
            "jqbh": "261124-037",
            "zt": "90",
            "bjsj": "20261124140500",
            "zb": {"jd": 118.156908},
            "xb": "2",
        },
    }


@pytest.mark.parametrize(
    ("times", "written"),
    [("iso", "2026-11-24T14:05:00+08:00"), ("epoch_ms", 1795500300000), ("%Y-%m-%d %H:%M:%S", "2026-11-24 14:05:00")],
)
def test_times_are_written_in_the_platforms_form_and_zone(tmp_path: Path, times: str, written: object) -> None:
    text = f'{HEAD}times = "{times}"\n[fields]\nsj = "incident.opened_at"\n'
    made = mapping(tmp_path, text)
    assert made.write(EXAMPLE, VOCABULARY.times) == {"sj": written}
    assert made.read_moment({"at": written}, now=NOW) == NOW


@pytest.mark.parametrize(
    ("empty", "written"),
    [("leave_out", {"bh": "1"}), ("null", {"bh": "1", "jd": None}), ("text", {"bh": "1", "jd": ""})],
)
def test_what_is_not_known_is_written_as_the_platform_wants_it(
    tmp_path: Path, empty: str, written: dict[str, Any]
) -> None:
    text = f'{HEAD}empty = "{empty}"\n[fields]\nbh = "incident.number"\njd = "place.gcj02.longitude"\n'
    unplaced = {"incident": {"number": "1"}, "place": None}
    assert mapping(tmp_path, text).write(unplaced, VOCABULARY.times) == written


def test_what_comes_back_is_read_in_the_platforms_words(tmp_path: Path) -> None:
    made = mapping(tmp_path, WHOLE)
    told = {"jqbh": " 261124-037 ", "zt": 20, "sj": "20261124140000", "hz": "1"}
    assert made.read(told, "incident") == "261124-037"
    assert made.read(told, "state") == "accepted"
    assert made.read(told, "became") == "seen"
    assert made.read_moment(told, now=NOW) == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", "yesterday", "99999999999999", "20261340000000", "٢٠٢٦"])
def test_a_time_that_is_none_is_that_of_the_call(tmp_path: Path, written: str) -> None:
    assert mapping(tmp_path, WHOLE).read_moment({"sj": written}, now=NOW) == NOW


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "version: is missing"),
        ('version = 2\nvendor = "x"', "version: "),
        (HEAD + "colour = 1", "colour: is not known here"),
        (HEAD + 'times = "%H:%M"', "times: write iso, epoch_ms, or a form with year to second"),
        (HEAD + 'link_base = "https://desk.example/police"', "link_base: "),
        (HEAD + 'zone = "Mars/Base"', "zone: write a zone as Asia/Shanghai"),
        (HEAD + '[fields]\nzt = "incident.colour"', "fields zt: there is no fact incident.colour; choose from "),
        (HEAD + '[codes."incident.number"]\na = "1"', "codes incident.number: has no codes; choose from "),
        (WHOLE.replace("reported = 10\n", ""), "codes incident.state: lacks a code for reported"),
        (WHOLE.replace("\nmale =", "\nmann ="), "codes elder.sex: there is no mann; our words are female, male"),
        (WHOLE.replace('["sex"]', '["address"]'), "particulars: there is no address; choose from approach, birth_year"),
        (WHOLE.replace('["sex"]', "[]"), "fields: elder.sex is asked for and not named in particulars"),
        (WHOLE.replace('= "accepted"', '= "begun"'), "back states: there is no begun; choose from accepted, "),
        (WHOLE.replace('= "seen"', '= "read"'), "back receipts: there is no read; choose from received, refused, seen"),
        (WHOLE.replace('"head.source"', '"body.jqbh"'), "body.jqbh is written twice, or is both a value and an object"),
        (WHOLE.replace('"head.source"', "body"), "is written twice, or is both a value and an object"),
        (HEAD + '[constants]\na = "1"', "constants and codes: they stand beside fields, and there are none"),
        (HEAD + '[fields]\n"a..b" = "words"', "fields a..b"),
        ("version = ", "is no TOML in UTF-8"),
    ],
)
def test_every_fault_of_the_file_is_told_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    told = faults(tmp_path, text)
    assert sentence in told
    assert "police.toml: " in told


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatewaysWrong, match="settings"):
        read_mapping(tmp_path / "nothing.toml", VOCABULARY, INCOMING)
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GatewaysWrong, match="settings"):
        read_mapping(tmp_path / "odd.toml", VOCABULARY, INCOMING)
