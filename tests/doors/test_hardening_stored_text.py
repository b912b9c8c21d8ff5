"""Stored text never runs: markup in every text anybody may write, looked at in a Chromium at every door."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page
from werkzeug.serving import make_server

from tests import world as cast
from tests.doors.asking import ON_SQLITE
from tests.life import keep_photo, small_jpeg
from tests.world import PASSWORD, World
from wristband import clock
from wristband.accounts.hashing import hash_password
from wristband.accounts.models import Guardian
from wristband.accounts.queries import find_officer_account
from wristband.accounts.rules import OfficerAccount, Role
from wristband.bands.models import Band
from wristband.bands.rules import BandForm
from wristband.db import db, transaction
from wristband.elders.models import Elder, Invitation
from wristband.elders.rules import Particulars, Purpose
from wristband.incidents.models import Incident
from wristband.incidents.rules import IncidentState, PlaceSource, Reason
from wristband.services import (
    approving,
    family_circle,
    handling,
    issuing,
    looking,
    reaching,
    registration,
    reporting,
    staffing,
)
from wristband.stations.models import Station
from wristband.values.code import BandCode
from wristband.values.phone import Phone
from wristband.values.position import Position

pytestmark = ON_SQLITE
RUNS = "<img src=x onerror=ran=1>"
BREAKS_OUT = '"><script>ran=1</script>'
LINKS = "javascript:ran=1 https://evil.example/{{7*7}}"
HOSTILE = {
    "name": RUNS,
    "called": BREAKS_OUT[:16],
    "address": BREAKS_OUT,
    "approach": LINKS,
    "health": RUNS + "' onfocus=ran=1 x='",
}
# What would be seen of a text that became markup, a script or a link; and what a page's policy has had to stop.
LOOK = """() => ({
  ran: 'ran' in window,
  marks: [...document.querySelectorAll('img[src="x"], script:not([src]), [onerror], [onfocus], iframe, object, embed')]
    .map(mark => mark.outerHTML.slice(0, 80)),
  links: [...document.querySelectorAll('a[href], form[action], area[href]')].map(a => a.href || a.action)
    .filter(address => /evil|javascript/.test(address)),
  counted: /evil\\.example\\/49/.test(document.body.textContent),
})"""
QUIET = {"ran": False, "marks": [], "links": [], "counted": False}


@dataclass(frozen=True)
class Lived:
    """The rows with markup in every text, as the addresses of pages name them."""

    elder_id: int
    band_id: int
    reach_id: int
    incident_id: int
    grant_id: int
    invitation_id: int
    scan: str
    check: str
    officer: OfficerAccount

    def paths(self) -> dict[str, list[str]]:
        """The pages that show them, by door."""
        incident = f"incidents/{self.incident_id}"
        family = ["elders/new", "bind", f"invitations/{self.invitation_id}", f"asks/{self.grant_id}"]
        family += [f"calls/{self.reach_id}", incident, f"bands/{self.band_id}", f"bands/{self.band_id}/print"]
        of_elder = ["", "/portrait", "/log", "/consents", "/export", "/erase", "/edit", "/family"]
        family += [f"elders/{self.elder_id}{page}" for page in of_elder]
        of_scan = ["", "/help", "/hand-over"]
        return {
            "finder": [
                "/",
                "/b",
                "/stations",
                "/stations?district=同安区",
                *(f"/s/{self.scan}{page}" for page in of_scan),
            ],
            "family": ["/family", *(f"/family/{page}" for page in family)],
            "police": ["/police", *(f"/police/{page}" for page in (incident, "look", "looks", "bands", "bind"))],
        }


@pytest.fixture
def lived(app: Flask, world: World) -> Lived:
    now = clock.now()
    before = now - timedelta(days=2)
    with transaction():
        db.session.get_one(Station, world.station_id).name = RUNS
        db.session.get_one(Station, world.station_id).address = BREAKS_OUT
        db.session.get_one(Guardian, world.daughter_id).name = RUNS
    elder_id = registration.register(
        "a-hostile-form",
        Particulars.of(today=before.date(), consents=set(Purpose), **{**cast.ELDER, **HOSTILE}),
        guardian_id=world.daughter_id,
        guardian_name=RUNS,
        consents=set(Purpose),
        photo_id=keep_photo(world.daughter_id, small_jpeg(), before),
        station_id=world.station_id,
        second_phone=None,
        now=before,
    )
    band_id = issuing.issue("a-hostile-band", elder_id, BandForm.CARD, guardian_id=world.daughter_id, now=now)
    # An invitation to her who signs in, from the other family, whose elder is called the same way.
    with transaction():
        db.session.get_one(Elder, world.other.elder_id).name = RUNS
        db.session.get_one(Guardian, world.neighbour_id).name = BREAKS_OUT
    family_circle.invite(world.other.elder_id, Phone(cast.DAUGHTER_PHONE), guardian_id=world.neighbour_id, now=now)
    officer = _officer("hostile", Role.OFFICER, world)
    _officer("supervisor", Role.SUPERVISOR, world)
    scan = cast.new_reference()
    serial = db.session.get_one(Band, band_id).serial
    reach = reaching.tell_family(scan, serial, language="zh-CN", low_trust=False, now=now)
    assert reach
    approving.ask_family(scan, now=now)
    incident_id = _reported(scan, serial, officer)
    asked = db.session.query(Invitation.id).filter_by(guardian_id=None).order_by(Invitation.id.desc()).first()
    band, grant = db.session.get_one(Band, band_id), _newest_grant()
    assert band.check_code
    return Lived(
        elder_id, band_id, reach.id, incident_id, grant, asked[0] if asked else 0, scan, band.check_code, officer
    )


def _newest_grant() -> int:
    from wristband.scans.models import Grant

    return int(db.session.query(Grant.id).order_by(Grant.id.desc()).first()[0])


def _officer(username: str, role: Role, world: World) -> OfficerAccount:
    hashed = hash_password(PASSWORD)
    added = staffing.add_officer(
        username, name=RUNS, password_hash=hashed, role=role, station_id=world.station_id, now=clock.now()
    )
    account = find_officer_account(added)
    assert account
    return account


def _reported(scan: str, serial: str, officer: OfficerAccount) -> int:
    now = clock.now()
    number = reporting.report(scan, serial, language="zh-CN", low_trust=True, now=now)
    for words in (RUNS, BREAKS_OUT, LINKS):
        reporting.add_place(
            scan,
            cast.new_reference(),
            source=PlaceSource.DEVICE,
            position=Position(24.7230, 118.1520),
            accuracy_m=9,
            words=words,
            now=now,
        )
    incident = db.session.query(Incident).filter_by(number=number).one()
    handling.move(incident.id, IncidentState.ACCEPTED, officer=officer, words=BREAKS_OUT, now=now)
    looking.break_glass(BandCode.from_serial(serial), Reason.IDENTITY, RUNS + LINKS, officer=officer, now=now)
    return incident.id


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application at a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _signed_in(app: Flask, door: str, username: str = "hostile") -> dict[str, str]:
    client = app.test_client()
    cast.sign_in_guardian(client) if door == "family" else cast.sign_in_officer(client, username)
    cookie = client.get_cookie(f"wristband_{door}", path=f"/{door}")
    assert cookie
    return {"name": f"wristband_{door}", "value": cookie.value, "domain": "127.0.0.1", "path": f"/{door}"}


def _watched(context: BrowserContext) -> tuple[Page, list[str]]:
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("dialog", lambda asked: asked.dismiss())
    return page, faults


@pytest.mark.browser
@pytest.mark.parametrize("door", ["finder", "family", "police", "supervisor"])
def test_markup_in_every_text_stays_words_on_every_page(
    app: Flask, lived: Lived, address: str, new_context: Any, door: str
) -> None:
    context: BrowserContext = new_context()
    area = "police" if door == "supervisor" else door
    if door != "finder":
        context.add_cookies([_signed_in(app, area, "supervisor" if door == "supervisor" else "hostile")])  # type: ignore[list-item]
    page, faults = _watched(context)
    seen = 0
    for path in lived.paths()[area]:
        answer = page.goto(f"{address}{path}")
        assert answer
        assert answer.status in (200, 403) if door != "family" and door != "finder" else answer.status == 200, path
        assert page.evaluate(LOOK) == QUIET, path
        seen += page.content().count("&lt;img src=x onerror=ran=1&gt;")
    assert not [fault for fault in faults if "status of 403" not in fault]
    assert seen or door == "finder"


@pytest.mark.browser
def test_markup_stays_words_on_the_card_a_proof_opens_and_its_portrait_is_shown(
    lived: Lived, address: str, new_context: Any
) -> None:
    page, faults = _watched(new_context())
    page.goto(f"{address}/s/{lived.scan}/help")
    page.locator('input[name="check"]').fill(lived.check)
    page.locator('form[action*="/check"] button').click()
    page.wait_for_load_state()
    assert page.evaluate(LOOK) == QUIET
    assert page.evaluate("document.querySelector('img[src^=\"data:\"]').naturalWidth") > 0
    assert "onerror=ran=1" in page.content()
    assert not faults


@pytest.mark.browser
def test_no_page_of_ours_is_shown_in_a_frame_of_another_site(world: World, address: str, new_context: Any) -> None:
    page = new_context().new_page()
    paths = ("/", f"/t/{world.her.token}", "/stations", "/nothing", "/family/sign-in", "/police/sign-in", "/api/v1")
    frames = "".join(f'<iframe src="{address}{path}"></iframe>' for path in paths)
    page.route("http://elsewhere.example/**", lambda asked: asked.fulfill(body=frames, content_type="text/html"))
    page.goto("http://elsewhere.example/")
    page.wait_for_load_state("networkidle")
    assert [frame.url.partition(":")[0] for frame in page.frames[1:]] == ["chrome-error"] * len(paths)
