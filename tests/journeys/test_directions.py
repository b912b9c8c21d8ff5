"""The way to a station in real browsers: by a typed address without scripts, and inside WeChat by WeChat's own map."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.browser import PHONE, Visitor
from tests.gateways import fake_wire
from tests.gateways.fake_wire import FakeWire, reply
from tests.server import Server, running
from wristband.values.position import Position, to_gcj02

pytestmark = pytest.mark.browser

WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile MicroMessenger/8.0.47"
HERE = {"latitude": 24.7101, "longitude": 118.1409}
# As much of WeChat's script as a page of ours uses; what it was told is kept for the test to read.
SCRIPT = """
(function () {
  var whenReady, whenWrong, told = window.told = {};
  window.wx = {
    config: function (said) {
      told.config = said;
      setTimeout(function () { (WRONG ? whenWrong : whenReady)({errMsg: "config"}); }, 0);
    },
    ready: function (then) { whenReady = then; },
    error: function (then) { whenWrong = then; },
    getLocation: function (said) {
      told.type = said.type;
      if (REFUSED) { said.fail({errMsg: "getLocation:fail"}); }
      else { said.success({latitude: 24.7101, longitude: 118.1409, accuracy: 30}); }
    },
    openLocation: function (said) { told.opened = said; }
  };
})();
"""


def outside(handler: BaseHTTPRequestHandler, wire: FakeWire) -> None:
    """WeChat's interface and the operator's Nominatim on one wire."""
    answers: dict[str, Any] = {
        "/cgi-bin/stable_token": {"access_token": "token-1", "expires_in": 7200},
        "/cgi-bin/ticket/getticket": {"errcode": 0, "ticket": "ticket-1", "expires_in": 7200},
        "/search": [{"lat": "24.7101", "lon": "118.1409", "display_name": "同安影剧院, 大同街道"}],
    }
    reply(handler, 200, json.dumps(answers[urlsplit(wire.sent[-1].path).path]).encode())


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service whose operator has a geocoder and an account at WeChat."""
    folder = tmp_path_factory.mktemp("connected")
    secret = folder / "wechat.secret"
    secret.write_text("secret-of-wechat")
    with fake_wire.serving() as wire:
        wire.behaviour = outside
        url = wire.url.partition("/send")[0]
        with running(
            folder / "instance",
            WRISTBAND_GEOCODER="nominatim",
            WRISTBAND_GEOCODER_URL=url,
            WRISTBAND_WECHAT_APP_ID="wx110",
            WRISTBAND_WECHAT_SECRET_FILE=str(secret),
            WRISTBAND_WECHAT_URL=url,
        ) as server:
            yield server


def in_wechat(server: Server, new_context: Any, *, wrong: bool = False, refused: bool = False) -> Visitor:
    """A phone inside WeChat; the script of its maker is ours, put in at the network's edge."""
    context = new_context(locale="zh-CN", user_agent=WECHAT, geolocation=HERE, permissions=["geolocation"], **PHONE)
    context.set_default_timeout(10_000)
    script = SCRIPT.replace("WRONG", json.dumps(wrong)).replace("REFUSED", json.dumps(refused))

    def answer(route: Route) -> None:
        route.fulfill(content_type="text/javascript", body=script)

    context.route("https://res.wx.qq.com/open/js/jweixin-1.6.0.js", answer)
    return Visitor.arrive(context, server.base_url, scripts=True, small=True)


def find_by_position(visitor: Visitor) -> None:
    with visitor.page.expect_navigation():
        visitor.tap("用我的位置找")
    expect(visitor.page.get_by_role("button", name="重新定位")).to_be_visible()


def test_inside_wechat_the_place_and_the_map_are_wechats(connected: Server, new_context: Any) -> None:
    finder = in_wechat(connected, new_context)
    finder.visit("/stations?lang=zh-CN")
    config = finder.page.evaluate("told.config")
    signed = (
        f"jsapi_ticket=ticket-1&noncestr={config['nonceStr']}&timestamp={config['timestamp']}&url={finder.page.url}"
    )
    assert config["signature"] == hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
    assert config["appId"] == "wx110"
    find_by_position(finder)
    first = finder.page.locator("section.card").first
    expect(first).to_contain_text("步行约")
    first.get_by_role("button", name="在微信里看地图").tap()
    opened = finder.page.evaluate("told.opened")
    expect(first).to_contain_text(opened["name"])
    # In China's own datum: some 500 m from where it stands in ours.
    moved = to_gcj02(Position(24.6934, 118.1453))
    assert abs(opened["latitude"] - moved[0]) < 0.1
    assert abs(opened["longitude"] - moved[1]) < 0.1


@pytest.mark.parametrize(("wrong", "refused"), [(True, False), (False, True)], ids=["not signed", "refused"])
def test_what_wechat_refuses_the_browser_is_asked_for(
    connected: Server, new_context: Any, wrong: bool, refused: bool
) -> None:
    finder = in_wechat(connected, new_context, wrong=wrong, refused=refused)
    finder.visit("/stations")
    find_by_position(finder)
    shown = finder.page.get_by_role("button", name="在微信里看地图")
    expect(shown).to_have_count(0 if wrong else shown.count())
    expect(finder.page.get_by_role("link", name="腾讯地图").first).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_typed_address_finds_the_way_without_a_position(connected: Server, new_context: Any, scripts: bool) -> None:
    context = new_context(locale="zh-CN", java_script_enabled=scripts, **PHONE)
    finder = Visitor.arrive(context, connected.base_url, scripts=scripts, small=True)
    finder.visit("/stations")
    finder.check()
    expect(finder.page.locator("#district")).to_have_value("")
    finder.page.get_by_label("您在哪里").fill("同安影剧院")
    with finder.page.expect_navigation():
        finder.page.get_by_role("button", name="找派出所", exact=True).tap()
    finder.check()
    assert "同安" not in finder.page.url
    expect(finder.page.get_by_text(re.compile("照「同安影剧院, 大同街道」找的"))).to_be_visible()
    expect(finder.page.get_by_text(re.compile("步行约 .* 分钟")).first).to_be_visible()
    finder.page.select_option("#district", index=1)
    with finder.page.expect_navigation():
        finder.tap("看派出所")
    finder.check()
    expect(finder.page.get_by_role("link", name="高德地图").first).to_be_visible()
