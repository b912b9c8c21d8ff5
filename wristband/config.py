"""Settings, frozen at start; a production that is not complete does not start."""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from wristband.ciphers import Algorithm
from wristband.config_directions import DirectionsSettings
from wristband.config_exchange import ExchangeSettings
from wristband.errors import Refusal
from wristband.values.escalation import DEFAULT, Escalation
from wristband.values.web_address import is_public_https

# A name or a bracketed IPv6 address, and perhaps a port: what a symbol can hold and every phone reads alike.
_HOST = re.compile(r"([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?")

# A template of a tile's address; in the policy only its origin stands.
_TILES = re.compile(
    r"https?://[a-zA-Z0-9.-]+(:[0-9]{1,5})?/(?=[^\s;,]*\{z\})(?=[^\s;,]*\{x\})(?=[^\s;,]*\{y\})[^\s;,\"']+"
)

_CALLING_CODE = re.compile(r"[1-9][0-9]{0,2}")
_SHARED_KEY_BYTES = 32

DOORS = ("finder", "family", "police", "platform", "partner")


class SettingsWrong(Refusal):
    """The settings do not fit together; the message names each and what to do."""

    status = 500


class Mode(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Settings(DirectionsSettings, ExchangeSettings):
    """Everything an operator may set, each as `WRISTBAND_<NAME>` in the environment.

    Secrets are never settings: keys lie in `keys_dir`, one file a purpose, and the database password may be
    given as a file through `WRISTBAND_DATABASE_URL_FILE`.
    """

    model_config = SettingsConfigDict(env_prefix="WRISTBAND_", frozen=True, extra="forbid")

    mode: Mode = Mode.DEVELOPMENT
    base_url: str = "http://127.0.0.1:8000"
    """Scheme and host of the frozen address; what every printed band carries for its whole life."""
    address_case: Literal["upper", "lower"] = "upper"
    """Case of the address in the symbol; upper reads better, lower matches mini-program rules literally."""
    data_dir: Path = Path("instance")
    keys_dir: Path | None = None
    database_url: str | None = Field(default=None, repr=False)
    database_url_file: Path | None = None
    doors: Annotated[tuple[str, ...], NoDecode] = DOORS
    """Which doors this process serves, separated by commas."""

    organisation: str = "黄手环演示站"
    """Who runs this service, named on the finder's first screen."""
    organisation_phone: str = ""
    """The service's own telephone, shown to finders and families; empty when there is none."""
    filing: str = ""
    """ICP and police filing numbers for the footer of a mainland instance."""
    demonstration: bool = False
    """Marks every page as a demonstration; only outside production."""
    check_files_dir: Path | None = None
    """Folder of small .txt files served below /t/: ownership checks of mini-program platforms."""

    sms_url: str = ""
    """HTTP SMS gateway; empty outside production means messages are printed to a file."""
    sms_key_file: Path | None = None
    """The secret by which hand-overs to the SMS gateway are signed; at least 32 bytes."""
    voice_url: str = ""
    """HTTP voice gateway: takes what the SMS gateway takes, with kind `voice`, and reads it out."""
    voice_key_file: Path | None = None
    """The secret by which hand-overs to the voice gateway are signed; at least 32 bytes."""
    police_url: str = ""
    """The police platform's address for our events; empty means that there is none."""
    police_key_file: Path | None = None
    """The secret by which what we and the platform tell each other is signed; at least 32 bytes."""
    police_mapping_file: Path | None = None
    """TOML file with the platform's own names and codes; without one it gets our document as it is."""
    gateways_file: Path | None = None
    """TOML file that names further gateways of each channel in order of preference."""
    seal_algorithm: Algorithm = Algorithm.AESGCM
    """What new values are sealed with: aesgcm, or sm4gcm where Chinese algorithms are asked for. Both are read."""
    gateway_networks: Annotated[tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...], NoDecode] = ()
    """Networks of the operator's own, separated by commas, in which a gateway may stand: 10.20.0.0/16."""
    escalation: str = DEFAULT
    """Seconds from a finder's tap, while nobody answers: first call, from call to call, and until the duty desk."""
    worker_lease_s: int = Field(default=60, ge=5, le=3600)
    trusted_proxies: int = Field(default=0, ge=0, le=3)
    """How many proxies of ours stand in front and set X-Forwarded-*; 0 believes nobody."""
    print_font: Path | None = None
    """Font for PDFs; where unset, Debian's Noto CJK is looked for."""
    threads: int = Field(default=32, ge=1, le=1000)
    """How many threads a process of gunicorn has: no more than half of them are ever at passwords and check codes."""
    sms_countries: Annotated[tuple[str, ...], NoDecode] = ("86",)
    """Calling codes of the countries that codes are texted to, separated by commas."""
    other_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts besides that of the bands which this process answers to in production, separated by commas."""
    stream_limit: int = Field(default=16, ge=1, le=10_000)
    """How many live desk streams one process holds; each takes a thread."""
    report_sms: str = ""
    """The police's own number for texts, 12110 and the area code's last digits; empty where none are taken."""
    map_tiles: str = ""
    """Map pictures for the finder's pin, as https://HOST/{z}/{x}/{y}.png; where empty no page asks another host."""
    map_attribution: str = ""
    """What stands below the map: whose it is, and on the mainland its approval number."""
    map_datum: Literal["wgs84", "gcj02"] = "wgs84"
    """The datum that the map pictures are drawn in."""
    desk_amber_s: int = Field(default=180, ge=1, le=86_400)
    """Seconds after which a report that nobody at the desk has accepted is shown as late."""
    desk_red_s: int = Field(default=300, ge=1, le=86_400)
    """Seconds after which it is shown as overdue, with the sound."""
    second_factor: Literal["required", "offered"] = "required"
    """Whether officers must have a second factor before anything else opens; a production always asks for one."""

    @field_validator("gateway_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        for each in value if isinstance(value, tuple) else ():
            try:
                ipaddress.ip_network(each)
            except ValueError:
                raise ValueError(f"{each} is no network; write it as 10.20.0.0/16") from None
        return value

    @field_validator("doors", "gateway_networks", "sms_countries", "other_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("doors")
    @classmethod
    def _known_doors(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = set(value) - set(DOORS)
        if unknown or not value:
            raise ValueError(f"choose from {', '.join(DOORS)}")
        return value

    @field_validator("sms_countries")
    @classmethod
    def _calling_codes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or not all(_CALLING_CODE.fullmatch(code) for code in value):
            raise ValueError("write calling codes in digits, as 86 or 86,852")
        return value

    @field_validator("other_hosts")
    @classmethod
    def _plain_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_HOST.fullmatch(host) for host in value):
            raise ValueError("write hosts in plain letters without a scheme, as desk.example")
        return tuple(host.lower() for host in value)

    @field_validator("escalation")
    @classmethod
    def _steps(cls, value: str) -> str:
        Escalation.parse(value)
        return value

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            valid = parts.scheme in ("http", "https") and bool(parts.hostname)
            _ = parts.port
        except ValueError:
            valid = False
        valid = valid and not any(character.isspace() for character in value)  # urlsplit drops some of them
        if not valid or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
            raise ValueError("write it as https://HOST, without a path")
        if not _HOST.fullmatch(parts.netloc):
            raise ValueError("write the host in plain letters, an international name in its xn-- form")
        return f"{parts.scheme}://{parts.netloc}".lower()

    @field_validator(
        *("database_url_file", "sms_key_file", "voice_key_file", "police_key_file"),
        *("police_mapping_file", "gateways_file", "print_font"),
    )
    @classmethod
    def _file_is_there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @field_validator("database_url_file")
    @classmethod
    def _file_says_something(cls, value: Path | None) -> Path | None:
        if value is not None and not value.read_text().strip():
            raise ValueError(f"{value} is empty")
        return value

    @field_validator("sms_key_file", "voice_key_file", "police_key_file")
    @classmethod
    def _key_is_long_enough(cls, value: Path | None) -> Path | None:
        if value is not None and len(value.read_bytes().strip()) < _SHARED_KEY_BYTES:
            raise ValueError(f"{value} holds fewer than {_SHARED_KEY_BYTES} bytes")
        return value

    @field_validator("report_sms")
    @classmethod
    def _number_for_texts(cls, value: str) -> str:
        if not re.fullmatch(r"[0-9]{0,15}", value):
            raise ValueError("write the number in digits, as 12110592")
        return value

    @model_validator(mode="after")
    def _map_is_complete(self) -> Self:
        if self.map_tiles and not _TILES.fullmatch(self.map_tiles):
            raise ValueError("write map_tiles as https://HOST/{z}/{x}/{y}.png, each of the three once")
        if self.map_tiles and not self.map_attribution.strip():
            raise ValueError("map_tiles needs map_attribution: whose map it is has to be said")
        return self

    @model_validator(mode="after")
    def _production_is_complete(self) -> Self:
        if self.mode is not Mode.PRODUCTION:
            return self
        missing = [
            name
            for name, given in (
                ("keys_dir", self.keys_dir not in (None, Path())),
                ("database_url or database_url_file", self.database_url or self.database_url_file),
                ("sms_url or gateways_file", self.sms_url or self.gateways_file),
                ("sms_key_file", self.sms_key_file or (self.gateways_file and not self.sms_url)),
                ("voice_key_file", self.voice_key_file or not self.voice_url),
                ("police_key_file", self.police_key_file or not self.police_url),
                ("organisation", "organisation" in self.model_fields_set and self.organisation.strip()),
                ("base_url", "base_url" in self.model_fields_set),
                ("data_dir", "data_dir" in self.model_fields_set and self.data_dir != Path()),
            )
            if not given
        ]
        if missing:
            raise ValueError(f"production needs {', '.join(missing)}")
        if self.demonstration:
            raise ValueError("a demonstration cannot be a production")
        if self.second_factor != "required":
            raise ValueError("second_factor must be required in production")
        for name in ("base_url", "sms_url", "voice_url", "police_url", "geocoder_url", "wechat_url"):
            if getattr(self, name) and not is_public_https(getattr(self, name)):
                raise ValueError(f"{name} must be https and not a loopback address in production")
        return self

    @property
    def steps(self) -> Escalation:
        """The table of steps while nobody answers."""
        return Escalation.parse(self.escalation)

    @property
    def production(self) -> bool:
        return self.mode is Mode.PRODUCTION

    @property
    def issuer(self) -> dict[str, str]:
        """Who writes a message, as its facts."""
        return {"organisation": self.organisation, "organisation_phone": self.organisation_phone}

    @property
    def map_origin(self) -> str:
        """The only host that the page with the map asks for pictures; empty where there is no map."""
        parts = urlsplit(self.map_tiles)
        return f"{parts.scheme}://{parts.netloc}" if self.map_tiles else ""

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc

    @property
    def sms_countries_told(self) -> str:
        """The countries that codes are texted to, as a sentence names them: +86, +852."""
        return ", ".join(f"+{code}" for code in self.sms_countries)

    @property
    def hosts(self) -> frozenset[str]:
        """What a request's Host may say in production."""
        return frozenset({self.host, *self.other_hosts})

    @property
    def token_prefix(self) -> str:
        """The address up to the token, in the case the symbol writes."""
        prefix = f"{self.base_url}/t/"
        return prefix.upper() if self.address_case == "upper" else prefix

    @property
    def sms_key(self) -> bytes | None:
        """The SMS gateway's secret, as text in its file. Raises SettingsWrong for one that is missing or short."""
        return _shared_key(self.sms_key_file, "SMS")

    @property
    def voice_key(self) -> bytes | None:
        """The voice gateway's secret, likewise."""
        return _shared_key(self.voice_key_file, "VOICE")

    @property
    def police_key(self) -> bytes | None:
        """The secret shared with the police platform, likewise."""
        return _shared_key(self.police_key_file, "POLICE")

    @property
    def keys_path(self) -> Path:
        return self.keys_dir or self.data_dir / "keys"

    @property
    def database(self) -> str:
        if self.database_url_file:
            return self.database_url_file.read_text().strip()
        return self.database_url or f"sqlite:///{(self.data_dir / 'wristband.db').resolve()}"


def _shared_key(file: Path | None, gateway: str) -> bytes | None:
    if file is None:
        return None
    try:
        key = file.read_bytes().strip()
    except OSError:
        key = b""
    if len(key) < _SHARED_KEY_BYTES:
        raise SettingsWrong(
            "settings.wrong", faults=f"WRISTBAND_{gateway}_KEY_FILE: at least {_SHARED_KEY_BYTES} characters"
        )
    return key


def load(**overrides: object) -> Settings:
    """Settings from the environment, `overrides` on top. Raises SettingsWrong with one line a fault."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = "; ".join(
            f"WRISTBAND_{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
            if fault["loc"]
            else fault["msg"]
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise SettingsWrong("settings.wrong", faults=faults.replace("Value error, ", "")) from None
