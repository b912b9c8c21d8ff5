"""A chat address: what a family pastes from WeCom, DingTalk, Feishu and the like, as one apprise address."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, parse_qs, urlsplit

from wristband.errors import BadValue
from wristband.values.width import half_width

_LONGEST = 2000
_WORD = r"[A-Za-z0-9_-]{4,200}"
_HOST = r"(?P<host>[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?)"
# One spelling for each address, and nothing in it that apprise would read as an option or a second receiver.
_CANONICAL = [
    re.compile(rf"(?P<service>wecombot|feishu|lark|schan)://(?P<token>{_WORD})", re.ASCII),
    re.compile(r"(?P<service>dingtalk)://((?P<secret>SEC[a-z0-9]{8,120})@)?(?P<token>[a-z0-9]{8,200})", re.ASCII),
    re.compile(rf"(?P<service>wxpusher)://(?P<token>AT_{_WORD})/(?P<target>UID_{_WORD})", re.ASCII),
    re.compile(rf"(?P<service>bark|ntfy|gotify)(?P<secure>s?)://{_HOST}/(?P<token>{_WORD})", re.ASCII),
]
# The first address in what was pasted, often with words in front and a Chinese mark behind.
_PASTED = re.compile(r"[A-Za-z][A-Za-z0-9+]*://[!#-&(-;=?-~]+", re.ASCII)
_DINGTALK_SECRET = re.compile(r"\bSEC[A-Za-z0-9]{8,120}\b", re.ASCII)
_WXPUSHER = re.compile(rf"\b(AT_{_WORD})\b.*?\b(UID_{_WORD})\b", re.ASCII | re.DOTALL)
OWN_HOST = ("bark", "ntfy", "gotify")
"""Services that stand on hosts of anybody's: only those the operator names are served."""


@dataclass(frozen=True, slots=True, repr=False)
class ChatAddress:
    """One receiver as apprise writes it: `wecombot://KEY`, `dingtalk://SECRET@TOKEN`, `barks://api.day.app/KEY`.

    The constructor checks an address we stored; `parse` is for what people paste. An address is a secret: whoever
    has it can write to that group. Raises BadValue("chat.not_an_address").
    """

    address: str

    def __post_init__(self) -> None:
        self._match()

    def __repr__(self) -> str:
        """Without the token."""
        return f"ChatAddress({self.service})"

    @classmethod
    def parse(cls, text: str, hosts: Collection[str]) -> Self:
        """Read a pasted web address or an apprise address; `hosts` are the operator's, for bark, ntfy and gotify.

        Raises BadValue("chat.not_an_address"), or ("chat.host_not_served") with the `hosts` that are.
        """
        if len(text) > _LONGEST:
            raise BadValue("chat.not_an_address")
        plain = half_width(text)
        if pasted := _PASTED.search(plain):
            found = cls(_canonical(pasted[0].rstrip(".,;:!?)"), plain))
        elif pair := _WXPUSHER.search(plain):
            found = cls(f"wxpusher://{pair[1]}/{pair[2]}")
        else:
            raise BadValue("chat.not_an_address")
        if not found.is_served(hosts):
            raise BadValue("chat.host_not_served", hosts="、".join(sorted(hosts)))
        return found

    @property
    def service(self) -> str:
        """wecombot, dingtalk, feishu, lark, schan, bark, wxpusher, ntfy or gotify."""
        return str(self._match()["service"])

    @property
    def token(self) -> str:
        return str(self._match()["token"])

    @property
    def secret(self) -> str:
        """DingTalk's signing secret, or empty."""
        return self._match().groupdict().get("secret") or ""

    @property
    def target(self) -> str:
        """WxPusher's user, or empty."""
        return self._match().groupdict().get("target") or ""

    @property
    def host(self) -> str:
        """The host with its port, or empty where the service has one host for everybody."""
        return self._match().groupdict().get("host") or ""

    @property
    def secure(self) -> bool:
        """Whether it is reached over TLS."""
        return self.service not in OWN_HOST or self._match()["secure"] == "s"

    def is_served(self, hosts: Collection[str]) -> bool:
        """Whether the operator, naming these hosts, lets messages go there."""
        return self.service not in OWN_HOST or self.host in hosts

    def _match(self) -> re.Match[str]:
        for form in _CANONICAL:
            if found := form.fullmatch(self.address):
                return found
        raise BadValue("chat.not_an_address")


def _canonical(pasted: str, around: str) -> str:
    """The apprise address of a pasted one; one that is no known web address is returned as it is, to be checked."""
    try:
        parts = urlsplit(pasted)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as unreadable:
        raise BadValue("chat.not_an_address") from unreadable
    if parts.scheme not in ("http", "https"):
        return _tidied(pasted)
    if host in _WEB:
        return _WEB[host](parts, around)
    at = host if port is None else f"{host}:{port}"
    return _own_host(parts, at)


def _tidied(address: str) -> str:
    """An apprise address as people copy it from its manual: with a slash at the end, its scheme in capitals."""
    scheme, _, rest = address.partition("://")
    scheme, rest = scheme.lower(), rest.rstrip("/")
    service = scheme.removesuffix("s")
    if service not in OWN_HOST:
        return f"{scheme}://{rest}"
    host, _, token = rest.partition("/")
    return _self_hosted(service, host.lower(), token, plain_http=scheme == service)


def _self_hosted(service: str, at: str, token: str, *, plain_http: bool) -> str:
    # Without a port it is a server on the open Internet, and those all speak TLS.
    secure = "" if plain_http and ":" in at else "s"
    return f"{service}{secure}://{at}/{token}"


def _query(parts: SplitResult, name: str) -> str:
    return parse_qs(parts.query).get(name, [""])[0]


def _wecom(parts: SplitResult, _around: str) -> str:
    return f"wecombot://{_query(parts, 'key')}"


def _dingtalk(parts: SplitResult, around: str) -> str:
    secret = _DINGTALK_SECRET.search(around)
    return f"dingtalk://{f'{secret[0]}@' if secret else ''}{_query(parts, 'access_token')}"


def _hook(service: str) -> Callable[[SplitResult, str], str]:
    """Feishu's and Lark's form, with the token at the end of the path."""
    return lambda parts, _around: f"{service}://{parts.path.rstrip('/').rpartition('/hook/')[2]}"


def _server_chan(parts: SplitResult, _around: str) -> str:
    return f"schan://{parts.path.strip('/').removesuffix('.send')}"


def _own_host(parts: SplitResult, at: str) -> str:
    """Bark's address begins its path with the key, gotify's asks for a token, ntfy's path is its topic."""
    service, token = "ntfy" if at.startswith("ntfy.") else "bark", parts.path.strip("/").partition("/")[0]
    if asked := _query(parts, "token"):
        service, token = "gotify", asked
    return _self_hosted(service, at, token, plain_http=parts.scheme == "http")


_WEB: dict[str, Callable[[SplitResult, str], str]] = {
    "qyapi.weixin.qq.com": _wecom,
    "oapi.dingtalk.com": _dingtalk,
    "open.feishu.cn": _hook("feishu"),
    "open.larksuite.com": _hook("lark"),
    "sctapi.ftqq.com": _server_chan,
}
