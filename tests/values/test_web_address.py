"""Addresses of the web: what a production calls, and what reads as a link."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.values.web_address import is_public_https, without_links


@pytest.mark.parametrize(
    "address",
    [
        "http://hb.example",
        "https://localhost",
        "https://me.localhost.",
        "https://127.1",
        "https://0x7f.1",
        "https://2130706433",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://0.0.0.0",
        "https://",
        "https://[",
        "https://hb.example:port",
        "ftp://hb.example",
        "",
    ],
)
def test_this_machine_and_plain_http_are_not_public(address: str) -> None:
    assert not is_public_https(address)


@pytest.mark.parametrize("address", ["https://hb.example", "https://hb.example:8443/x", "https://93.184.216.34"])
def test_a_host_elsewhere_by_https_is(address: str) -> None:
    assert is_public_https(address)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("见 https://evil.example/x，谢谢", "见 !，谢谢"),
        ("evil.example", "!"),
        ("去www.evil.example/a?b=1看", "去!"),
        ("1.2.3.4:80/x 好", "! 好"),
        ("问题.中国", "!"),
    ],
)
def test_a_link_is_taken_out_and_its_sentence_stays(text: str, left: str) -> None:
    assert without_links(text, "!") == left


@pytest.mark.parametrize("text", ["14:05", "0592-7022110", "第3.5条", "1.5 公里", "手环2.0", "好。中国", "A.B."])
def test_numbers_times_and_sentences_are_no_links(text: str) -> None:
    assert without_links(text, "!") == text


@given(
    st.text(max_size=40), st.sampled_from(["https://evil.example/x", "evil.example", "1.2.3.4"]), st.text(max_size=40)
)
def test_a_link_between_any_two_texts_is_found(before: str, link: str, after: str) -> None:
    assert f" {link} " not in without_links(f"{before} {link} {after}", "！")
