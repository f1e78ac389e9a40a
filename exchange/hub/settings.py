"""The hub's settings: one TOML file in its folder, overridable by `SERAI_HUB_…`; what is unsafe is refused at start.

No secret stands here: keys are in the key store, the passphrase comes from a file, a descriptor or a person.
"""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from exchange.errors import NotReady
from schemas.base import Hex64, UnitId, explain
from schemas.receipts import HubName

SETTINGS_FILE = "hub.toml"


class HubSettings(BaseSettings):
    """Where the hub lives, what it is called, and its limits."""

    model_config = SettingsConfigDict(env_prefix="SERAI_HUB_", extra="forbid", frozen=True)

    home: Path
    name: HubName
    env: Literal["live", "exercise"]
    public_url: str
    database_url: Annotated[str, Field(repr=False)] = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8440, ge=0, le=65_535)
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    client_certificates: dict[UnitId, tuple[Hex64, ...]] = Field(default_factory=dict)
    least_free_megabytes: int = Field(default=512, ge=0)
    largest_queue: int = Field(default=4096, ge=256)
    body_megabytes_each: int = Field(default=64, ge=17)
    body_megabytes: int = Field(default=512, ge=17)
    polls_each: int = Field(default=8, ge=1)
    polls: int = Field(default=2048, ge=1)
    verify_processes: int = Field(default=2, ge=1, le=64)
    retention_days: int = Field(default=30, ge=14)
    timestamp_url: Annotated[str, Field(repr=False)] = ""
    timestamp_ca: Path | None = None
    timestamp_timeout: int = Field(default=15, ge=1, le=60)
    timestamp_every: int = Field(default=3600, ge=60, le=86_400)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is the library's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what was given first, then the environment, then the file in the hub's folder."""
        home = Path(str(init_settings().get("home", "")))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, home / SETTINGS_FILE)

    @classmethod
    def read(cls, home: Path, **given: Any) -> Self:
        """Return the settings of the hub in `home`; raises `NotReady` naming the first member that is wrong."""
        try:
            return cls(home=home, **given)
        except (ValidationError, ValueError) as error:
            reason = explain(error) if isinstance(error, ValidationError) else "the file is not TOML"
            raise NotReady(f"{SETTINGS_FILE}: {reason}") from error

    @field_validator("public_url")
    @classmethod
    def _bare_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or (parts.path, parts.query) != ("", ""):
            raise ValueError("an http(s) address without a path")
        return value

    @model_validator(mode="after")
    def _safe(self) -> Self:
        parts = urlsplit(self.public_url)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            raise ValueError("public_url: https, unless the address is loopback")
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key: both or neither")
        if bool(self.timestamp_url) != (self.timestamp_ca is not None):
            raise ValueError("timestamp_url and timestamp_ca: both or neither")
        if self.timestamp_url and urlsplit(self.timestamp_url).scheme not in {"http", "https"}:
            raise ValueError("timestamp_url: an http(s) address")
        if self.tls_certificate is None and not _is_loopback(self.host):
            raise ValueError("host: without TLS only loopback, behind a proxy that ends TLS")
        return self

    @property
    def database(self) -> str:
        """The address of the database: what is set, else an SQLite file in the hub's folder."""
        return self.database_url or f"sqlite:///{self.home / 'hub.sqlite'}"

    @property
    def origin(self) -> str:
        """The origin of the hub's log, which is also the name of its log keys."""
        return f"{self.name}/{self.env}/log"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
