"""Exporting: everything kept, to her guardian alone, after a fresh code, and the others hear of it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime, timedelta

import pytest

from tests.life import FINDERS_WORDS, Lived, whole_journey
from tests.services.finders import deeds, next_day, owed, refused
from tests.services.relatives import son_of
from tests.world import DAUGHTER_PHONE, ELDER, SON_PHONE, World, every_row, last_body
from wristband.elders.rules import REQUIRED, Particulars, Purpose
from wristband.services import consenting, exporting, registration

DEVICE = "her browser"


@pytest.fixture
def now(world: World) -> datetime:
    return next_day(world)


def code(world: World, now: datetime, device: str = DEVICE) -> str:
    exporting.ask_code(world.elder_id, guardian_id=world.daughter_id, device=device, now=now)
    found = re.search(r"\d{6}", last_body(DAUGHTER_PHONE))
    assert found
    return found[0]


def confirm(world: World, now: datetime, elder_id: int | None = None) -> None:
    mine = {"guardian_id": world.daughter_id, "device": DEVICE, "now": now}
    exporting.ask_code(elder_id or world.elder_id, **mine)
    (found,) = re.findall(r"\d{6}", last_body(DAUGHTER_PHONE))
    exporting.enter_code(elder_id or world.elder_id, found, **mine)


def take(world: World, now: datetime, *, elder_id: int | None = None, device: str = DEVICE) -> zipfile.ZipFile:
    data = exporting.take(elder_id or world.elder_id, guardian_id=world.daughter_id, device=device, now=now)
    return zipfile.ZipFile(io.BytesIO(data))


def test_without_a_fresh_code_of_this_browser_nothing_is_given(world: World, now: datetime) -> None:
    before = every_row()
    assert refused(lambda: take(world, now)) == "elders.confirm_first"
    assert every_row() == before
    confirm(world, now)
    assert refused(lambda: take(world, now, device="another browser")) == "elders.confirm_first"


def test_a_code_is_fresh_for_ten_minutes(world: World, now: datetime) -> None:
    confirm(world, now)
    take(world, now + timedelta(minutes=10) - timedelta(seconds=1))
    assert refused(lambda: take(world, now + timedelta(minutes=10))) == "elders.confirm_first"


def test_a_wrong_code_and_one_of_another_browser_confirm_nothing(world: World, now: datetime) -> None:
    right = code(world, now)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    her, enter = world.elder_id, {"guardian_id": world.daughter_id, "now": now}
    assert refused(lambda: exporting.enter_code(her, wrong, device=DEVICE, **enter)) == "accounts.code_wrong"
    assert refused(lambda: exporting.enter_code(her, right, device="another", **enter)) == "accounts.code_wrong"
    assert not exporting.is_confirmed(her, device=DEVICE, **enter)
    exporting.enter_code(her, right, device=DEVICE, **enter)
    assert refused(lambda: exporting.enter_code(her, right, device=DEVICE, **enter)) == "accounts.code_wrong"


def test_a_sign_in_code_is_no_export_code(world: World, now: datetime) -> None:
    from wristband.services import signing_in
    from wristband.values.phone import Phone

    right = code(world, now)
    enter = lambda: signing_in.enter_code(Phone(DAUGHTER_PHONE), right, language="zh-CN", device=DEVICE, now=now)  # noqa: E731
    assert refused(enter) == "accounts.code_wrong"


def test_another_familys_elder_is_unknown(world: World, now: datetime) -> None:
    confirm(world, now)
    assert refused(lambda: take(world, now, elder_id=world.other.elder_id)) == "elders.unknown"


def test_what_is_confirmed_for_one_elder_opens_no_other(world: World, now: datetime) -> None:
    mine = {"guardian_id": world.daughter_id, "now": now}
    father = registration.register(
        "father",
        Particulars.of(today=now.date(), consents=set(REQUIRED), name="林国强", relation="child"),
        guardian_name="林家的女儿",
        consents=set(REQUIRED),
        photo_id=None,
        station_id=world.station_id,
        second_phone=None,
        **mine,
    )
    right = code(world, now)
    assert refused(lambda: exporting.enter_code(father, right, device=DEVICE, **mine)) == "accounts.code_wrong"
    exporting.enter_code(world.elder_id, right, device=DEVICE, **mine)
    assert refused(lambda: take(world, now, elder_id=father)) == "elders.confirm_first"
    take(world, now)


def test_a_code_for_another_familys_elder_is_not_even_sent(world: World, now: datetime) -> None:
    mine = {"guardian_id": world.daughter_id, "device": DEVICE, "now": now}
    before = every_row()
    assert refused(lambda: exporting.ask_code(world.other.elder_id, **mine)) == "elders.unknown"
    assert every_row() == before


def test_three_a_day_and_then_it_waits(world: World, now: datetime) -> None:
    confirm(world, now)
    for _ in range(3):
        take(world, now)
    assert refused(lambda: take(world, now)) == "elders.exports_spent"


def test_it_is_recorded_and_the_other_guardian_told(world: World, now: datetime) -> None:
    son_of(world, now)
    confirm(world, now)
    take(world, now)
    assert deeds(world.elder_id)[-1] == "elder.exported"
    assert [message.recipient for message in owed("elder_exported")] == [SON_PHONE]


@pytest.fixture
def lived(world: World) -> Lived:
    return whole_journey(world)


def test_it_holds_everything_kept_about_her_and_nothing_of_anybody_else(world: World, lived: Lived) -> None:
    now = world.now + timedelta(days=2)
    confirm(world, now, lived.elder_id)
    file = take(world, now, elder_id=lived.elder_id)
    assert file.namelist() == ["data.json", "data.html", "portrait.jpg"]
    assert file.read("portrait.jpg").startswith(b"\xff\xd8")
    text, page = file.read("data.json").decode(), file.read("data.html").decode()
    data = json.loads(text)
    assert {name: data["particulars"][0][name] for name in ("name", "called", "address", "approach", "health")} == {
        name: ELDER[name] for name in ("name", "called", "address", "approach", "health")
    }
    assert len(data["consents"]) == len(Purpose)
    assert all(data[name] for name in ("bands", "scans", "calls", "incidents", "places", "messages", "looks"))
    assert data["places"][0]["words"] == FINDERS_WORDS
    assert [contact["phone"] for contact in data["contacts"]] == ["138 0013 8000", "138 0013 8005"]
    assert ELDER["name"] in page
    for strange in ("陈美兰", lived.canaries["officer's words"], lived.canaries["check code"]):
        assert strange not in text + page


def test_without_the_consent_for_places_none_is_in_it(world: World, lived: Lived) -> None:
    now = world.now + timedelta(days=2)
    consenting.withdraw(lived.elder_id, Purpose.WHEREABOUTS, guardian_id=world.daughter_id, now=now)
    confirm(world, now, lived.elder_id)
    data = json.loads(take(world, now, elder_id=lived.elder_id).read("data.json"))
    assert data["places"] == []
    assert [consent["withdrawn_at"] is not None for consent in data["consents"]].count(True) == 1


def test_another_guardians_number_is_that_ones_own(world: World, now: datetime) -> None:
    son_of(world, now)
    confirm(world, now)
    file = take(world, now)
    text = file.read("data.json").decode() + file.read("data.html").decode()
    assert SON_PHONE.removeprefix("+86") not in text.replace(" ", "")
    assert "138****8005" in text
