"""Settings of what is exchanged with other systems: the domain under which they know our records."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import field_validator
from pydantic_settings import BaseSettings

from wristband.values.record_domain import is_record_domain


class ExchangeSettings(BaseSettings):
    """The part of the settings that PFIF needs; all of it may be left out."""

    if TYPE_CHECKING:
        base_url: str

    pfif_domain: str = ""
    """Under which our records are known to other systems; each label begins with a letter. Empty: the bands' host."""

    @field_validator("pfif_domain")
    @classmethod
    def _domain_of_records(cls, value: str) -> str:
        if value and not is_record_domain(value):
            raise ValueError("write a domain, each label of which begins with a letter, as wristband.example.org")
        return value.lower()

    @property
    def record_domain(self) -> str:
        """What stands before the stroke of our record ids; empty where nothing can: then there is no PFIF here."""
        host = urlsplit(self.base_url).hostname or ""
        return self.pfif_domain or (host if is_record_domain(host) else "")
