"""Chat addresses as families paste them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.errors import BadValue
from wristband.values.chat import ChatAddress

HOSTS = ("api.day.app", "ntfy.example.org", "gotify.example.org", "10.20.0.5:8080")
KEY = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
HEX = "0123456789abcdef" * 4
PASTED = {
    f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}": f"wecombot://{KEY}",
    f"http://QYAPI.weixin.qq.com/cgi-bin/webhook/send?debug=1&key={KEY}": f"wecombot://{KEY}",
    f"Webhook地址：https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}，请收好。": f"wecombot://{KEY}",
    f"https://oapi.dingtalk.com/robot/send?access_token={HEX}": f"dingtalk://{HEX}",
    f"https://oapi.dingtalk.com/robot/send?access_token={HEX}\n加签：SEC{HEX}": f"dingtalk://SEC{HEX}@{HEX}",
    f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}": f"feishu://{KEY}",
    f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}/": f"feishu://{KEY}",
    f"https://open.larksuite.com/open-apis/bot/v2/hook/{KEY}": f"lark://{KEY}",
    "https://sctapi.ftqq.com/SCT1234TabcDEF.send": "schan://SCT1234TabcDEF",
    "https://sctapi.ftqq.com/SCT1234TabcDEF.send?title=测试": "schan://SCT1234TabcDEF",
    "https://api.day.app/abcDEF123": "barks://api.day.app/abcDEF123",
    "http://api.day.app/abcDEF123/推送标题/这里改成内容": "barks://api.day.app/abcDEF123",
    "http://10.20.0.5:8080/abcDEF123": "bark://10.20.0.5:8080/abcDEF123",
    "https://ntfy.example.org/lin_family": "ntfys://ntfy.example.org/lin_family",
    "https://gotify.example.org/message?token=Abc.DEF".replace(".DEF", "DEF"): "gotifys://gotify.example.org/AbcDEF",
    "AT_abcdefgh 和 UID_ijklmnop": "wxpusher://AT_abcdefgh/UID_ijklmnop",
    "WXPUSHER://AT_abcdefgh/UID_ijklmnop/": "wxpusher://AT_abcdefgh/UID_ijklmnop",
    f"WeComBot://{KEY}/": f"wecombot://{KEY}",
    "bark://API.day.app/abcDEF123": "barks://api.day.app/abcDEF123",
}
REFUSED = [
    "",
    "13800138000",
    "https://example.org",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a%20b",
    "https://open.feishu.cn/open-apis/bot/v2/hook/",
    "https://oapi.dingtalk.com/robot/send?access_token=" + HEX + "%3Fredirect%3Dyes",
    "mailto://user:pass@example.org",
    "json://example.org/hook",
    "file:///etc/passwd",
    "syslog://",
    "wecombot://key?redirect=yes",
    "dingtalk://token0000/13800138000",
    "barks://user:pass@api.day.app/abcDEF123",
    "https://user@api.day.app/",
    "https://api.day.app:99999/abcDEF123",
    "https://[::1/abcDEF123",
    "wxpusher://AT_abcdefgh",
    "wecombot://" + "k" * 300,
    "x" * 5000,
]


@pytest.mark.parametrize(("pasted", "address"), PASTED.items())
def test_what_families_paste_becomes_one_address(pasted: str, address: str) -> None:
    assert ChatAddress.parse(pasted, HOSTS).address == address


@pytest.mark.parametrize("pasted", REFUSED)
def test_what_is_no_chat_address_is_refused(pasted: str) -> None:
    with pytest.raises(BadValue) as refused:
        ChatAddress.parse(pasted, HOSTS)
    assert refused.value.code == "chat.not_an_address"


@pytest.mark.parametrize(
    "pasted",
    [
        "https://bark.example.org/abcDEF123",
        "https://qyapi.weixin.qq.com.example.org/cgi-bin/webhook/send",
        "https://169.254.169.254/latest",
        "bark://localhost:8000/abcDEF123",
        "barks://api.day.app:444/abcDEF123",
        "barks://api.day.app.example.org/abcDEF123",
        "gotifys://10.0.0.1/abcDEF123",
    ],
)
def test_a_host_the_operator_has_not_named_is_refused_with_those_that_are(pasted: str) -> None:
    with pytest.raises(BadValue) as refused:
        ChatAddress.parse(pasted, ("api.day.app", "ntfy.example.org"))
    assert (refused.value.code, refused.value.facts["hosts"]) == (
        "chat.host_not_served",
        "api.day.app、ntfy.example.org",
    )


def test_a_host_that_is_no_longer_served_is_told_from_one_that_is() -> None:
    address = ChatAddress("barks://bark.example.org/abcDEF123")
    assert address.is_served(("bark.example.org",))
    assert not address.is_served(("api.day.app",))
    assert ChatAddress(f"feishu://{KEY}").is_served(())


@given(st.text())
def test_any_text_is_an_address_or_a_refusal(text: str) -> None:
    with pytest.raises(BadValue):
        ChatAddress.parse(text, HOSTS)


@given(st.sampled_from(sorted(PASTED)), st.text(max_size=20), st.text(max_size=20))
def test_words_around_a_pasted_address_never_make_it_another_host(pasted: str, before: str, behind: str) -> None:
    try:
        address = ChatAddress.parse(f"{before} {pasted}{behind}", HOSTS)
    except BadValue:
        return
    assert address.host in ("", *HOSTS)
    assert ChatAddress.parse(address.address, HOSTS) == address
    assert address.address.isascii()


def test_its_parts_are_what_apprise_is_told() -> None:
    dingtalk = ChatAddress(f"dingtalk://SEC{HEX}@{HEX}")
    assert (dingtalk.service, dingtalk.token, dingtalk.secret, dingtalk.secure) == ("dingtalk", HEX, f"SEC{HEX}", True)
    bark = ChatAddress("bark://10.20.0.5:8080/abcDEF123")
    assert (bark.service, bark.host, bark.token, bark.secure) == ("bark", "10.20.0.5:8080", "abcDEF123", False)
    assert ChatAddress("wxpusher://AT_abcdefgh/UID_ijklmnop").target == "UID_ijklmnop"


def test_it_shows_itself_without_its_token() -> None:
    assert repr(ChatAddress(f"wecombot://{KEY}")) == "ChatAddress(wecombot)"
