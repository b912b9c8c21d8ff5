"""The gateways file: one TOML table a provider, per channel in order of preference."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from wristband.gateways.chat import ChatSettings
from wristband.gateways.mail import MailSettings
from wristband.gateways.masked_aliyun import AliyunMaskedSettings
from wristband.gateways.masked_twilio import TwilioMaskedSettings
from wristband.gateways.ordinary import HttpSettings
from wristband.gateways.push import PushSettings
from wristband.gateways.settings import Endpoint, GatewaysWrong, Strict
from wristband.gateways.sms_aliyun import AliyunSmsSettings
from wristband.gateways.sms_tencent import TencentSmsSettings
from wristband.gateways.sms_twilio import TwilioSmsSettings
from wristband.gateways.voice_aliyun import AliyunVoiceSettings
from wristband.gateways.voice_twilio import TwilioVoiceSettings

_Sms = Annotated[
    AliyunSmsSettings | TencentSmsSettings | TwilioSmsSettings | HttpSettings, Field(discriminator="provider")
]
_Voice = Annotated[AliyunVoiceSettings | TwilioVoiceSettings | HttpSettings, Field(discriminator="provider")]
_Masked = Annotated[AliyunMaskedSettings | TwilioMaskedSettings, Field(discriminator="provider")]
# Where pydantic's own sentence says less than ours.
_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "union_tag_not_found": "provider is missing",
}


class GatewaysFile(Strict):
    """What the operator's file says. Every gateway has a name of its own: receipts come to it."""

    receipts_base: Endpoint | None = None
    """Scheme and host at which providers reach the platform's door, where that is not the bands' own."""
    sms: tuple[_Sms, ...] = Field(default=(), strict=False)
    voice: tuple[_Voice, ...] = Field(default=(), strict=False)
    masked: tuple[_Masked, ...] = Field(default=(), strict=False)
    mail: MailSettings | None = None
    chat: ChatSettings | None = None
    push: PushSettings | None = None

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [one.name for one in (*self.sms, *self.voice, *self.masked)]
        taken = {"sms", "voice", "mail", "chat", "push", "printed"}
        for name in names:
            if name in taken:
                raise ValueError(f"two gateways are called {name}: give each a name of its own")
            taken.add(name)
        return self


def read(path: Path, *, production: bool) -> GatewaysFile:
    """The file's settings, secrets read. Raises GatewaysWrong with one sentence a fault, without a wrong value."""
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise GatewaysWrong("settings.wrong", faults=f"{path}: cannot be read") from None
    except ValueError as error:  # what it says names a line and never quotes a value
        raise GatewaysWrong("settings.wrong", faults=f"{path}: is no TOML in UTF-8 ({_place_of(error)})") from None
    try:
        return GatewaysFile.model_validate(written, context={"folder": path.parent, "production": production})
    except ValidationError as wrong:
        faults = "; ".join(
            f"{path}: {_sentence(fault)}" for fault in wrong.errors(include_url=False, include_input=False)
        )
        raise GatewaysWrong("settings.wrong", faults=faults) from None


def _place_of(error: ValueError) -> str:
    """`at line 3, column 7`, as the reader of TOML says it."""
    _, found, place = str(error).rpartition("(at ")
    return f"at {place.rstrip(')')}" if found else "its bytes"


def _sentence(fault: Any) -> str:
    """`sms 2 (tencent) app_id: is missing`."""
    words: list[str] = []
    for part in fault["loc"]:
        if isinstance(part, int):
            words.append(str(part + 1))
        else:
            words.append(f"({part})" if words and words[-1].isdecimal() else part)
    if fault["type"] == "union_tag_invalid":
        said = f"choose a provider from {fault['ctx']['expected_tags']}"
    else:
        said = _SENTENCES.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"{' '.join(words)}: {said}" if words else said
