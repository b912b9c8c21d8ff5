"""What every provider's settings are made of: strict tables, secrets that stay files, addresses fit for production."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Annotated, Any

import structlog
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    StringConstraints,
    ValidationInfo,
)

from wristband.errors import Refusal
from wristband.values.web_address import is_public_https

log = structlog.get_logger(__name__)

SHORTEST_RECEIPT_SECRET = 32
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]+")


class GatewaysWrong(Refusal):
    """The gateways do not fit together as they are set; the message names each fault and what to do."""

    status = 500


class Strict(BaseModel):
    """One table of the gateways file. What nobody knows is refused; a wrong value is never repeated.

    Validated with the context `{"folder": Path, "production": bool}`: where the file lies, and how strict to be.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


def _secret(path: Any, info: ValidationInfo) -> SecretStr:
    """The text of a secret's file, whose path is relative to the gateways file. Warns where others may read it."""
    if not isinstance(path, str) or not path:
        raise ValueError("write the path of a file that holds the secret")
    file = Path((info.context or {}).get("folder", "."), path)
    try:
        text = file.read_text(encoding="utf-8").strip()
        mode = file.stat().st_mode
    except (OSError, ValueError):
        raise ValueError(f"there is no file {file} that can be read as text") from None
    if not text:
        raise ValueError(f"{file} is empty")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        log.warning("secret_readable_by_others", file=str(file), mend="chmod 600")
    return SecretStr(text)


def _receipt_secret(secret: SecretStr) -> SecretStr:
    if len(secret.get_secret_value()) < SHORTEST_RECEIPT_SECRET or not _URL_SAFE.fullmatch(secret.get_secret_value()):
        raise ValueError(f"holds no secret of {SHORTEST_RECEIPT_SECRET} or more of A-Z, a-z, 0-9, _ and -")
    return secret


def _address(address: str, info: ValidationInfo) -> str:
    if (info.context or {}).get("production"):
        if not is_public_https(address):
            raise ValueError("must be https and not a loopback address in production")
    elif not re.match(r"https?://[^\s/]", address):
        raise ValueError("write it as https://HOST")
    return address


Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""A word of the operator's: a key's name, a signature, a template's number."""
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
"""A secret, in the file the operator names; `**********` in every repr. Name the field's alias `…_file`."""
ReceiptSecret = Annotated[SecretStr, BeforeValidator(_secret), AfterValidator(_receipt_secret)]
"""What stands in the query of the address that a provider without signatures pushes receipts to."""
Address = Annotated[str, AfterValidator(_address)]
"""An address called from here: https and not this machine in production."""
Endpoint = Annotated[Address, AfterValidator(lambda address: address.rstrip("/"))]
"""The root of such addresses, without a slash at its end."""
GatewayName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
"""A gateway's name in deliveries and receipts, where two of one provider need telling apart."""
