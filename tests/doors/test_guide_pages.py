"""The desk explains itself: to each role what it may do, and a drill that fits one printed page."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from tests import world as cast
from tests.doors.asking import ON_SQLITE
from tests.world import World
from wristband.accounts.models import Officer
from wristband.accounts.rules import Role
from wristband.db import db, transaction

pytestmark = ON_SQLITE


@pytest.fixture
def desk(client: FlaskClient, world: World) -> FlaskClient:
    cast.sign_in_officer(client)
    return client


@pytest.mark.parametrize("role", Role)
def test_each_role_reads_of_what_it_may_do_and_every_link_opens(desk: FlaskClient, role: Role) -> None:
    with transaction():
        db.session.execute(sa.update(Officer).where(Officer.username == "officer").values(role=role))
    page = desk.get("/police/guide").get_data(as_text=True)
    assert ("来了一起警情" in page) is (role in (Role.OFFICER, Role.SUPERVISOR))
    assert ("看全区的警情" in page) is (role is Role.DISTRICT)
    assert ("审计链" in page) is (role is Role.AUDITOR)
    main = page[page.index("<main") : page.index("</main>")]
    for address in re.findall(r'href="(/police[^"#]*)"', main):
        assert desk.get(address).status_code == 200


def test_the_drill_says_within_which_time_a_report_is_to_be_accepted(desk: FlaskClient) -> None:
    page = desk.get("/police/drill").get_data(as_text=True)
    assert "在 5 分钟内点「受理」" in page
    assert "data-print hidden" in page


@pytest.mark.parametrize("role", Role)
def test_whatever_a_role_is_led_to_opens_and_stands_out_where_it_is(desk: FlaskClient, role: Role) -> None:
    with transaction():
        db.session.execute(sa.update(Officer).where(Officer.username == "officer").values(role=role))
    page = desk.get("/police/guide").get_data(as_text=True)
    navigation = page[page.index('<nav class="nav"') : page.index("</nav>")]
    sections = re.findall(r'<li><a href="([^"]+)"', navigation)
    assert sections.count("/police/guide") == 1
    for address in sections:
        opened = desk.get(address)
        assert opened.status_code == 200
        here = re.findall(r'<li><a href="([^"]+)" aria-current="page"', opened.get_data(as_text=True))
        assert here == [address]
