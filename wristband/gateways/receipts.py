"""Reading what providers push: JSON arrays, form fields, their times, and the secret of those who do not sign."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import structlog

from wristband.gateways.contract import ReceiptCall, ReceiptRefused, clean_code, printable
from wristband.values.arrival import Arrival

log = structlog.get_logger(__name__)

CHINA = ZoneInfo("Asia/Shanghai")
"""The zone of every time that Chinese providers write without one."""
MOST_RECEIPTS = 5_000
_LONGEST_REFERENCE = 120
_SECRET_FIELD = "secret"  # noqa: S105  the name of a field


def header(call: ReceiptCall, name: str) -> str:
    """The header's text, whatever the case of its name; empty where it is missing."""
    return next((value for key, value in call.headers.items() if key.lower() == name.lower()), "")


def check_secret(call: ReceiptCall, secret: str | None) -> None:
    """Compare `secret` with that in the query of the call's address. Raises ReceiptRefused.

    For providers that sign nothing: whoever has the address can tell us anything, so it is a password, known to the
    provider's console and to the operator, and comes over TLS. What it protects is small: that a message arrived.
    """
    if secret is None:
        raise ReceiptRefused("no_secret", status=403)
    given = dict(parse_qsl(urlsplit(call.url).query)).get(_SECRET_FIELD, "")
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise ReceiptRefused("wrong_secret", status=403)


def arrivals_of(call: ReceiptCall, read: Callable[[dict[str, Any], ReceiptCall], Arrival | None]) -> list[Arrival]:
    """What `read` makes of the objects of a JSON body, one or an array; None is something that is no arrival.

    One that cannot be read does not cost the others of its batch: they would come again three times and then never.
    Raises ReceiptRefused where none can be read.
    """
    arrivals: list[Arrival] = []
    refusals: list[ReceiptRefused] = []
    told = _objects(call)
    for one in told:
        try:
            arrival = read(one, call)
        except ReceiptRefused as refused:
            refusals.append(refused)
        else:
            arrivals += [arrival] if arrival else []
    if len(refusals) == len(told):
        raise refusals[0]
    if refusals:
        log.warning("receipts_unread", unread=len(refusals), code=refusals[0].code)
    return arrivals


def _objects(call: ReceiptCall) -> list[dict[str, Any]]:
    try:
        told = json.loads(call.body)
    except (ValueError, RecursionError):
        raise ReceiptRefused("garbage") from None
    listed = told if isinstance(told, list) else [told]
    objects = [one for one in listed if isinstance(one, dict)]
    if not objects:
        raise ReceiptRefused("garbage")
    if len(listed) > MOST_RECEIPTS:
        raise ReceiptRefused("too_many", status=413)
    return objects


def fields(call: ReceiptCall) -> list[tuple[str, str]]:
    """The fields of a form, in order. Raises ReceiptRefused."""
    try:
        return parse_qsl(
            call.body.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=200, errors="strict"
        )
    except ValueError:
        raise ReceiptRefused("garbage") from None


def reference_of(told: Mapping[str, Any], name: str) -> str:
    """The name of a message, which is there. Raises ReceiptRefused."""
    value = told.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise ReceiptRefused("no_reference")
    return printable(value.strip(), _LONGEST_REFERENCE)


def code_of(told: Mapping[str, Any], name: str) -> str:
    """The provider's code, empty where it gives none."""
    value = told.get(name)
    return clean_code(str(value)) if isinstance(value, str | int) and str(value) else ""


def moment_of(written: object, call: ReceiptCall) -> datetime:
    """The moment a provider writes, China's where it names no zone; that of the call where it writes none we read.

    Not after the call: a provider's clock that is ahead does not make a message arrive tomorrow.
    """
    if not isinstance(written, str):
        return call.at
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return call.at
    moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
    try:
        return min(moment.astimezone(call.at.tzinfo), call.at)
    except OverflowError:
        return call.at
