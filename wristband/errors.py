"""The refusals: one tree, told to people through one handler and one catalogue of sentences."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """Something was asked for that is not done.

    `code` picks the sentence (wristband/refusals.py); `facts` fill its placeholders and never hold
    personal data, since a refusal may be logged. `status` is what a browser or a machine is answered with.
    """

    status = 400

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class BadValue(Refusal):
    """A value that is not what it says it is: a phone that is no phone, a photograph that is no picture."""

    status = 422


class BadFields(BadValue):
    """A form with wrong fields: the refusal of each, by the field's name, so that all are told at once."""

    def __init__(self, fields: dict[str, BadValue]) -> None:
        super().__init__("page.fields_wrong")
        self.fields = fields


class NotFound(Refusal):
    """No such thing, or none of yours: the two are answered alike."""

    status = 404


class NotAllowed(Refusal):
    """Known, signed in, and still not permitted."""

    status = 403


class SignInNeeded(Refusal):
    """Nobody is signed in at this door."""

    status = 401


class ProofNeeded(SignInNeeded):
    """Somebody is signed in and has to do one thing more first, at the door's page `page`."""

    def __init__(self, code: str, *, page: str, **facts: Any) -> None:
        super().__init__(code, **facts)
        self.page = page


class Conflict(Refusal):
    """Somebody else was quicker: the state has moved on since the page was read."""

    status = 409


class TooMany(Refusal):
    """A budget is spent. `retry_after_s` says when a next try makes sense, in seconds."""

    status = 429

    def __init__(self, code: str, *, retry_after_s: int, **facts: Any) -> None:
        super().__init__(code, retry_after_s=retry_after_s, **facts)
        self.retry_after_s = retry_after_s


class Unavailable(Refusal):
    """We cannot do it now and nothing was kept: try again, or dial 110."""

    status = 503
