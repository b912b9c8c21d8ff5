"""Signatures, against the worked examples that the providers publish."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.gateways.fake_wire import FakeWire
from tests.gateways.providers import FakeAliyun, is_rpc_signed, query_of
from tests.gateways.rigs import aliyun_sms, handover, secret_file, tencent_settings, validated
from wristband.gateways.aliyun import Aliyun, Codes, canonical_query, rpc_parameters, v3_headers
from wristband.gateways.contract import GatewayFault
from wristband.gateways.sms_tencent import TencentSmsSettings, signed_headers
from wristband.gateways.twilio import signature

NO_CODES = Codes((), ())


def test_acs3_signs_the_example_of_the_providers_page() -> None:
    """Fixed parameters of https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature."""
    caller = Aliyun(
        "https://ecs.cn-shanghai.aliyuncs.com", "2014-05-26", "YourAccessKeyId", "YourAccessKeySecret", NO_CODES
    )
    asked = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    at = datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC)
    headers = v3_headers(caller, "RunInstances", asked, at, "3156853299f313e23d1673dc12e1703d")
    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,"
        "SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_the_fake_checks_rpc_signatures_as_the_providers_page_does() -> None:
    """The example of https://help.aliyun.com/zh/sdk/product-overview/rpc-mechanism, with GET and XML."""
    example = {
        "AccessKeyId": "testid",
        "Action": "DescribeRegions",
        "Format": "XML",
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf",
        "SignatureVersion": "1.0",
        "Timestamp": "2016-02-23T12:46:24Z",
        "Version": "2014-05-26",
        "Signature": "OLeaidS1JvxuMvnyHOwuJ+uX5qY=",
    }
    assert is_rpc_signed(example, "testsecret", "GET")
    assert not is_rpc_signed(example, "testsecret")


def test_rpc_parameters_are_signed_so_that_the_fake_takes_them() -> None:
    caller = Aliyun("https://dysmsapi.aliyuncs.com", "2017-05-25", "testid", "testsecret", NO_CODES)
    asked = {"SignName": "同安 黄手环*~+/=&", "TemplateParam": '{"code":"1"}'}
    whole = rpc_parameters(caller, "SendSms", asked, datetime(2026, 1, 1, tzinfo=UTC), "nonce")
    assert is_rpc_signed(whole, "testsecret")
    assert not is_rpc_signed({**whole, "SignName": "x"}, "testsecret")


def test_names_and_values_are_encoded_as_rfc_3986_says() -> None:
    assert canonical_query({"b": "a b*~/+", "a": "字"}) == "a=%E5%AD%97&b=a%20b%2A~%2F%2B"


def test_tc3_signs_the_example_of_the_providers_page(tmp_path: Path) -> None:
    """https://cloud.tencent.com/document/api/213/30654, whose key is printed as 32 asterisks."""
    told = tencent_settings(tmp_path, "https://cvm.tencentcloudapi.com") | {
        "secret_id": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        "secret_key_file": secret_file(tmp_path, "stars.secret", "*" * 32),
    }
    settings = validated(TencentSmsSettings, told, tmp_path)
    body = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
    headers = signed_headers(settings, "DescribeInstances", "cvm", body, datetime.fromtimestamp(1551113065, UTC))
    assert headers["Authorization"] == (
        "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


def test_twilios_signature_is_that_of_the_providers_page() -> None:
    """https://www.twilio.com/docs/usage/security: token 12345."""
    pairs = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ]
    address = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert signature("12345", address, pairs) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert signature("12345", address, reversed(pairs)) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize("style", ["v3", "rpc"])
def test_every_attempt_has_a_nonce_of_its_own(tmp_path: Path, wire: FakeWire, style: str) -> None:
    wire.behaviour = FakeAliyun()
    gateway = aliyun_sms(tmp_path, wire.url, signature=style)
    gateway.hand_over(handover())
    gateway.hand_over(handover())
    nonces = [
        sent.headers.get("x-acs-signature-nonce") or query_of(sent.body.decode())["SignatureNonce"]
        for sent in wire.sent
    ]
    assert len(set(nonces)) == 2


def test_a_wrong_key_is_an_outage_that_is_told_by_its_code(tmp_path: Path, wire: FakeWire) -> None:
    wire.behaviour = FakeAliyun()
    (tmp_path / "other.secret").write_text("another secret")
    gateway = aliyun_sms(tmp_path, wire.url, key_secret_file="other.secret")
    with pytest.raises(GatewayFault) as fault:
        gateway.hand_over(handover())
    assert (fault.value.permanent, fault.value.code, fault.value.blame) == (False, "signaturedoesnotmatch", "outage")


def test_the_moment_signed_is_that_of_the_attempt(tmp_path: Path, wire: FakeWire) -> None:
    wire.behaviour = FakeAliyun()
    first = handover()
    gateway = aliyun_sms(tmp_path, wire.url)
    gateway.hand_over(dataclasses.replace(first, at=first.at + timedelta(hours=72)))
    assert wire.sent[0].headers["x-acs-date"] == "2026-11-27T06:05:00Z"
