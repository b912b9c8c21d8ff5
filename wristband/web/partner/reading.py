"""Reading a call: media type, size, one spelling of JSON, a query without surprises; refused before any deed."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError

from wristband.errors import Refusal

LONGEST_BYTES = 16_384
DEEPEST = 8
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
_ETAG = re.compile(r'"v([0-9]{1,9})"', re.ASCII)
Model = TypeVar("Model", bound=BaseModel)


class Malformed(Refusal):
    """The call cannot be read."""

    status = 400


class NotAcceptable(Refusal):
    """The caller takes no JSON."""

    status = 406


class Stale(Refusal):
    """The thing has changed since its ETag was read."""

    status = 412


class WrongType(Refusal):
    """The body is not JSON in UTF-8."""

    status = 415


class TooLarge(Refusal):
    """The body is longer than any we ask for."""

    status = 413


class Unconditional(Refusal):
    """A change without If-Match would be made over somebody else's."""

    status = 428


class Unfit(Refusal):
    """Fields that are not what the document says; `errors` names each place."""

    status = 422

    def __init__(self, code: str, errors: list[dict[str, str]]) -> None:
        super().__init__(code)
        self.errors = errors


def check_accept() -> None:
    """Raises NotAcceptable."""
    accepted = request.accept_mimetypes
    if accepted and not accepted["application/json"]:
        raise NotAcceptable("partners.not_acceptable")


def body(model: type[Model]) -> tuple[Model, str]:
    """The body as `model`, and its canonical text. Raises WrongType, TooLarge, Malformed, Unfit."""
    parameters = request.mimetype_params
    if request.mimetype != "application/json" or request.headers.get("Content-Encoding", "identity") != "identity":
        raise WrongType("partners.not_json")
    if set(parameters) - {"charset"} or parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise WrongType("partners.not_json")
    if (request.content_length or 0) > LONGEST_BYTES:
        raise TooLarge("partners.too_large", longest=LONGEST_BYTES)
    raw = request.stream.read(LONGEST_BYTES + 1)
    if len(raw) > LONGEST_BYTES:
        raise TooLarge("partners.too_large", longest=LONGEST_BYTES)
    content = _parsed(raw)
    try:
        read = model.model_validate_json(raw)
    except ValidationError as error:
        raise _unfit(error, pointer=True) from None
    return read, json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))


def query(model: type[Model]) -> Model:
    """The query as `model`: nothing unknown, nothing twice. Raises Unfit."""
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise Unfit("partners.unfit", [{"parameter": name, "code": "twice"} for name in sorted(twice)])
    try:
        # The language of refusals is a parameter of every page of ours.
        return model.model_validate({name: value for name, value in request.args.items() if name != "lang"})
    except ValidationError as error:
        raise _unfit(error, pointer=False) from None


def idempotency_key() -> str:
    """Raises Malformed where there is none, or what cannot be one."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise Malformed("partners.key_missing")
    return key


def version(*, needed: bool) -> int | None:
    """The version that If-Match names; None for `*`, or without the header where none is needed.

    Raises Unconditional, Stale for an ETag that was never ours.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        if needed:
            raise Unconditional("partners.unconditional")
        return None
    if given == "*":
        return None
    found = _ETAG.fullmatch(given)
    if found is None:
        raise Stale("partners.stale")
    return int(found[1])


def etag(number: int) -> str:
    return f'"v{number}"'


def _parsed(raw: bytes) -> Any:
    """The one reading of these bytes: UTF-8, no name twice, no NaN, not deep. Raises Malformed."""
    try:
        content = json.loads(raw.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Malformed("partners.not_read") from None
    if _depth(content) > DEEPEST:
        raise Malformed("partners.not_read")
    return content


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a name twice")
    return read


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _depth(value: Any) -> int:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inside), default=0) if isinstance(value, dict | list) else 0


def _unfit(error: ValidationError, *, pointer: bool) -> Unfit:
    """Which places are wrong and how; never what was in them."""
    told = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False)[:20]:
        names = [str(step).replace("~", "~0").replace("/", "~1")[:60] for step in fault["loc"]]
        place = {"pointer": "".join(f"/{name}" for name in names)} if pointer else {"parameter": ".".join(names)}
        told.append({**place, "code": fault["type"]})
    return Unfit("partners.unfit", told)
