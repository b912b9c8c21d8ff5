"""`wristband platform check`: a mapping looked at before it is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from wristband.cli_platform import platform
from wristband.gateways.settings import GatewaysWrong
from wristband.incidents.platform import EXAMPLE

HEAD = 'version = 1\nvendor = "example"\n'


def check(folder: Path, text: str) -> tuple[str, str]:
    """What it prints, and what it says beside it."""
    (folder / "police.toml").write_text(text, encoding="utf-8")
    told = CliRunner().invoke(platform, ["check", str(folder / "police.toml")], catch_exceptions=False)
    assert told.exit_code == 0
    return told.stdout, told.stderr


def test_an_example_event_is_printed_as_the_platform_would_get_it(tmp_path: Path) -> None:
    printed, said = check(tmp_path, HEAD + '[fields]\njqbh = "incident.number"\n')
    assert json.loads(printed) == {"jqbh": EXAMPLE["incident"]["number"]}
    assert "incident.state" in said


def test_without_fields_the_whole_document_is_printed(tmp_path: Path) -> None:
    printed, said = check(tmp_path, HEAD)
    assert json.loads(printed) == EXAMPLE
    assert "没有用到" not in said


def test_an_operator_who_asks_for_particulars_is_told_which_go_out(tmp_path: Path) -> None:
    assert "会随警情发出老人的资料：called、sex" in check(tmp_path, HEAD + 'particulars = ["sex", "called"]\n')[1]


def test_a_wrong_file_is_a_sentence_and_no_trace(tmp_path: Path) -> None:
    (tmp_path / "police.toml").write_text(HEAD + "colour = 1", encoding="utf-8")
    with pytest.raises(GatewaysWrong) as wrong:
        CliRunner().invoke(platform, ["check", str(tmp_path / "police.toml")], catch_exceptions=False)
    assert "colour: is not known here" in wrong.value.facts["faults"]
