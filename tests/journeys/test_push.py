"""The switch on the family's page and the worker behind it, in a real browser: what a message looks like when it comes.

A browser on this machine has no push service to subscribe at: it is given one that hands out a subscription; messages
are delivered by the browser's own developer protocol, as a push service would.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import Arrivals
from tests.values.test_push import AUTH, P256DH

pytestmark = pytest.mark.browser

QUIET = "/family/quiet"
ON, REFUSED, FAILED = "已打开", "浏览器不允许通知", "没有打开成"
ENDPOINT = "https://fcm.googleapis.com/fcm/send/journey"
# A push service for browsers that cannot reach one: it remembers how it was asked, and whether there is a subscription.
SERVICE = (
    """
(() => {
  const made = key => ({endpoint: "AT", options: {applicationServerKey: key},
    toJSON() { return {endpoint: this.endpoint, keys: {p256dh: "POINT", auth: "SECRET"}}; },
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
""".replace("AT", ENDPOINT)
    .replace("POINT", P256DH)
    .replace("SECRET", AUTH)
)


@dataclass
class Saving:
    """What the page sends to be kept. It is answered here, so that the next browser of hers finds nothing."""

    told: list[dict[str, Any]] = field(default_factory=list)
    answer: int = 204

    def __call__(self, route: Route) -> None:
        self.told.append(json.loads(route.request.post_data or ""))
        route.fulfill(status=self.answer)


Open = Callable[..., Page]


@pytest.fixture
def saving() -> Saving:
    return Saving()


@pytest.fixture
def opened(saving: Saving, arrive_as_daughter: Arrivals) -> Open:
    """The page in a browser of its own, `allowed` to notify or not asked yet; `kept` where the server is told of it."""

    def open_page(*, allowed: bool = True, kept: bool = False, script: str = "", name: str = "") -> Page:
        visitor = arrive_as_daughter()
        context = visitor.page.context
        context.add_init_script(f"window.name = {json.dumps(name)};{SERVICE}{script}")
        if allowed:
            context.grant_permissions(["notifications"])
        if not kept:
            visitor.page.route(f"**{QUIET}/push", saving)
        visitor.visit(QUIET)
        return visitor.page

    return open_page


ASKS = """
  Object.defineProperty(Notification, "permission", {get: () => window.answered || "default"});
  Notification.requestPermission = () => { window.prompts = (window.prompts || 0) + 1; window.answered = "%s";
    return Promise.resolve(window.answered); };
"""


def line(page: Page) -> Any:
    return page.locator("#push").get_by_role("status")


def test_after_the_tap_the_server_keeps_it_and_lists_it_until_it_is_taken_away(opened: Open) -> None:
    page = opened(script=ASKS % "granted", kept=True)
    button = page.get_by_role("button", name="打开通知")
    expect(button).to_be_visible()
    assert page.evaluate("window.prompts") is None
    button.click()
    expect(line(page)).to_contain_text(ON)
    expect(button).to_be_hidden()
    assert page.evaluate("[window.prompts, window.asked]") == [1, [True]]
    page.reload()
    row = page.locator("#contacts, section, ul").locator("li", has_text="手机通知")
    expect(row).to_contain_text("可以用")
    row.get_by_role("button", name="去掉").click()
    expect(page.get_by_text("通知已经去掉")).to_be_visible()
    expect(row).to_have_count(0)


def test_what_is_sent_is_the_subscription_and_the_key_it_was_made_with(saving: Saving, opened: Open) -> None:
    page = opened()
    expect(line(page)).to_contain_text(ON)
    subscription = {"endpoint": ENDPOINT, "keys": {"p256dh": P256DH, "auth": AUTH}}
    assert saving.told == [{"subscription": subscription, "key_id": "1"}]


def test_who_says_no_is_told_how_it_stands_and_not_asked_again(saving: Saving, opened: Open) -> None:
    page = opened(script=ASKS % "denied", allowed=False)
    button = page.get_by_role("button", name="打开通知")
    button.click()
    expect(line(page)).to_contain_text(REFUSED)
    expect(button).to_be_hidden()
    assert saving.told == []


def test_a_server_that_did_not_keep_it_is_told_and_the_tap_can_be_repeated(saving: Saving, opened: Open) -> None:
    saving.answer = 403
    page = opened(script=ASKS % "granted")
    button = page.get_by_role("button", name="打开通知")
    button.click()
    expect(line(page)).to_contain_text(FAILED)
    saving.answer = 204
    button.click()
    expect(line(page)).to_contain_text(ON)


def test_a_subscription_with_an_older_key_is_made_anew(opened: Open) -> None:
    page = opened(name="old-key")
    expect(line(page)).to_contain_text(ON)
    assert page.evaluate("window.asked") == [True]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("delete window.PushManager;", "这个浏览器不能收通知"),
        ("delete window.PushManager; navigator.standalone = false;", "添加到主屏幕"),
    ],
)
def test_a_browser_that_cannot_is_told_in_plain_words(opened: Open, script: str, words: str) -> None:
    page = opened(script=script)
    expect(line(page)).to_contain_text(words)
    expect(page.get_by_role("button", name="打开通知")).to_be_hidden()


# ---- the worker


@dataclass
class Phone:
    """A page whose worker stands, and the push service's end of it."""

    page: Page

    def __post_init__(self) -> None:
        expect(line(self.page)).to_contain_text(ON)
        self.base_url = self.page.evaluate("window.location.origin")
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
        told = {"origin": self.base_url, "registrationId": self._registrations[-1], "data": data}
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
def guardian(opened: Open) -> Phone:
    return Phone(opened())


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
    assert guardian.shown()[0]["title"] == "有人请您回应"
    assert guardian.tap() == f"{guardian.base_url}/family/"


@pytest.mark.parametrize("link", ["https://band.example.org/s/abc", "/family/elders/1"])
def test_a_tap_opens_the_messages_link_and_takes_it_from_the_screen(guardian: Phone, link: str) -> None:
    guardian.deliver(told(link=link))
    guardian.shown()
    assert guardian.tap() == (link if link.startswith("https") else guardian.base_url + link)
    assert guardian.shown(0) == []


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://evil.example/", "data:text/html,x", "https://"])
def test_what_is_no_page_is_not_opened(guardian: Phone, link: str) -> None:
    guardian.deliver(told(link=link))
    guardian.shown()
    assert guardian.tap() == f"{guardian.base_url}/family/"


def test_the_worker_keeps_no_page(guardian: Phone) -> None:
    guardian.page.reload()
    assert guardian.page.evaluate("caches.keys()") == []
    assert guardian.page.evaluate("performance.getEntriesByType('navigation')[0].workerStart") == 0
