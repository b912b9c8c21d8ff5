"""Ownership checks of mini-program platforms: small text files below the frozen address."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.doors.asking import ON_SQLITE
from wristband.config import Settings

pytestmark = ON_SQLITE
MOST_BYTES = 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "checks"
    folder.mkdir()
    (folder / "WW_verify_7f3e.txt").write_text("7f3e")
    (folder / "largest.txt").write_text("x" * MOST_BYTES)
    (folder / "too-large.txt").write_text("x" * (MOST_BYTES + 1))
    (folder / "folder.txt").mkdir()
    (folder / "page.html").write_text("<script>alert(1)</script>")
    (tmp_path / "secret.txt").write_text("9d41")
    return folder


@pytest.fixture
def settings(settings: Settings, folder: Path) -> Settings:
    return settings.model_copy(update={"check_files_dir": folder})


@pytest.mark.parametrize("prefix", ["/t/", "/T/"])
def test_a_check_file_is_served_as_it_is(client: FlaskClient, prefix: str) -> None:
    answer = client.get(f"{prefix}WW_verify_7f3e.txt")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"7f3e", "text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_check_file_may_be_4096_bytes_and_no_more(client: FlaskClient) -> None:
    assert client.get("/t/largest.txt").status_code == 200
    assert client.get("/t/too-large.txt").status_code == 404


def test_nothing_else_is_served(client: FlaskClient) -> None:
    for name in (
        "unknown.txt",
        "folder.txt",
        "..%2fsecret.txt",
        "%2e%2e%2fsecret.txt",
        "../secret.txt",
        "checks%2f..%2f..%2fsecret.txt",
        "WW_verify_7f3e.txt%2f",
    ):
        answer = client.get(f"/t/{name}")
        assert answer.status_code == 404, name
        assert b"9d41" not in answer.data, name
        assert b"7f3e" not in answer.data, name


def test_a_name_that_is_no_check_file_is_a_token_like_any_other(client: FlaskClient) -> None:
    for name in (
        "page.html",
        "..%5csecret.txt",
        "WW_verify_7f3e.txt%00",
        "WW_verify_7f3e.TXT",
        ".txt",
        "a" * 101 + ".txt",
    ):
        answer = client.get(f"/t/{name}")
        assert answer.status_code == 200, name
        assert "老人可能迷路了" in answer.get_data(as_text=True), name
        assert b"9d41" not in answer.data, name
