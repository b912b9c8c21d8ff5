"""`wristband pfif`: a partner's domain, records out as a file and in from one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask

from tests.services import released
from tests.services.released import DOMAIN, fresh, key_of
from tests.world import World, every_row
from wristband import clock
from wristband.cli_pfif import pfif_records
from wristband.config import Settings
from wristband.db import db
from wristband.errors import Refusal
from wristband.interchange import pfif, pfif_reading
from wristband.interchange.models import OutsidePerson, PartnerDomain
from wristband.interchange.pfif import Note, Person
from wristband.interchange.rules import Shown
from wristband.partners.rules import Scope
from wristband.services import releasing

OURS = "wristband.example.org"


@pytest.fixture
def settings(usual_settings: Settings, tmp_path: Path, engine_url: str, doors: tuple[str, ...]) -> Settings:
    own = {"data_dir": tmp_path / "instance", "database_url": engine_url, "doors": doors, "pfif_domain": OURS}
    return usual_settings.model_copy(update=own)


@pytest.fixture
def doors() -> tuple[str, ...]:
    return ()


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    def command(*words: str) -> Result:
        return CliRunner().invoke(pfif_records, words, obj=lambda: app)

    return command


def _refused(result: Result) -> str:
    assert isinstance(result.exception, Refusal), result.output
    return result.exception.code


def test_a_domain_is_given_to_one_partner(world: World, run: Callable[..., Result]) -> None:
    for name in ("救助站", "别的站"):
        key_of(name, [Scope.PFIF_WRITE], clock.now())
    assert run("domain", "救助站", "Finder.Example.org").exit_code == 0
    fresh()
    assert [row.domain for row in db.session.scalars(sa.select(PartnerDomain))] == [DOMAIN]
    assert _refused(run("domain", "别的站", DOMAIN)) == "pfif.domain_taken"
    assert _refused(run("domain", "谁", "a.example.org")) == "pfif.partner_unknown"
    for wrong in ("110.example.org", OURS):
        assert _refused(run("domain", "救助站", wrong)) == "pfif.domain_wrong"


def test_what_is_released_goes_out_and_what_was_as_a_placeholder(
    world: World, run: Callable[..., Result], tmp_path: Path
) -> None:
    now = clock.now()
    first = released.released(world, now, [Shown.AGE])
    releasing.withdraw_on_duty(first.incident_id, officer=world.officer, now=now)
    releasing.release_on_duty(first.incident_id, released.wanted(), officer=world.officer, now=now)
    file = tmp_path / "out.xml"
    told = run("export", str(file)).output
    assert "1 条公开的记录，1 条删除通知" in told
    persons = pfif_reading.read(file.read_bytes(), now=clock.now()).persons
    assert [pfif.is_placeholder(person) for person in persons] == [True, False]
    assert file.stat().st_mode & 0o077 == 0


def test_a_file_comes_in_once_however_often_it_is_read(
    world: World, run: Callable[..., Result], tmp_path: Path
) -> None:
    at = clock.now() - timedelta(hours=1)
    people = [Person(f"{DOMAIN}/p{number}", source_date=at, full_name="某人") for number in range(250)]
    notes = [
        Note(f"{DOMAIN}/n1", f"{DOMAIN}/p1", source_date=at, author_name="站", text="见过"),
        Note(f"{DOMAIN}/n2", f"{DOMAIN}/nobody", source_date=at, author_name="站", text="见过"),
    ]
    file = tmp_path / "in.xml"
    file.write_bytes(pfif.document([*people, Person("other.example.org/1", source_date=at, full_name="外")], notes))
    told = run("import", str(file), "--domain", DOMAIN).output
    assert "共 253 条，已收下 251 条，没有采用 2 条" in told
    assert f"{DOMAIN}/n2：person_record_id: unknown" in told
    fresh()
    assert db.session.scalar(sa.select(sa.func.count(OutsidePerson.id))) == 250
    before = every_row()
    assert run("import", str(file), "--domain", DOMAIN).exit_code == 0
    assert {name: rows for name, rows in every_row().items() if rows != before[name]}.keys() == {"audit_row"}


def test_a_file_that_is_no_pfif_or_of_our_own_domain_is_refused(
    world: World, run: Callable[..., Result], tmp_path: Path
) -> None:
    file = tmp_path / "in.xml"
    file.write_text("<p/>")
    assert _refused(run("import", str(file), "--domain", DOMAIN)) == "pfif.not_pfif"
    assert _refused(run("import", str(file), "--domain", OURS)) == "pfif.domain_wrong"
