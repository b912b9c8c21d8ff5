"""A finder's phone without network: it keeps what was tapped, says so, and sends it by itself, once."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Arrivals, Visitor
from tests.journeys.test_home_again import until_it_says
from tests.life import small_jpeg
from tests.server import Server

pytestmark = pytest.mark.browser
SHELL = re.compile(r"^/static/|^/s/offline$")

# Everything that a page's origin keeps on a phone, as text.
_KEPT = """
async () => {
  const rows = await new Promise((resolve, reject) => {
    const asked = indexedDB.open("wristband-finder", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("kept", { keyPath: "id" });
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
      const all = asked.result.transaction("kept").objectStore("kept").getAll();
      all.onsuccess = () => { asked.result.close(); resolve(all.result); };
    };
  });
  const cached = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) cached.push(new URL(request.url).pathname);
  return { rows, cached, local: { ...localStorage }, session: { ...sessionStorage }, cookies: document.cookie };
}
"""
_WAITING = """
() => new Promise((resolve) => wristbandStore.list().then((items) => resolve(items.length)))
"""


def token_of(server: Server) -> str:
    found = re.search(r"/[tT]/([0-9A-Z]{25})", server.printed)
    assert found
    return found[1]


def report(visitor: Visitor, server: Server) -> str:
    """Scan and report. Returns the address of the finder's own page."""
    visitor.visit(f"/t/{token_of(server)}")
    with visitor.page.expect_navigation():
        visitor.tap("报给警方")
    until_it_says(visitor, "报警编号")
    return visitor.page.url


def stands_ready(visitor: Visitor) -> None:
    """The worker has taken over: from now on the shell is there without network."""
    visitor.page.wait_for_function("() => navigator.serviceWorker.controller")


def rows(server: Server, table: str) -> int:
    with sqlite3.connect(f"file:{server.folder / 'wristband.db'}?mode=ro", uri=True) as store:
        return int(store.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  a table of ours


def kept(visitor: Visitor) -> dict[str, Any]:
    return dict(visitor.page.evaluate(_KEPT))


def test_what_is_tapped_without_network_waits_and_is_sent_once(server: Server, phone: Visitor, tmp_path: Path) -> None:
    photograph = tmp_path / "IMG_0001.JPG"
    photograph.write_bytes(small_jpeg())
    report(phone, server)
    stands_ready(phone)
    places, added = rows(server, "sighting"), rows(server, "supplement")
    more = f"{phone.page.url.split('?')[0]}/more"
    phone.visit(more)
    phone.page.context.set_offline(True)
    phone.page.locator("#words-words").fill("穿灰色外套")
    phone.tap("发送")
    until_it_says(phone, "还没有发出，请拨 110")
    assert phone.page.locator("#kept a[href='tel:110']").is_visible()
    phone.page.locator("#photo").set_input_files(photograph)
    phone.tap("发送照片")
    phone.page.wait_for_function(f"async () => (await ({_WAITING})()) === 2")
    assert [row["deed"] for row in kept(phone)["rows"]] == ["photos", "words"]

    phone.page.reload()
    until_it_says(phone, "手机现在没有网络")
    phone.page.locator("#words").fill("影剧院后门")
    phone.tap("发送地点")
    phone.page.wait_for_function(f"async () => (await ({_WAITING})()) === 3")
    assert (rows(server, "sighting"), rows(server, "supplement")) == (places, added)

    phone.page.context.set_offline(False)
    until_it_says(phone, "已收到您发的 1 处位置")
    until_it_says(phone, "1 段话，1 张照片")
    assert (rows(server, "sighting"), rows(server, "supplement")) == (places + 1, added + 2)
    assert kept(phone)["rows"] == []


def test_a_tap_without_script_is_kept_by_the_worker(server: Server, phone: Visitor) -> None:
    own = report(phone, server)
    stands_ready(phone)
    before = rows(server, "report")
    phone.visit(f"/t/{token_of(server)}")
    phone.page.context.set_offline(True)
    phone.tap("报给警方")
    until_it_says(phone, "还没有发出，请拨 110")
    assert phone.page.url.rpartition("/police")[0] != own
    phone.page.context.set_offline(False)
    until_it_says(phone, "报警编号")
    assert rows(server, "report") == before + 1


def test_on_the_page_without_network_a_report_is_kept_for_the_scan_of_its_address(
    server: Server, phone: Visitor
) -> None:
    phone.visit(f"/t/{token_of(server)}")
    with phone.page.expect_navigation():
        phone.tap("通知家人")
    until_it_says(phone, "谢谢您陪着老人")
    stands_ready(phone)
    before = rows(server, "report")
    phone.page.context.set_offline(True)
    phone.page.reload()
    until_it_says(phone, "手机现在没有网络")
    for _ in range(2):
        phone.tap("报给警方")
        until_it_says(phone, "还没有发出，请拨 110")
    phone.page.context.set_offline(False)
    until_it_says(phone, "报警编号")
    assert rows(server, "report") == before + 1


def test_where_workers_are_blocked_the_open_page_keeps_and_sends_all_the_same(server: Server, arrive: Arrivals) -> None:
    finder = arrive(service_workers="block")
    report(finder, server)
    before = rows(server, "sighting")
    finder.page.context.set_offline(True)
    finder.page.locator("#words").fill("影剧院后门")
    finder.tap("发送地点")
    until_it_says(finder, "还没有发出，请拨 110")
    finder.page.context.set_offline(False)
    until_it_says(finder, "已收到您发的 1 处位置")
    assert rows(server, "sighting") == before + 1


def test_what_waits_can_be_cleared(server: Server, phone: Visitor) -> None:
    report(phone, server)
    before = rows(server, "sighting")
    phone.page.context.set_offline(True)
    phone.page.locator("#words").fill("影剧院后门")
    phone.tap("发送地点")
    until_it_says(phone, "还没有发出，请拨 110")
    phone.page.get_by_text("不发了").click()
    phone.page.get_by_role("button", name="全部清除").click()
    phone.page.locator("#kept").wait_for(state="hidden")
    assert kept(phone)["rows"] == []
    phone.page.context.set_offline(False)
    phone.page.reload()
    until_it_says(phone, "报警编号")
    assert rows(server, "sighting") == before


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_report_is_supplemented_collected_and_taken_back_with_and_without_scripts(
    server: Server, arrive: Arrivals, tmp_path: Path, scripts: bool
) -> None:
    photograph = tmp_path / "IMG_0001.JPG"
    photograph.write_bytes(small_jpeg())
    finder = arrive(scripts=scripts)
    own = report(finder, server)
    finder.check()
    finder.visit(f"{own.split('?')[0]}/more")
    finder.check()
    finder.page.locator("#words-words").fill("穿灰色外套")
    finder.page.get_by_role("button", name="发送", exact=True).click()
    until_it_says(finder, "已收到 1 段话")
    finder.page.locator("#photo").set_input_files([photograph, photograph])
    finder.page.get_by_role("button", name="发送照片").click()
    until_it_says(finder, "已收到 2 张照片")
    finder.page.get_by_label("马上要走").check()
    finder.page.locator("#pickup-words").fill("药店门口")
    finder.page.get_by_role("button", name="请民警来接").click()
    until_it_says(finder, "等民警动身")
    finder.check()
    finder.visit(f"{own.split('?')[0]}/more")
    finder.page.get_by_role("button", name="撤回报警").click()
    until_it_says(finder, "已经撤回")
    finder.check()


def test_after_a_whole_journey_the_phone_holds_nothing_of_the_elder(server: Server, phone: Visitor) -> None:
    own = report(phone, server)
    stands_ready(phone)
    phone.page.context.set_offline(True)
    phone.page.locator("#words").fill("影剧院后门")
    phone.tap("发送地点")
    until_it_says(phone, "还没有发出，请拨 110")
    waiting = kept(phone)
    fields = {name for row in waiting["rows"] for name, _ in row["fields"]}
    assert fields == {"stamp", "band", "key", "source", "latitude", "longitude", "accuracy", "words"}
    phone.page.context.set_offline(False)
    until_it_says(phone, "已收到您发的")
    left = kept(phone)
    assert left["rows"] == []
    assert left["cached"]
    assert all(SHELL.match(path) for path in left["cached"])
    assert set(left["local"]) <= {"wristband.page"}
    assert set(left["session"]) == set()
    assert left["cookies"] == ""
    page = left["local"].get("wristband.page", "")
    assert not page or f'"scan":"{own.split("?")[0].rpartition("/")[2]}"' in page
