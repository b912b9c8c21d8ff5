"""Settings of the way to a station: whom a typed address is asked of, and the operator's account at WeChat."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import field_validator, model_validator
from pydantic_settings import BaseSettings


class DirectionsSettings(BaseSettings):
    """The part of the settings that the page of stations needs; all of it may be left out."""

    geocoder: Literal["", "nominatim", "photon", "baidu"] = ""
    """Whom a finder's typed address is asked of; empty offers the choice of a district and no field for an address."""
    geocoder_url: str = ""
    """Root of the operator's own Nominatim or Photon; of baidu only where it is reached by way of a proxy."""
    geocoder_key_file: Path | None = None
    """The key (AK) that Baidu gave the operator."""
    wechat_app_id: str = ""
    """The operator's official account at WeChat, whose JS-SDK the page of stations then uses inside WeChat."""
    wechat_secret_file: Path | None = None
    """That account's secret (AppSecret)."""
    wechat_url: str = ""
    """Where WeChat's interface is reached; empty for WeChat's own address."""

    @field_validator("geocoder_key_file", "wechat_secret_file")
    @classmethod
    def _file_holds_something(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        if value is not None and not value.read_text().strip():
            raise ValueError(f"{value} is empty")
        return value

    @model_validator(mode="after")
    def _adapters_are_complete(self) -> Self:
        if self.geocoder in ("nominatim", "photon") and not re.match(r"https?://[^\s/]", self.geocoder_url):
            raise ValueError(f"geocoder {self.geocoder} needs geocoder_url, as https://HOST: your own server's root")
        if self.geocoder == "baidu" and not self.geocoder_key_file:
            raise ValueError("geocoder baidu needs geocoder_key_file")
        if bool(self.wechat_app_id) != bool(self.wechat_secret_file):
            raise ValueError("wechat_app_id and wechat_secret_file belong together")
        return self
