"""Broadcasts: an Alert, its Updates, its Cancel; each valid, and what is over is given to nobody."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from flask.testing import FlaskClient

from tests.doors.exchanging import ATOM, HOUR, OURS, close, entries, get, schema
from tests.services import released
from tests.services.released import key_of
from tests.world import ELDER, World, every_row
from wristband.config import Settings
from wristband.interchange import cap_checks, xml
from wristband.interchange.rules import Audience, Shown
from wristband.partners.rules import Scope
from wristband.services import broadcasting, releasing


@pytest.fixture
def settings(usual_settings: Settings, tmp_path: Path, engine_url: str, doors: tuple[str, ...]) -> Settings:
    own = {"data_dir": tmp_path / "instance", "database_url": engine_url, "doors": doors, "pfif_domain": OURS}
    return usual_settings.model_copy(update=own)


@pytest.fixture
def now(world: World) -> datetime:
    return world.now + timedelta(seconds=1)


# ---- broadcasts


def _broadcasts(client: FlaskClient, key: str) -> list[Element]:
    """The documents that the feed leads to, each valid and without a fault."""
    found = []
    for entry in entries(get(client, "/cap/feed", key)):
        link = entry.find(f"{ATOM}link")
        assert link is not None
        answer = get(client, re.sub(r"^https?://[^/]+", "", link.attrib["href"]), key)
        assert answer.mimetype == "application/cap+xml"
        schema("cap-1.2.xsd").validate(answer.get_data(as_text=True))
        found.append(xml.read(answer.data))
        assert cap_checks.faults(found[-1]) == []
    return found


def _said(alert: Element, name: str) -> str:
    return next((one.text or "" for one in alert.iter() if xml.local_name(one) == name), "")


def test_a_release_is_an_alert_its_change_an_update_its_end_a_cancel(
    client: FlaskClient, world: World, now: datetime
) -> None:
    key = key_of("广播台", [Scope.CAP_READ], now)
    release = released.released(world, now, [Shown.AGE])
    (alert,) = _broadcasts(client, key)
    assert [_said(alert, name) for name in ("msgType", "scope", "status")] == ["Alert", "Restricted", "Actual"]
    wanted = released.wanted([Shown.NAME], audience=Audience.PUBLIC)
    releasing.release_on_duty(release.incident_id, wanted, officer=world.officer, now=now + HOUR)
    (update,) = _broadcasts(client, key)
    assert [_said(update, name) for name in ("msgType", "scope")] == ["Update", "Public"]
    triple = ",".join(_said(alert, name) for name in ("sender", "identifier", "sent"))
    assert _said(update, "references") == triple
    close(release.incident_id, world, now + 2 * HOUR)
    assert _broadcasts(client, key) == []
    broadcasting.keep_up(now + 2 * HOUR)
    (cancel,) = _broadcasts(client, key)
    assert _said(cancel, "references").split(" ")[0] == triple
    assert len(_said(cancel, "references").split(" ")) == 2
    assert [_said(cancel, name) for name in ("msgType", "responseType", "urgency")] == ["Cancel", "AllClear", "Past"]
    assert ELDER["name"] not in "".join(cancel.itertext())


def test_a_message_that_ends_soon_is_renewed_and_what_is_the_same_is_not_said_twice(
    client: FlaskClient, world: World, now: datetime
) -> None:
    released.released(world, now)
    counted = []
    for hours in (1, 2, 5, 5.1):
        broadcasting.keep_up(now + timedelta(hours=hours))
        counted.append(len(every_row()["broadcast"]))
    assert counted == [1, 1, 2, 2]


def test_a_partner_who_may_read_records_reads_no_broadcast(client: FlaskClient, world: World, now: datetime) -> None:
    key = key_of("救助站", [Scope.PFIF_READ], now)
    assert get(client, "/cap/messages/HWB-1.1", key).status_code == 403
