"""`wristband bands` at the terminal: what it says, and what it does not begin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from wristband.bands import queries
from wristband.bands.models import Batch
from wristband.bands.rules import BandForm
from wristband.cli_bands import bands
from wristband.clock import now as today
from wristband.config import Settings
from wristband.db import db, transaction
from wristband.errors import Refusal
from wristband.house import house
from wristband.services import stocking

pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def batch_id(app: Flask) -> int:
    """Three tags, minted."""
    now: datetime = today()
    begun = stocking.begin(BandForm.KEY_TAG, 3, now=now)
    with ThreadPoolExecutor(1) as workers:
        list(stocking.mint(begun, workers=workers, now=now))
    return begun


def run(app: Flask, *words: object) -> Result:
    db.session.rollback()
    return CliRunner().invoke(bands, [str(word) for word in words], obj=lambda: app)


def refused(result: Result) -> str:
    assert isinstance(result.exception, Refusal)
    return result.exception.code


@pytest.mark.parametrize("batch", [0, 7])
def test_a_batch_that_is_none_is_neither_begun_nor_named(app: Flask, batch: int) -> None:
    for words in (("mint", "--batch", batch), ("end", batch), ("print", batch, "--out", "nowhere")):
        result = run(app, *words)
        assert refused(result) == "bands.batch_unknown"
        assert result.stdout == ""
    assert queries.list_batches() == []


def test_a_batch_that_was_begun_for_another_address_says_so_when_it_goes_on(app: Flask, batch_id: int) -> None:
    result = run(app, "mint", "--batch", batch_id)
    assert result.exit_code == 0
    assert "注意" not in result.stderr
    with transaction():
        db.session.get_one(Batch, batch_id).address = "HTTPS://OLD.EXAMPLE/T/"
    result = run(app, "mint", "--batch", batch_id)
    assert result.exit_code == 0
    assert "HTTPS://OLD.EXAMPLE/T/" in result.stderr
    assert house().settings.token_prefix in result.stderr


def test_ending_says_how_many_ended_and_again_that_none_did(app: Flask, batch_id: int) -> None:
    assert run(app, "end", batch_id, "--number", 2, "--why", "mistake").stdout == "已停用 1 条空白手环。\n"
    assert run(app, "end", batch_id).stdout == "已停用 2 条空白手环。\n"
    assert run(app, "end", batch_id).stdout == "已停用 0 条空白手环。\n"
    assert refused(run(app, "end", batch_id, "--number", 4)) == "bands.number_unknown"


class TestWhereTheFontThatIsSetIsNone:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"print_font": settings.data_dir / "no-such-font.otf"})

    def test_the_sentence_names_the_setting(self, app: Flask, batch_id: int, tmp_path: Path) -> None:
        result = run(app, "print", batch_id, "--out", tmp_path / "out", "--workers", 1)
        assert refused(result) == "bands.font_setting"
        assert isinstance(result.exception, Refusal)
        assert result.exception.facts == {"path": str(house().settings.print_font)}
