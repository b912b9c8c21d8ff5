"""Gateways files as operators write them, and what comes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wristband import gateways
from wristband.config import Mode, Settings, load
from wristband.gateways.settings import GatewaysWrong

WHOLE = """
receipts_base = "https://platform.example"

[[sms]]
provider = "aliyun"
key_id = "LTAI5tExampleKeyId"
key_secret_file = "aliyun.secret"
receipt_secret_file = "receipts.secret"
sign_name = "同安黄手环"

[sms.templates.band_scanned]
code = "SMS_1"
params = { code = "code_tail", time = "time" }

[sms.templates.sign_in_code]
code = "SMS_2"
params = { code = "code" }

[[sms]]
provider = "tencent"
secret_id = "AKIDExample"
secret_key_file = "tencent.secret"
app_id = "1400000000"
sign_name = "同安黄手环"

[sms.templates.band_scanned]
code = "100001"
params = ["code_tail", "time"]

[[sms]]
provider = "twilio"
account_sid = "AC0123456789abcdef0123456789abcdef"
auth_token_file = "twilio.secret"
sender = "+12025550100"

[[voice]]
provider = "aliyun"
key_id = "LTAI5tExampleKeyId"
key_secret_file = "aliyun.secret"
show_number = "05920000000"
templates = {}

[[voice]]
provider = "twilio"
account_sid = "AC0123456789abcdef0123456789abcdef"
auth_token_file = "twilio.secret"
sender = "+12025550100"

[[voice]]
provider = "http"
name = "calls"
url = "https://calls.example/in?unit=7"
key_file = "calls.secret"

[[masked]]
provider = "aliyun"
key_id = "LTAI5tExampleKeyId"
key_secret_file = "aliyun.secret"
pool_key = "FC1"

[[masked]]
provider = "twilio"
account_sid = "AC0123456789abcdef0123456789abcdef"
auth_token_file = "twilio.secret"
sender = "+12025550100"

[mail]
host = "smtp.example.org"
sender = "post@example.org"

[chat]

[push]
contact = "mailto:post@example.org"
"""
ONE = """
[[sms]]
provider = "twilio"
account_sid = "AC0123456789abcdef0123456789abcdef"
auth_token_file = "twilio.secret"
sender = "+12025550100"
"""


def settings(folder: Path, text: str | None = None, *, production: bool = False, **more: Any) -> Settings:
    told: dict[str, Any] = {"data_dir": folder, **more}
    if text is not None:
        (folder / "gateways.toml").write_text(text, encoding="utf-8")
        told["gateways_file"] = folder / "gateways.toml"
    made = load(**told)
    return made.model_copy(update={"mode": Mode.PRODUCTION}) if production else made


def names(rotas: dict[str, gateways.Rota]) -> dict[str, list[str]]:
    return {channel: [gateway.name for gateway in rota.gateways] for channel, rota in rotas.items()}


def faults_of(folder: Path, text: str, *, production: bool = False) -> list[str]:
    with pytest.raises(GatewaysWrong) as wrong:
        gateways.choose(settings(folder, text, production=production))
    assert wrong.value.code == "settings.wrong"
    return str(wrong.value.facts["faults"]).replace(f"{folder / 'gateways.toml'}: ", "").split("; ")
