"""Purging: what was kept long enough goes, to the second, a little at a time, and nothing else with it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.life import keep_photo, small_jpeg
from tests.services.finders import FINDER_PHONE, met, next_day
from tests.services.keepsakes import MADE, delivered, place, reported
from tests.services.reports import close, close_all
from tests.world import DAUGHTER_PHONE, World, destroyed_keys, every_row
from wristband.accounts.queries import find_guardian_by_phone
from wristband.audit import queries as audit
from wristband.audit.models import AuditRow
from wristband.audit.retention import RETENTION, Kept
from wristband.bands.rules import BandForm
from wristband.chores import Chore
from wristband.db import db, transaction
from wristband.elders.models import Photo
from wristband.errors import NotFound
from wristband.house import house
from wristband.incidents.models import Sighting
from wristband.limits import SpentBudget
from wristband.outbox.models import Message
from wristband.outbox.queries import state_for_reach
from wristband.scans.models import Reach, Scan
from wristband.services import issuing, registration
from wristband.services.purging import BATCH, count_due, purge
from wristband.values.phone import Phone

SECOND = timedelta(seconds=1)


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def run(at: datetime) -> Counter[str]:
    counts: Counter[str] = Counter()
    for name, count in purge(now=at):
        counts[name] += count
    db.session.rollback()
    db.session.expire_all()
    return counts


def test_every_line_with_an_end_is_tried() -> None:
    assert set(MADE) == {kept for kept, line in RETENTION.items() if line.keep is not None}


@pytest.mark.parametrize("kept", sorted(MADE))
def test_a_second_before_its_time_it_is_kept_and_then_it_goes(world: World, now: datetime, kept: Kept) -> None:
    moment, keep = MADE[kept](world, now), RETENTION[kept].keep
    assert keep is not None
    before = count_due(now=moment + keep - SECOND)[kept.value]
    assert count_due(now=moment + keep)[kept.value] == before + 1
    db.session.rollback()
    assert run(moment + keep)[kept.value] >= (kept is not Kept.PLACES)  # places go with their sightings before
    assert count_due(now=moment + keep)[kept.value] == 0


def test_a_purge_again_does_nothing_but_tell_of_it(world: World, now: datetime) -> None:
    for made in MADE.values():
        made(world, now)
        now += timedelta(minutes=10)
    delivered()
    close_all(world, now)
    late = now + timedelta(days=400)
    assert run(late).total() > len(MADE)
    before = every_row()
    assert run(late).total() == 0
    after = every_row()
    assert after.pop("audit_row")[:-1] == before.pop("audit_row")
    assert after == before
    assert set(count_due(now=late).values()) == {0}


def test_a_purge_leaves_the_trail_one_row_with_counts(world: World, now: datetime) -> None:
    MADE[Kept.SIGHTINGS](world, now)
    run(now + timedelta(days=30))
    row = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.i.desc()).limit(1)).one()
    assert (row.deed, row.actor, row.facts["sightings"]) == ("store.purged", "purge", 1)
    assert audit.count_rows() == row.i


# ---- with an incident


def test_while_her_incident_is_open_finders_can_be_called_and_places_read(world: World, now: datetime) -> None:
    reference, incident_id = reported(world, now)
    place(reference, now)
    delivered()
    month = timedelta(days=30)
    late = now + timedelta(days=100)
    assert run(late)["sightings"] == 0
    close(world, incident_id, late)
    delivered()
    assert run(late + month - SECOND)["sightings"] == 0
    counts = run(late + month)
    assert (counts["sightings"], counts["messages"]) == (1, 2)
    assert [(row.place, row.words) for row in db.session.scalars(sa.select(Sighting))] == [(None, None)]


def test_a_place_does_not_outlive_180_days_though_the_incident_be_open(world: World, now: datetime) -> None:
    reference, _ = reported(world, now)
    place(reference, now)
    half_a_year = timedelta(days=180)
    assert run(now + half_a_year - SECOND)["places"] == 0
    assert run(now + half_a_year)["places"] == 1
    assert [(row.place, row.words) for row in db.session.scalars(sa.select(Sighting))] == [(None, "影剧院后门")]


def test_a_message_that_still_waits_is_not_emptied(world: World, now: datetime) -> None:
    met(world, now)
    assert run(now + timedelta(days=400))["messages"] == 0


def test_without_addresses_as_many_people_were_told_as_before(world: World, now: datetime) -> None:
    met(world, now)
    delivered()
    reach_id = db.session.scalars(sa.select(Reach.id)).one()
    told = state_for_reach(reach_id)
    run(now + timedelta(days=30))
    assert state_for_reach(reach_id) == told
    message = db.session.scalars(sa.select(Message)).first()
    assert message is not None
    assert (message.recipient_sealed, message.body_sealed) == ("", None)


def test_a_scan_by_which_something_was_done_stays(world: World, now: datetime) -> None:
    met(world, now)
    run(now + timedelta(days=400))
    assert db.session.scalars(sa.select(Scan.id)).all()


def test_an_account_that_answers_for_somebody_stays_and_an_idle_ones_phone_is_free_again(
    world: World, now: datetime
) -> None:
    MADE[Kept.IDLE_ACCOUNTS](world, now)
    assert run(now + timedelta(days=400))["idle_accounts"] == 1
    assert find_guardian_by_phone(Phone(FINDER_PHONE)) is None
    assert find_guardian_by_phone(Phone(DAUGHTER_PHONE)) is not None
    MADE[Kept.IDLE_ACCOUNTS](world, now + timedelta(days=401))
    assert find_guardian_by_phone(Phone(FINDER_PHONE)) is not None


# ---- photographs


def test_an_unfinished_photo_goes_with_its_file_and_its_key(world: World, now: datetime) -> None:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    run(now + timedelta(hours=24))
    assert db.session.get(Photo, photo_id) is None
    assert photo_id in destroyed_keys()
    with pytest.raises(NotFound):
        house().files.read(place="photo.jpeg", row=photo_id)


def test_a_photo_in_use_stays_and_so_does_an_old_one_that_a_band_still_shows(world: World, now: datetime) -> None:
    kept = keep_photo(world.daughter_id, small_jpeg(), now)
    registration.replace_portrait(world.elder_id, kept, guardian_id=world.daughter_id, now=now)
    issuing.issue("a-band-that-shows-it", world.elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=now)
    newer = keep_photo(world.daughter_id, small_jpeg(), now)
    registration.replace_portrait(world.elder_id, newer, guardian_id=world.daughter_id, now=now)
    run(now + timedelta(days=400))
    assert set(db.session.scalars(sa.select(Photo.id))) == {kept, newer}


def test_a_form_that_comes_too_late_for_its_photo_is_told_so(world: World, now: datetime) -> None:
    photo_id = keep_photo(world.daughter_id, small_jpeg(), now)
    steps = purge(now=now + timedelta(hours=24))
    assert any(name == "unfinished_photos" and count for name, count in steps)  # broken off here: the file remains
    with pytest.raises(NotFound) as refused:
        registration.replace_portrait(world.elder_id, photo_id, guardian_id=world.daughter_id, now=now)
    assert refused.value.code == "elders.photo_gone"


# ---- a little at a time


def test_a_purge_takes_few_rows_at_once_and_goes_on_where_it_was_broken_off(world: World, now: datetime) -> None:
    with transaction():
        db.session.execute(
            sa.insert(SpentBudget.__table__), [{"key": f"1-{n}", "due_s": 1.0} for n in range(2 * BATCH + 1)]
        )
    taken = []
    for name, count in purge(now=now):
        if name == "budgets":
            taken.append(count)
            break
    assert taken == [BATCH]
    assert count_due(now=now)["budgets"] >= BATCH + 1
    assert max(count for _, count in purge(now=now)) == BATCH
    assert count_due(now=now)["budgets"] == 0


def test_in_a_workers_loop_it_does_a_step_a_call_and_begins_again_after_an_hour(world: World, now: datetime) -> None:
    hour, steps = timedelta(hours=1), len(list(purge(now=now)))
    chore, runs = Chore("purging", hour, purge), _runs()
    for _ in range(steps):
        chore.look(now)
    assert _runs() == runs
    chore.look(now)
    assert _runs() == runs + 1
    for _ in range(steps + 1):
        chore.look(now + hour)
    assert _runs() == runs + 2


def _runs() -> int:
    db.session.rollback()
    asked = sa.select(sa.func.count()).where(AuditRow.deed == "store.purged")
    return db.session.scalar(asked) or 0
