"""What a password has to be: long, and more than what anybody would guess first. No rules of composition."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from wristband.errors import BadValue

PASSWORD_MIN = 15
PASSWORD_MIN_WITH_FACTOR = 12
PASSWORD_MAX = 128

# What has to be left of a password, in different characters, once everything is taken out that is guessed first.
_OWN_CHARACTERS = 6
# A run of neighbours of this length is one idea, not several characters.
_RUN = 4
# A word of the account that is shorter than this is found in passwords by chance.
_WORD = 3

_GUESSED_FIRST = (
    *("password", "passwort", "passcode", "passw0rd", "p@ssword", "p@ssw0rd", "letmein", "welcome", "iloveyou"),
    *("administrator", "admin", "root", "user", "guest", "test", "login", "secret", "changeme", "default", "master"),
    *("dragon", "monkey", "sunshine", "princess", "football", "baseball", "superman", "batman", "shadow", "qwerty"),
    *("wristband", "yellow", "huangshouhuan", "shouhuan", "huanghuan", "police", "jingcha", "minjing", "gongan"),
    *("paichusuo", "zhongguo", "china", "beijing", "shanghai", "woaini", "nihao", "mima", "woaizhongguo"),
    *("密码", "口令", "警察", "民警", "公安", "派出所", "黄手环", "手环", "管理员", "中国", "我爱你", "你好"),
    *("5201314", "520520", "1314520", "147258369", "159357", "741852963"),
)
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
_YEAR = re.compile(r"(19|20)[0-9]{2}")


def check_password(password: str, *, has_factor: bool = False, own_words: Iterable[str] = ()) -> str:
    """The password, normalised (NFC). Raises BadValue for one that is short, long or guessed first.

    `own_words` are what a guesser knows: the username, the officer's name, her station, who runs the service.
    """
    normal = unicodedata.normalize("NFC", password)
    shortest = PASSWORD_MIN_WITH_FACTOR if has_factor else PASSWORD_MIN
    if not shortest <= len(normal) <= PASSWORD_MAX:
        raise BadValue("accounts.password_length", shortest=shortest, longest=PASSWORD_MAX)
    if any(unicodedata.category(character) == "Cc" for character in normal):
        raise BadValue("text.hidden_characters")
    if is_guessed(normal, own_words):
        raise BadValue("accounts.password_guessed")
    return normal


def is_guessed(password: str, own_words: Iterable[str] = ()) -> bool:
    """Whether too little is left once common words, the account's own, years, runs and repetitions are taken out."""
    left = unicodedata.normalize("NFKC", password).casefold()
    words = sorted({*_GUESSED_FIRST, *_plain(own_words)}, key=len, reverse=True)
    for word in words:
        left = left.replace(word, " ")
    left = _without_runs(_YEAR.sub(" ", left))
    return len(set(_once(left)) - {" "}) < _OWN_CHARACTERS


def _plain(words: Iterable[str]) -> set[str]:
    """Each word, and its parts between dots, spaces and the like; Chinese ones count from two characters."""
    whole = {unicodedata.normalize("NFKC", word).casefold() for word in words}
    parts = {part for word in whole for part in [word, *re.split(r"[\W_]+", word)]}
    return {part for part in parts if len(part) >= (_WORD if part.isascii() else 2)}


def _without_runs(text: str) -> str:
    """`text` without four and more neighbours of a keyboard's row or the alphabet, either way round."""
    left, at = [], 0
    while at < len(text):
        length = max((_run(text, at, row) for each in _ROWS for row in (each, each[::-1])), default=0)
        left.append(" " if length >= _RUN else text[at])
        at += length if length >= _RUN else 1
    return "".join(left)


def _run(text: str, at: int, row: str) -> int:
    """How many characters from `at` follow each other as in `row`."""
    begins = row.find(text[at])
    length = 0
    while begins >= 0 and begins + length < len(row) and text[at + length : at + length + 1] == row[begins + length]:
        length += 1
    return length


def _once(text: str) -> str:
    """The part of which `text` is a repetition, the last time perhaps cut short; `text` itself where it is none."""
    bare = re.sub(r"\s+", "", text)
    for period in range(1, len(bare) // 2 + 1):
        if all(bare[at] == bare[at - period] for at in range(period, len(bare))):
            return bare[:period]
    return bare
