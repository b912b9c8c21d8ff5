"""The family's voice: kept, replaced, deleted, withdrawn; played to nobody without the level and the consent."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.recordings import hummed, m4a, quiet, wav
from tests.services.finders import FINDER_PHONE, deeds, grants, her_check, met, next_day, owed, refused
from tests.world import DAUGHTER_PHONE, SON_PHONE, World, every_row, last_body, new_rows
from wristband.audit.models import AuditRow
from wristband.data_keys import DataKey
from wristband.db import db, transaction
from wristband.elders import erasing, queries, voices
from wristband.elders.models import Consent, Guardianship, Voice
from wristband.elders.rules import Purpose
from wristband.elders.voices import VOICE_PLACE
from wristband.errors import NotFound, Refusal
from wristband.house import house
from wristband.scans.disclosure import TracedCard
from wristband.scans.levels import Field, Level
from wristband.services import approving, consenting, disclosing, exporting, purging, recording, signing_in, verifying
from wristband.values.phone import Phone


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


@pytest.fixture
def asked_anew(world: World, now: datetime) -> None:
    """A family that has not agreed to its voice being played: the cast has agreed to everything."""
    consenting.withdraw(world.elder_id, Purpose.VOICE, guardian_id=world.daughter_id, now=now)


def keep(world: World, now: datetime, data: bytes | None = None, *, agreed: bool = False) -> recording.Kept:
    return recording.keep(world.elder_id, data or m4a(), agreed=agreed, guardian_id=world.daughter_id, now=now)


def in_use(world: World) -> Voice | None:
    db.session.rollback()
    return queries.find_voice(world.elder_id)


def destroyed_keys() -> set[int]:
    db.session.rollback()
    return set(db.session.scalars(sa.select(DataKey.id).where(DataKey.destroyed_at.is_not(None))))


def sealed_files() -> set[int]:
    return {row for place, row, _ in house().files.list_headers() if place == VOICE_PLACE}


def shown_fields() -> list[str]:
    """What the newest showing says was shown."""
    db.session.rollback()
    facts = db.session.scalars(
        sa.select(AuditRow.facts).where(AuditRow.deed == "grant.shown").order_by(AuditRow.i.desc())
    ).first()
    assert facts is not None
    return str(facts["fields"]).split()


def opened_by_phone(world: World, now: datetime) -> tuple[str, str]:
    """A finder who has proved his phone, and nothing more: his scan and his grant."""
    reference = met(world, now)
    verifying.ask_code(reference, Phone(FINDER_PHONE), address="192.0.2.1", language="zh-CN", now=now)
    code = re.search(r"\d{6}", last_body(FINDER_PHONE))
    assert code
    return reference, verifying.enter_code(reference, Phone(FINDER_PHONE), code[0], now=now)


# Keeping


def test_a_recording_is_kept_sealed_under_a_key_of_its_own(world: World, now: datetime) -> None:
    kept = keep(world, now)
    voice = in_use(world)
    assert voice is not None
    assert (voice.id, voice.guardian_id, voice.kept_at) == (kept.voice_id, world.daughter_id, now)
    assert voice.seconds == kept.seconds == pytest.approx(4, abs=0.3)
    headers = {row: header for place, row, header in house().files.list_headers() if place == VOICE_PLACE}
    assert headers[voice.id].endswith(f":d{voice.id}")
    assert recording.sound(world.elder_id, guardian_id=world.daughter_id)[:2] == b"\xff\xf3"
    assert deeds(world.elder_id)[-1] == "voice.kept"


def test_a_second_recording_takes_the_place_of_the_first_which_opens_nowhere(world: World, now: datetime) -> None:
    first = keep(world, now)
    second = keep(world, now + timedelta(minutes=1), wav(hummed(2)))
    voice = in_use(world)
    assert voice is not None
    assert voice.id == second.voice_id
    assert sealed_files() == {second.voice_id}
    assert destroyed_keys() == {first.voice_id}


def test_what_was_cut_is_told(world: World, now: datetime) -> None:
    assert keep(world, now, m4a(45.0)).cut
    assert not keep(world, now).cut


def test_the_other_guardians_are_told_and_the_one_who_did_it_is_not(world: World, now: datetime) -> None:
    brother = signing_in.join(Phone(SON_PHONE), language="zh-CN", now=now)
    with transaction():
        link = Guardianship(elder_id=world.elder_id, guardian_id=brother, rank=2, relation="child", began_at=now)
        db.session.add(link)
    keep(world, now)
    told = [(message.recipient, message.body) for message in owed("family_changed")]
    assert [recipient for recipient, _ in told] == [SON_PHONE]
    assert "录音" in (told[0][1] or "")


def test_a_recording_without_consent_is_refused_and_nothing_of_it_is_kept(
    world: World, now: datetime, asked_anew: None
) -> None:
    before = every_row()
    assert refused(lambda: keep(world, now)) == "elders.voice_without_consent"
    assert every_row() == before
    assert not sealed_files()


def test_a_ticked_consent_is_given_with_the_recording(world: World, now: datetime, asked_anew: None) -> None:
    keep(world, now, agreed=True)
    keep(world, now, agreed=True)
    standing = sa.select(Consent).where(
        Consent.elder_id == world.elder_id, Consent.purpose == Purpose.VOICE, Consent.withdrawn_at.is_(None)
    )
    db.session.rollback()
    assert len(db.session.scalars(standing).all()) == 1
    assert deeds(world.elder_id)[-3:] == ["consent.given", "voice.kept", "voice.kept"]


def test_nobody_else_records_listens_or_deletes(world: World, now: datetime) -> None:
    keep(world, now)
    before = every_row()
    other = world.neighbour_id
    for deed in (
        lambda: recording.keep(world.elder_id, m4a(), agreed=True, guardian_id=other, now=now),
        lambda: recording.sound(world.elder_id, guardian_id=other),
        lambda: recording.remove(world.elder_id, guardian_id=other, now=now),
    ):
        with pytest.raises(NotFound):
            deed()
        db.session.rollback()
    assert every_row() == before


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x89PNG" + bytes(99), "voice.not_a_recording"),
        (wav(quiet(3)), "voice.silent"),
        (wav(hummed(0.4)), "voice.too_short"),
        (m4a()[:9_000], "voice.damaged"),
        (bytes(voices.MOST_BYTES + 1), "voice.too_large"),
    ],
    ids=["no recording", "silent", "too short", "cut off", "too large"],
)
def test_what_is_no_recording_leaves_the_one_before_in_use(world: World, now: datetime, data: bytes, code: str) -> None:
    first = keep(world, now)
    before = every_row()
    assert refused(lambda: keep(world, now, data)) == code
    assert set(new_rows(before)) <= {"spent_budget"}
    voice = in_use(world)
    assert voice is not None
    assert voice.id == first.voice_id
    assert sealed_files() == {first.voice_id}


def test_a_full_disk_is_told_and_the_one_before_stays(
    world: World, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = keep(world, now)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1_000_000))
    assert refused(lambda: keep(world, now, wav(hummed(2)))) == "files.disk_full"
    voice = in_use(world)
    assert voice is not None
    assert voice.id == first.voice_id


def test_too_many_recordings_in_a_minute_are_refused(world: World, now: datetime) -> None:
    codes = {refused(lambda: keep(world, now, b"no")) for _ in range(21)}
    assert codes == {"voice.not_a_recording", "elders.voices_spent"}


def test_of_two_recordings_at_once_one_is_in_use(app: Flask, world: World, now: datetime) -> None:
    def send(data: bytes) -> str:
        with app.app_context():
            try:
                keep(world, now, data)
            except Refusal as refusal:
                return refusal.code
            finally:
                db.session.remove()
        return ""

    with ThreadPoolExecutor(2) as both:
        assert list(both.map(send, [m4a(), wav(hummed(2))])) == ["", ""]
    db.session.rollback()
    rows = db.session.scalars(sa.select(Voice).where(Voice.elder_id == world.elder_id)).all()
    assert sorted(voice.destroyed_at is None for voice in rows) == [False, True]
    assert sealed_files() == {voice.id for voice in rows if voice.destroyed_at is None}


# Deleting, withdrawing, erasing


def test_a_deleted_recording_opens_nowhere_and_the_consent_stays(world: World, now: datetime) -> None:
    kept = keep(world, now)
    recording.remove(world.elder_id, guardian_id=world.daughter_id, now=now)
    assert in_use(world) is None
    assert not sealed_files()
    assert kept.voice_id in destroyed_keys()
    assert queries.consented(world.elder_id, Purpose.VOICE)
    assert refused(lambda: recording.sound(world.elder_id, guardian_id=world.daughter_id)) == "elders.no_voice"
    assert deeds(world.elder_id)[-1] == "voice.removed"


def test_deleting_twice_is_deleting_once(world: World, now: datetime) -> None:
    keep(world, now)
    recording.remove(world.elder_id, guardian_id=world.daughter_id, now=now)
    before = every_row()
    recording.remove(world.elder_id, guardian_id=world.daughter_id, now=now)
    assert every_row() == before


def test_a_withdrawn_consent_destroys_the_recording_at_once(world: World, now: datetime) -> None:
    kept = keep(world, now)
    sealed = house().files._path(VOICE_PLACE, kept.voice_id).read_bytes()
    consenting.withdraw(world.elder_id, Purpose.VOICE, guardian_id=world.daughter_id, now=now)
    assert in_use(world) is None
    assert not sealed_files()
    house().files._path(VOICE_PLACE, kept.voice_id).write_bytes(sealed)  # a copy that somebody has kept
    with pytest.raises(Refusal) as refusal:
        house().files.read(place=VOICE_PLACE, row=kept.voice_id)
    assert refusal.value.code == "seal.erased"


def test_the_purge_takes_file_and_row_of_a_destroyed_recording(world: World, now: datetime) -> None:
    keep(world, now)
    with transaction():  # as a crash would leave it: destroyed, its file still there
        erasing.destroy_voice(world.elder_id, now=now)
    assert sealed_files()
    assert purging.count_due(now=now)["voice_files"] == 1
    assert ("voice_files", 1) in list(purging.purge(now=now))
    assert not sealed_files()
    assert db.session.scalars(sa.select(Voice)).all() == []


def test_an_erased_elders_recording_opens_nowhere(world: World, now: datetime) -> None:
    kept = keep(world, now)
    with transaction():
        files = erasing.erase(world.elder_id, now=now)
    assert (VOICE_PLACE, kept.voice_id) in files
    assert kept.voice_id in destroyed_keys()
    assert in_use(world) is None


def test_a_withdrawal_that_a_restored_backup_has_forgotten_is_made_again(world: World, now: datetime) -> None:
    keep(world, now)
    consenting.withdraw(world.elder_id, Purpose.VOICE, guardian_id=world.daughter_id, now=now)
    with transaction():
        db.session.execute(sa.update(Consent).where(Consent.withdrawn_at == now).values(withdrawn_at=None))
    later = keep(world, now + timedelta(minutes=1))  # by whom the backup misled
    list(purging.purge(now=now + timedelta(hours=1)))
    assert in_use(world) is None
    assert later.voice_id in destroyed_keys()


def test_the_export_takes_the_recording_along(world: World, now: datetime) -> None:
    keep(world, now)
    exporting.ask_code(world.elder_id, guardian_id=world.daughter_id, device="d", now=now)
    code = re.search(r"\d{6}", last_body(DAUGHTER_PHONE))
    assert code
    exporting.enter_code(world.elder_id, code[0], guardian_id=world.daughter_id, device="d", now=now)
    taken = exporting.take(world.elder_id, guardian_id=world.daughter_id, device="d", now=now)
    with zipfile.ZipFile(io.BytesIO(taken)) as file:
        assert file.read("voice.mp3") == recording.sound(world.elder_id, guardian_id=world.daughter_id)
        assert json.loads(file.read("data.json"))["voice"][0]["seconds"]
        assert b'src="voice.mp3"' in file.read("data.html")


# Played to the elder


def test_a_finder_who_can_be_called_back_plays_it_and_the_trail_says_so(world: World, now: datetime) -> None:
    keep(world, now)
    card = disclosing.show(*opened_by_phone(world, now), now=now)
    assert isinstance(card, TracedCard)
    assert card.voice == recording.sound(world.elder_id, guardian_id=world.daughter_id)
    assert shown_fields() == ["called", "voice"]
    assert len(owed("finder_known")) == 1


def test_with_the_check_code_it_is_on_the_card(world: World, now: datetime) -> None:
    keep(world, now)
    reference = met(world, now)
    card = disclosing.show(reference, verifying.enter_check_code(reference, her_check(world), now=now), now=now)
    assert card.voice
    assert "voice" in shown_fields()


def test_nobody_is_said_to_have_heard_what_was_never_recorded(world: World, now: datetime) -> None:
    card = disclosing.show(*opened_by_phone(world, now), now=now)
    assert card.voice is None
    assert shown_fields() == ["called"]


def test_after_a_withdrawal_an_open_card_plays_nothing_any_more(world: World, now: datetime) -> None:
    keep(world, now)
    grant = opened_by_phone(world, now)
    assert disclosing.show(*grant, now=now).voice
    consenting.withdraw(world.elder_id, Purpose.VOICE, guardian_id=world.daughter_id, now=now)
    assert disclosing.show(*grant, now=now).voice is None
    assert shown_fields() == ["called"]


def test_a_recording_that_does_not_open_hides_no_word_of_the_card(world: World, now: datetime) -> None:
    kept = keep(world, now)
    house().files._path(VOICE_PLACE, kept.voice_id).write_bytes(b"v1:aesgcm:none\n" + bytes(64))
    card = disclosing.show(*opened_by_phone(world, now), now=now)
    assert card.voice is None
    assert card.called


@pytest.mark.parametrize(("ticked", "plays"), [({Field.VOICE}, True), ({Field.NAME}, False)])
def test_a_guardian_who_lets_a_phone_see_ticks_the_voice_or_not(
    world: World, now: datetime, ticked: set[Field], plays: bool
) -> None:
    keep(world, now)
    reference = met(world, now)
    token, number = approving.ask_family(reference, now=now)
    grant_id = grants()[-1].id
    approving.approve(grant_id, str(number), Level.CONSENTED, ticked, guardian_id=world.daughter_id, now=now)
    card = disclosing.show(reference, token, now=now)
    assert card.called is None
    assert (card.voice is not None) is plays
    assert ("voice" in shown_fields()) is plays
