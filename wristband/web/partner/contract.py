"""One operation of the interface: the table's row, of which its route, its checks and its document are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from wristband.partners.idempotency import Asked
from wristband.partners.rules import PartnerAccount, Scope
from wristband.values.budget import Budget


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in and read. `body` and `query` are of the operation's models."""

    partner: PartnerAccount
    now: datetime
    path: Mapping[str, str]
    body: Any = None
    query: Any = None
    asked: Asked | None = None
    version: int | None = None

    def once(self) -> Asked:
        """The call's key and content, of an operation that needs them."""
        if self.asked is None:
            raise RuntimeError("an operation that is done once says so in the table")
        return self.asked

    def id(self, name: str = "id") -> int:
        return int(self.path[name])


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered. `version` becomes the ETag, `location` is below /api/v1; `again`: it was answered before."""

    told: BaseModel | None = None
    version: int | None = None
    location: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the table. `path` is written as OpenAPI does; its `refusals` are those besides every operation's."""

    name: str
    method: str
    path: str
    scope: Scope | None
    group: str
    summary: str
    do: Callable[[Call], Reply]
    text: str = ""
    answer: type[BaseModel] | None = None
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    once: bool = False
    """Whether it is done once for an Idempotency-Key."""
    match: str = ""
    """`needed` or `possible` where it looks at If-Match."""
    tagged: bool = False
    """Whether its answer has an ETag."""
    budgets: tuple[Budget, ...] = field(default=())

    @property
    def guard(self) -> str:
        return f"partner:{self.scope.value if self.scope else 'any'}"
