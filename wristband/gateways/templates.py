"""Texts that a provider has approved: which one belongs to a wording, and what its variables hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeVar

import structlog
from pydantic import Field

from wristband.gateways.contract import Blame, GatewayFault, Handover
from wristband.gateways.settings import Strict, Text
from wristband.values.web_address import without_links

log = structlog.get_logger(__name__)

_LINK_LEFT_OUT = "（网址略）"
_NOTHING = "无"


class NamedTemplate(Strict):
    """An approved text whose variables have names: `params` says which fact of the wording each is filled with."""

    code: Text
    params: dict[str, str] = Field(default_factory=dict)


class OrderedTemplate(Strict):
    """An approved text whose variables are numbered: `params` are the facts of the wording, in their order."""

    code: Text
    params: list[str] = Field(default_factory=list)


_Any = TypeVar("_Any", NamedTemplate, OrderedTemplate)


def template_of(templates: Mapping[str, _Any], handover: Handover) -> _Any:
    """The approved text of the message's wording. Raises a passing GatewayFault `no_template`, told in the log."""
    found = templates.get(handover.wording)
    if found is None:
        log.error("no_template", kind=handover.kind, wording=handover.wording)
        raise GatewayFault(permanent=False, code="no_template", blame=Blame.MESSAGE)
    return found


def fill(handover: Handover, facts: Iterable[str], longest: int) -> list[str]:
    """The value of each of these facts, as a variable may hold it: one line, no link, not empty, cut with an ellipsis.

    No link, for carriers on the mainland refuse texts with one in a variable. `longest` is in characters. Raises a
    passing GatewayFault `no_fact` where the wording has no such fact.
    """
    values = []
    for name in facts:
        if name not in handover.facts:
            log.error("no_fact", kind=handover.kind, wording=handover.wording, fact=name)
            raise GatewayFault(permanent=False, code="no_fact", blame=Blame.MESSAGE)
        value = without_links(_one_line(handover.facts[name]), _LINK_LEFT_OUT)
        values.append(cut(value, longest) or _NOTHING)
    return values


def cut(text: str, longest: int) -> str:
    """At most `longest` characters; an ellipsis says that something is missing."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _one_line(text: str) -> str:
    visible = "".join(" " if unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp") else one for one in text)
    return " ".join(visible.split())
