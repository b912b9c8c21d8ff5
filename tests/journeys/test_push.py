"""The switch on the family's page and the worker behind it, in a real browser: what a message looks like when it comes.

The page is a small one of these tests' own, with the headers of every page of ours. A browser on this machine has no
push service to subscribe at: it is given one that hands out a subscription; messages are delivered by the browser's
own developer protocol, as a push service would.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from wristband.gateways import webpush
from wristband.web.headers import closed_policy

pytestmark = pytest.mark.browser

STATIC = Path(__file__).resolve().parents[2] / "static"
KEY = webpush.public_key(bytes(range(32)))
PAGE = f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>通知</title></head><body><h1>通知</h1>
<section id="push" data-worker="/family/sw.js?title=%E9%BB%84%E6%89%8B%E7%8E%AF&amp;home=/family&amp;renew=/renew"
 data-key="{KEY}" data-key-id="1" data-save="/save" data-csrf="a-token" data-on="已打开" data-refused="被拒绝"
 data-unsupported="不支持" data-install="先添加到主屏幕" data-failed="没成功">
<button type="button" hidden>打开通知</button><p role="status" hidden></p></section>
<script src="/push.js"></script></body></html>"""
# A push service for browsers that cannot reach one: it remembers how it was asked, and whether there is a subscription.
SERVICE = """
(() => {
  const made = key => ({endpoint: "https://push.example/" + (window.asked.length), options: {applicationServerKey: key},
    toJSON() { return {endpoint: this.endpoint, keys: {p256dh: "p", auth: "a"}}; },
    unsubscribe() { window.held = null; return Promise.resolve(true); }});
  window.asked = []; window.held = null;
  PushManager.prototype.getSubscription = () => Promise.resolve(window.held);
  PushManager.prototype.subscribe = options => {
    window.asked.push(options.userVisibleOnly);
    window.held = made(new Uint8Array(options.applicationServerKey).buffer);
    return Promise.resolve(window.held);
  };
  if (window.name === "old-key") window.held = made(new Uint8Array(65).buffer);
})();
"""


@dataclass
class House:
    """A small server of the page, the script, the worker, and what they told it."""

    url: str = ""
    saved: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Path, X-CSRFToken, content."""
    answers: int = 204
    renewed: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def house() -> Iterator[House]:
    house = House()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            files = {"/push.js": "push.js", "/family/sw.js": "family_sw.js"}
            kind = "text/javascript" if path in files else "text/html; charset=utf-8"
            body = (STATIC / files[path]).read_bytes() if path in files else PAGE.encode()
            self._answer(200, body, kind)

        def do_POST(self) -> None:
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            house.saved.append((self.path, self.headers["X-CSRFToken"] or "", content))
            if self.path == "/renew":
                house.renewed.set()
            self._answer(house.answers, b"", "text/plain")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", closed_policy())
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_ignored: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    house.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield house
    server.shutdown()
    thread.join()
    server.server_close()


Open = Callable[..., Page]


@pytest.fixture
def opened(house: House, new_context: Any) -> Open:
    """The page in a browser of its own, `allowed` to notify or not asked yet."""

    def open_page(*, allowed: bool = True, script: str = "", name: str = "") -> Page:
        context: BrowserContext = new_context(locale="zh-CN")
        context.set_default_timeout(10_000)
        context.add_init_script(f"window.name = {json.dumps(name)};{SERVICE}{script}")
        if allowed:
            context.grant_permissions(["notifications"])
        page = context.new_page()
        page.goto(f"{house.url}/family")
        return page

    return open_page


ASKS = """
  Object.defineProperty(Notification, "permission", {get: () => window.answered || "default"});
  Notification.requestPermission = () => { window.prompts = (window.prompts || 0) + 1; window.answered = "%s";
    return Promise.resolve(window.answered); };
"""


def line(page: Page) -> Any:
    return page.get_by_role("status")


def test_nobody_is_asked_before_the_tap_and_after_it_the_server_knows(house: House, opened: Open) -> None:
    page = opened(script=ASKS % "granted")
    button = page.get_by_role("button", name="打开通知")
    expect(button).to_be_visible()
    assert page.evaluate("window.prompts") is None
    button.click()
    expect(line(page)).to_have_text("已打开")
    expect(button).to_be_hidden()
    assert page.evaluate("[window.prompts, window.asked]") == [1, [True]]
    subscription = {"endpoint": "https://push.example/1", "keys": {"p256dh": "p", "auth": "a"}}
    assert house.saved == [("/save", "a-token", {"subscription": subscription, "key_id": "1"})]


def test_who_says_no_is_told_how_it_stands_and_not_asked_again(house: House, opened: Open) -> None:
    page = opened(script=ASKS % "denied")
    button = page.get_by_role("button", name="打开通知")
    button.click()
    expect(line(page)).to_have_text("被拒绝")
    expect(button).to_be_hidden()
    assert house.saved == []


def test_a_server_that_did_not_keep_it_is_told_and_the_tap_can_be_repeated(house: House, opened: Open) -> None:
    house.answers = 503
    page = opened(script=ASKS % "granted")
    button = page.get_by_role("button", name="打开通知")
    button.click()
    expect(line(page)).to_have_text("没成功")
    house.answers = 204
    button.click()
    expect(line(page)).to_have_text("已打开")


def test_who_allowed_it_before_is_subscribed_without_a_tap(house: House, opened: Open) -> None:
    expect(line(opened())).to_have_text("已打开")
    assert len(house.saved) == 1


def test_a_subscription_with_an_older_key_is_made_anew(house: House, opened: Open) -> None:
    page = opened(name="old-key")
    expect(line(page)).to_have_text("已打开")
    assert page.evaluate("window.asked") == [True]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("delete window.PushManager;", "不支持"),
        ("delete window.PushManager; navigator.standalone = false;", "先添加到主屏幕"),
    ],
)
def test_a_browser_that_cannot_is_told_in_plain_words(house: House, opened: Open, script: str, words: str) -> None:
    page = opened(script=script)
    expect(line(page)).to_have_text(words)
    expect(page.get_by_role("button", name="打开通知")).to_be_hidden()


# ---- the worker


@dataclass
class Phone:
    """A page whose worker stands, and the push service's end of it."""

    page: Page
    house: House

    def __post_init__(self) -> None:
        expect(line(self.page)).to_have_text("已打开")
        self._protocol = self.page.context.new_cdp_session(self.page)
        self._registrations: list[str] = []
        self._protocol.on("ServiceWorker.workerRegistrationUpdated", self._registered)
        self._protocol.send("ServiceWorker.enable")
        self.page.wait_for_function("navigator.serviceWorker.getRegistration('/family/').then(r => !!r.active)")
        self.worker = self.page.context.service_workers[0]

    def _registered(self, event: dict[str, Any]) -> None:
        self._registrations += [each["registrationId"] for each in event["registrations"]]

    def deliver(self, data: str) -> None:
        """A message comes, as the push service hands it to the browser."""
        told = {"origin": self.house.url, "registrationId": self._registrations[-1], "data": data}
        self._protocol.send("ServiceWorker.deliverPushMessage", told)

    def shown(self, count: int = 1) -> list[dict[str, Any]]:
        """The notifications on the screen, once there are so many."""
        self.page.wait_for_function(
            "count => navigator.serviceWorker.getRegistration('/family/')"
            ".then(r => r.getNotifications()).then(all => all.length === count)",
            arg=count,
        )
        found: list[dict[str, Any]] = self.page.evaluate(
            "navigator.serviceWorker.getRegistration('/family/').then(r => r.getNotifications())"
            ".then(all => all.map(n => ({title: n.title, body: n.body, tag: n.tag, stays: n.requireInteraction})))"
        )
        return found

    def tap(self) -> str:
        """The notification is tapped; the address that opens, or of the page that comes to the front."""
        opened: str = self.worker.evaluate(
            """() => new Promise((done, failed) => {
              setTimeout(failed, 5000, new Error("nothing was opened"));
              self.clients.openWindow = address => { done(address); return Promise.resolve(null); };
              WindowClient.prototype.focus = function () { done(this.url); return Promise.resolve(this); };
              self.registration.getNotifications().then(all => {
                const event = new NotificationEvent("notificationclick", {notification: all[0]});
                event.waitUntil = () => {};  // only the browser's own events may wait
                self.dispatchEvent(event);
              });
            })"""
        )
        return opened


@pytest.fixture
def guardian(house: House, opened: Open) -> Phone:
    return Phone(opened(), house)


def told(**changed: str) -> str:
    usual = {"title": "黄手环", "body": "有人扫了手环。", "link": "https://band.example.org/s/abc", "tag": "t1"}
    return json.dumps(usual | changed)


def test_a_message_stays_on_the_screen_until_somebody_looks(guardian: Phone) -> None:
    guardian.deliver(told())
    assert guardian.shown() == [{"title": "黄手环", "body": "有人扫了手环。", "tag": "t1", "stays": True}]


def test_the_same_message_twice_is_one_notification_and_another_one_is_two(guardian: Phone) -> None:
    guardian.deliver(told())
    guardian.deliver(told(body="有人扫了手环，还在原地。"))
    guardian.deliver(told(tag="t2"))
    assert sorted(each["tag"] for each in guardian.shown(2)) == ["t1", "t2"]


def test_a_message_nobody_can_read_is_shown_all_the_same(guardian: Phone) -> None:
    guardian.deliver("no json")
    assert guardian.shown()[0]["title"] == "黄手环"
    assert guardian.tap() == f"{guardian.house.url}/family"


@pytest.mark.parametrize("link", ["https://band.example.org/s/abc", "/family/elders/1"])
def test_a_tap_opens_the_messages_link_and_takes_it_from_the_screen(guardian: Phone, link: str) -> None:
    guardian.deliver(told(link=link))
    guardian.shown()
    assert guardian.tap() == (link if link.startswith("https") else guardian.house.url + link)
    assert guardian.shown(0) == []


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://evil.example/", "data:text/html,x", "https://"])
def test_what_is_no_page_is_not_opened(guardian: Phone, link: str) -> None:
    guardian.deliver(told(link=link))
    guardian.shown()
    assert guardian.tap() == f"{guardian.house.url}/family"


def test_a_subscription_the_browser_made_anew_is_told_with_the_old_one(guardian: Phone) -> None:
    guardian.worker.evaluate(
        """() => {
          const event = new Event("pushsubscriptionchange");
          event.oldSubscription = {endpoint: "https://push.example/old", options: {}};
          event.newSubscription = {endpoint: "https://push.example/new"};
          event.waitUntil = () => {};
          self.dispatchEvent(event);
        }"""
    )
    assert guardian.house.renewed.wait(10)
    path, _, content = guardian.house.saved[-1]
    assert path == "/renew"
    assert content == {
        "old": "https://push.example/old",
        "subscription": {"endpoint": "https://push.example/new"},
    }


def test_the_worker_keeps_no_page(guardian: Phone) -> None:
    guardian.page.reload()
    assert guardian.page.evaluate("caches.keys()") == []
    assert guardian.page.evaluate("performance.getEntriesByType('navigation')[0].workerStart") == 0
