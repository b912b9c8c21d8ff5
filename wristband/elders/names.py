"""A person's name as it is searched by, and as a list shows it. Texts in, texts out."""

from __future__ import annotations

import unicodedata

# The dots between the parts of a name, of which keyboards have several.
_DOTS = "·•・‧∙⋅"
_PAIRS = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于"
    "司空闾丘令狐百里呼延东郭南门微生歐陽東方司馬諸葛長孫鮮于赫連鍾離"
)
_COMPOUND = frozenset(_PAIRS[at : at + 2] for at in range(0, len(_PAIRS), 2))
"""Surnames of two characters."""
SOMEBODY = "某"


def normal(name: str) -> str:
    """What two spellings of one name share: NFKC, no spaces, no dots between parts, no hidden characters, one case.

    Simplified and traditional characters stay two: they are two names as often as one.
    """
    # What is left out may have stood between a letter and its mark: until nothing changes any more.
    while (plain := _plain(name)) != name:
        name = plain
    return name


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(one for one in folded if one not in _DOTS and unicodedata.category(one)[0] not in "ZC")


def masked(name: str) -> str:
    """Enough to tell a row of a list by, not to know who it is: 林某, 欧阳某; of other scripts the first letter."""
    name = name.strip()
    if not name:
        return SOMEBODY
    if not _is_han(name[0]):
        return f"{name[0]}…"
    surname = name[:2] if name[:2] in _COMPOUND and len(name) > 2 else name[0]
    return f"{surname}{SOMEBODY}"


def _is_han(character: str) -> bool:
    return unicodedata.name(character, "").startswith("CJK")
