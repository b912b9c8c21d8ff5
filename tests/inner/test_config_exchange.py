"""The domain of our records: a letter begins each label, or nothing starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from wristband.config import Settings


@pytest.mark.parametrize(
    "domain", ["110.example.cn", "example", "a..b", "a.b/c", "-a.b", "a.b-", "http://a.b", "甲.cn"]
)
def test_a_domain_that_no_reader_would_take_does_not_start(domain: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        Settings(data_dir=tmp_path, pfif_domain=domain)


def test_where_none_is_set_it_is_the_bands_host_if_that_can_be_one(tmp_path: Path) -> None:
    hosts = {
        "https://wristband.example.org": "wristband.example.org",
        "https://wristband.example.org:8443": "wristband.example.org",
        "https://110.example.cn": "",
        "http://127.0.0.1:8000": "",
    }
    assert {base: Settings(data_dir=tmp_path, base_url=base).record_domain for base in hosts} == hosts
    named = Settings(data_dir=tmp_path, base_url="https://110.example.cn", pfif_domain="Yellow.Example.cn")
    assert named.record_domain == "yellow.example.cn"
