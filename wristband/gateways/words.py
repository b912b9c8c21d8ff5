"""The few words a channel's own form asks for beside the message: a title, and what the button says."""

from __future__ import annotations

_ELSEWHERE = "en"
_TITLE = {"zh": "黄手环", "en": "Yellow wristband"}
_SEEN = {"zh": "我看到了", "en": "I have seen this"}


def title(language: str) -> str:
    """Of a chat or push message, which stands on locked screens: nobody's name in it."""
    return _TITLE[_spoken(language)]


def seen(language: str) -> str:
    """On the link by which a receiver says that they have seen the message."""
    return _SEEN[_spoken(language)]


def cut(text: str, most_bytes: int) -> str:
    """`text`, or as much of its beginning as fits with a mark that something is missing, in bytes of UTF-8."""
    data = text.encode()
    if len(data) <= most_bytes:
        return text
    return data[: max(0, most_bytes - len("…".encode()))].decode(errors="ignore") + "…"


def _spoken(language: str) -> str:
    return "zh" if language.startswith("zh") else _ELSEWHERE
