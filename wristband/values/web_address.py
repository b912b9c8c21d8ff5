"""Addresses of the web: which may be called in production, and what reads as a link."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

# Resolvers take these for IPv4 addresses too: 127.1, 0x7f.1, 2130706433.
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
# What a phone makes a link of, and what carriers refuse in a variable: an address with a scheme, a host, an IPv4
# number. Labels are counted out, so that no text makes this slow.
_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{0,20}://[^\s，。；！？、】）]*"
    r"|(?<![a-z0-9-])(?:[a-z0-9-]{1,63}\.){1,8}(?:[a-z]{2,24}|xn--[a-z0-9-]{1,59})(?![a-z0-9-])(?:[:/?#][^\s，。；！？、】）]*)?"
    r"|(?:[a-z0-9\u4e00-\u9fff-]{1,63}\.){1,8}(?:中国|公司|网络)(?:[:/?#][^\s，。；！？、】）]*)?"
    r"|(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9])(?:[:/?#][^\s，。；！？、】）]*)?",
    re.I | re.A,
)


def is_public_https(address: str) -> bool:
    """Whether this is an https address whose host is not this machine, by name or by number, however written."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or not host or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return not _NUMBER.fullmatch(host.rpartition(".")[2])
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped:
        number = number.ipv4_mapped
    return not (number.is_loopback or number.is_unspecified)


def without_links(text: str, instead: str) -> str:
    """The text with `instead` where it held a link. Names of files and the like may go too: rather one too many."""
    return _LINK.sub(instead, text)
