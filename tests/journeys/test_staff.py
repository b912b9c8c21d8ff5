"""A supervisor adds a passkey in a browser, proves herself by it, and comes back by it alone."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.browser import Arrivals, Visitor
from tests.server import Server

SUPERVISOR = "minjing2"


def _device(visitor: Visitor) -> None:
    """A computer that knows its owner by a finger."""
    protocol = visitor.page.context.new_cdp_session(visitor.page)
    protocol.send("WebAuthn.enable")
    made = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    device = {**made, "isUserVerified": True, "automaticPresenceSimulation": True}
    protocol.send("WebAuthn.addVirtualAuthenticator", {"options": device})


def test_a_passkey_is_added_and_signs_in_without_a_password(server: Server, arrive: Arrivals) -> None:
    here = server.base_url.replace("127.0.0.1", "localhost")
    password = json.loads((server.folder / "demonstration.json").read_text())[SUPERVISOR]
    desk = arrive(desk=True)
    desk.base_url = here  # by its name: under a bare address browsers make no passkeys
    _device(desk)

    desk.visit(f"{here}/police/sign-in")
    desk.page.fill("#username", SUPERVISOR)
    desk.page.fill("#password", password)
    desk.page.get_by_role("button", name="登录", exact=True).click()
    desk.page.wait_for_url("**/police/")
    desk.tap("现在设置")
    desk.check()

    desk.page.fill("#name", "值班室电脑")
    desk.tap("添加通行密钥")
    expect(desk.page.locator(".recovery-codes li")).to_have_count(10)
    desk.check()
    desk.visit(f"{here}/police/own/factors")
    expect(desk.page.get_by_text("值班室电脑").first).to_be_visible()
    desk.check()

    desk.visit(f"{here}/police/prove")
    desk.check()
    desk.tap("用通行密钥")
    desk.page.wait_for_url("**/police/")

    desk.tap("退出")
    desk.page.wait_for_url("**/police/sign-in")
    desk.check()
    desk.tap("用通行密钥登录")
    desk.page.wait_for_url("**/police/")

    desk.tap("退出")
    desk.page.fill("#username", SUPERVISOR)
    desk.page.fill("#password", password)
    desk.page.get_by_role("button", name="登录", exact=True).click()
    desk.page.wait_for_url("**/police/sign-in/second")
    desk.check()
    desk.tap("用通行密钥")
    desk.page.wait_for_url("**/police/")

    _staff(desk, here)
    _no_factor_again(desk, here)


def _staff(desk: Visitor, here: str) -> None:
    """She adds an officer, hands the code over, and stops the account again."""
    desk.visit(f"{here}/police/staff/new")
    desk.check()
    desk.page.fill("#name", "王敏（演示）")
    desk.page.fill("#username", "wang.min")
    desk.page.get_by_role("button", name="添加", exact=True).click()
    expect(desk.page.locator(".activation-code")).to_be_visible()
    desk.check()
    desk.tap("已经交给本人")
    desk.check()
    desk.tap("停用账号")
    expect(desk.page.get_by_text("已停用，登录都已结束。")).to_be_visible()
    desk.tap("撤销停用")
    expect(desk.page.get_by_text("已恢复使用。")).to_be_visible()


def _no_factor_again(desk: Visitor, here: str) -> None:
    """As the next journeys want her: her passkey is on a device that is gone with this test."""
    desk.visit(f"{here}/police/own/factors")
    desk.page.locator("summary").first.click()
    desk.tap("移除这把密钥")
    expect(desk.page.get_by_text("已移除。其他登录都已结束。")).to_be_visible()
    desk.visit(f"{here}/police/own")
    desk.check()
