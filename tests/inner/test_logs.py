"""The log: one JSON object a line, ids only."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from wristband import logs
from wristband.logs import LibraryLine, without_secrets

TOKEN = "625540123456A0123456789AB"
SECRET_PATHS = [
    f"/t/{TOKEN}",
    f"/T/{TOKEN.lower()}",
    f"https://hb.example/t/{TOKEN}?lang=en",
    "/s/Zx81aGk2LmQ9Rr3sTtUuVw/family",
    f"GET /t/{TOKEN} HTTP/1.1",
    f'"/s/{TOKEN}"',
]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> structlog.stdlib.BoundLogger:
    logs.set_up()
    return structlog.get_logger("tests")


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one line that was written."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    said: dict[str, Any] = json.loads(err)
    return said


def test_a_line_is_one_json_object_with_time_and_level(
    log: structlog.stdlib.BoundLogger, capsys: pytest.CaptureFixture[str]
) -> None:
    log.warning("scan_log_full", waiting=3)
    said = line(capsys)
    assert (said["event"], said["level"], said["waiting"]) == ("scan_log_full", "warning", 3)
    assert said["timestamp"].endswith("Z")


@pytest.mark.parametrize("path", SECRET_PATHS)
def test_no_line_keeps_the_secret_of_a_path(
    log: structlog.stdlib.BoundLogger, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    log.info(path, path=path, paths=[path], more={"referrer": (path,), path: 1})
    out = capsys.readouterr().err
    assert TOKEN not in out
    assert TOKEN.lower() not in out
    assert "Zx81aGk2LmQ9Rr3sTtUuVw" not in out


@given(st.text())
def test_what_was_scrubbed_is_one_line(text: str) -> None:
    assert len(without_secrets(text).splitlines()) <= 1


@given(st.text(alphabet="/tsTS?\"' \nabAB09", max_size=40))
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    assert without_secrets(without_secrets(text)) == without_secrets(text)


@pytest.mark.parametrize("path", ["/", "/b", "/family/elders/7", "/police", "/stations", "/tt/x", "/static/base.css"])
def test_paths_without_a_secret_stay_readable(path: str) -> None:
    assert without_secrets(path) == path


def test_a_fault_is_told_by_kind_and_place_and_not_by_its_words(
    log: structlog.stdlib.BoundLogger, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        raise ValueError("林秀英 13800138000")
    except ValueError as fault:
        log.error("fault", exc_info=fault, cause=fault)
    said = line(capsys)
    assert said["fault"] == said["cause"] == "ValueError"
    assert said["at"].startswith("test_logs.py:")
    assert "林秀英" not in str(said)


def test_a_fault_at_hand_is_told_the_same_way(
    log: structlog.stdlib.BoundLogger, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        raise KeyError("林秀英")
    except KeyError:
        log.exception("fault")
    said = line(capsys)
    assert said["fault"] == "KeyError"
    assert "林秀英" not in str(said)


def test_debugging_words_are_left_out_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up()
    structlog.get_logger("tests").debug("quiet")
    assert capsys.readouterr().err == ""
    logs.set_up(debug=True)
    structlog.get_logger("tests").debug("quiet")
    assert line(capsys)["event"] == "quiet"
    logs.set_up()


@pytest.mark.parametrize("chatty", ["werkzeug", "gunicorn.access"])
def test_the_servers_own_request_lines_are_not_written(chatty: str) -> None:
    logs.set_up()
    assert not logging.getLogger(chatty).isEnabledFor(logging.INFO)


# ---- what libraries say


def a_librarys_line(words: str, fault: BaseException | None = None) -> str:
    told = (type(fault), fault, fault.__traceback__) if fault else None
    return LibraryLine().format(logging.LogRecord("library", logging.WARNING, "x.py", 1, words, None, told))


@given(st.text())
def test_whatever_a_library_says_is_one_line_and_one_object(words: str) -> None:
    written = a_librarys_line(words)
    assert len(written.splitlines()) == 1
    assert set(json.loads(written)) == {"event", "level", "timestamp", "logger"}


@pytest.mark.parametrize("forged", ["\n{}", "\r\n{}", "\x1b[2K{}", "\u2028{}", "\x85{}", "\x00{}"])
def test_no_line_is_forged_through_words_of_a_person(
    log: structlog.stdlib.BoundLogger, capsys: pytest.CaptureFixture[str], forged: str
) -> None:
    words = forged.format('{"event": "officer_added", "level": "info"}')
    log.info(words, endpoint=words)
    assert line(capsys)["level"] == "info"
    said = json.loads(a_librarys_line(words))
    assert said["logger"] == "library"
    assert not set(forged[:2]) & {"\n", "\r", "\x1b", "\x00"} & set(said["event"])


def test_a_librarys_fault_is_told_by_its_kind_and_its_request_without_secret() -> None:
    said = json.loads(a_librarys_line(f"failed at /t/{TOKEN}", ValueError("林秀英")))
    assert (said["fault"], said["event"]) == ("ValueError", "failed at /t/-")
    assert "林秀英" not in str(said)
