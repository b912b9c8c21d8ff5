"""An e-mail address as people type and paste it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wristband.errors import BadValue
from wristband.values.mailbox import Mailbox

GOOD = {
    "lin@example.org": "lin@example.org",
    " Lin.Mei+band@Mail.Example.ORG ": "Lin.Mei+band@mail.example.org",
    "ｌｉｎ＠ｅｘａｍｐｌｅ．ｏｒｇ": "lin@example.org",
    "lin@example。org": "lin@example.org",
    "mailto:lin@example.org?subject=x": "lin@example.org",
    "林 <lin@example.org>": "lin@example.org",
    "\u200elin@example.org\ufeff": "lin@example.org",
    "lin@例子.中国": "lin@xn--fsqu00a.xn--fiqs8s",
    "10001@qq.example": "10001@qq.example",
}
BAD = [
    "",
    "lin",
    "lin@",
    "@example.org",
    "lin@example",
    "lin@127.0.0.1",
    "lin@[127.0.0.1]",
    "lin@@example.org",
    ".lin@example.org",
    "lin.@example.org",
    "li..n@example.org",
    "li n@example.org",
    '"li n"@example.org',
    "林@example.org",
    "lin@-example.org",
    "lin@exam_ple.org",
    "lin@example.org, mei@example.org",
    "lin@example.org\r\nBcc: mei@example.org",
    "lin@example.org\n",
    "lin\x00@example.org",
    "l" * 65 + "@example.org",
    "lin@" + "a" * 64 + ".org",
    "lin@" + ".".join(["abcdefgh"] * 30) + ".org",
    "lin@" + "例" * 80 + ".org",
]


@pytest.mark.parametrize(("typed", "address"), GOOD.items())
def test_an_address_is_read_however_it_was_typed(typed: str, address: str) -> None:
    assert Mailbox.parse(typed).address == address


@pytest.mark.parametrize("typed", [text for text in BAD if text.strip() == text])
def test_what_is_none_is_refused(typed: str) -> None:
    with pytest.raises(BadValue) as refused:
        Mailbox.parse(typed)
    assert refused.value.code == "mailbox.not_a_mailbox"


@pytest.mark.parametrize("kept", [*BAD, "lin@Example.org", " lin@example.org"])
def test_what_was_never_parsed_is_not_taken_from_a_store(kept: str) -> None:
    with pytest.raises(BadValue):
        Mailbox(kept)


@given(st.text())
def test_any_text_is_an_address_or_a_refusal(text: str) -> None:
    try:
        mailbox = Mailbox.parse(text)
    except BadValue:
        return
    assert Mailbox.parse(mailbox.address) == mailbox


@given(st.emails())
def test_what_is_read_stays_on_one_line_of_ascii(text: str) -> None:
    try:
        address = Mailbox.parse(text).address
    except BadValue:
        return
    assert address.isascii()
    assert address.isprintable()
    assert address.count("@") == 1


def test_it_shows_itself_masked() -> None:
    assert repr(Mailbox("lin@example.org")) == "Mailbox(l***@example.org)"
