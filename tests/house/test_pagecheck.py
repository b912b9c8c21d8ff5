"""The looker at pages sees every fault it is there for."""

from __future__ import annotations

import pytest

from tests.pagecheck import faults_of, faults_of_part, kept_from_everybody, kept_from_finders

FAULTLESS = """<!doctype html><html lang="zh-CN"><head><title>黄手环</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><h1>您好</h1>
<form method="post" action="/family/sign-in"><input type="hidden" name="csrf_token" value="x">
<label for="phone">手机号</label><input id="phone" name="phone"><label>密码 <input name="password"></label>
<button>登录</button></form><img src="/static/band.svg" alt=""></body></html>"""


def test_a_faultless_page_has_no_fault() -> None:
    assert faults_of(FAULTLESS, "/family/sign-in") == []


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("<!doctype html>", "", "doctype"),
        ('lang="zh-CN"', "", "language"),
        ('lang="zh-CN"', 'lang="fr"', "language"),
        ("<title>黄手环</title>", "<title> </title>", "title"),
        ("<h1>您好</h1>", "", "0 <h1>"),
        ("<h1>您好</h1>", "<h1>您好</h1><h1>再见</h1>", "2 <h1>"),
        ("initial-scale=1", "user-scalable=no", "enlarging"),
        ('<label for="phone">手机号</label>', "", "no label"),
        ('<label for="phone">', '<label for="fax">', "no label"),
        ('name="password"', 'name="password" aria-describedby="hint"', "described by"),
        ('name="password"', 'name="password" id="phone"', "id 'phone' 2 times"),
        ("<button>", '<button onclick="go()">', "onclick"),
        ("<button>", '<button style="color:red">', "style"),
        ("<button>登录</button>", "<button> </button>", "without words"),
        ('alt=""', "", "no alt"),
        ('value="x"', 'value=""', "csrf_token"),
        ('action="/family/sign-in"', 'action="https://elsewhere.example/"', "another host"),
    ],
)
def test_each_fault_is_seen(good: str, bad: str, said: str) -> None:
    faults = faults_of(FAULTLESS.replace(good, bad, 1), "/family/sign-in")
    assert len(faults) >= 1
    assert said in "; ".join(faults)


def test_what_is_kept_from_finders_is_seen_at_their_door_alone() -> None:
    name = kept_from_finders("陈阿金丝雀")
    page = FAULTLESS.replace("您好", name)
    assert faults_of(page, "/family") == []
    assert len(faults_of(page, "/t/0123")) == 1


def test_what_is_kept_from_everybody_is_seen_at_every_door() -> None:
    secret = kept_from_everybody("c0ffee" * 6)
    assert len(faults_of_part(f"<p>{secret}</p>", "/police")) == 1


def test_a_piece_of_a_page_needs_no_frame() -> None:
    assert faults_of_part("<p>正在发给家人…</p>", "/s/1") == []
