"""What an operator decides about a node: `node.toml` in its folder, overridable by the environment; no secret in it.

The passphrase that opens the key store is read from `passphrase_file` (owner-only) or asked for; it is never a setting.
Nor is the PIN of a token: it is read from `token_pin_file` or asked for.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from nodes.errors import NotReady
from schemas.base import UnitId, explain

MINUTE = 60
HOUR = 3600
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
SETTINGS_FILE = "node.toml"


class NodeSettings(BaseSettings):
    """Settings of one unit's node; environment variables start with `SERAI_NODE_`. Unknown members are refused."""

    model_config = SettingsConfigDict(env_prefix="SERAI_NODE_", extra="forbid", frozen=True)

    unit: UnitId
    env: Literal["live", "exercise"]
    folder: Path
    hub_url: str
    hub_ca: Path | None = None
    hub_certificate: Path | None = None
    hub_certificate_key: Path | None = None
    node_name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "node-1"
    database_url: Annotated[str, Field(repr=False)] = ""
    passphrase_file: Path | None = None
    token_module: Path | None = None
    token_label: str = ""
    token_pin_file: Path | None = None
    least_free_megabytes: Annotated[int, Field(ge=0)] = 512
    time_zone: str = "UTC"
    language: Literal["en", "ru"] = "en"
    exercise_id: Annotated[str, StringConstraints(pattern=r"^EX-[0-9A-Z-]{1,30}$")] = "EX-1"
    public_origin: str = "http://127.0.0.1:8000"
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret_file: Path | None = None
    oidc_ca: Path | None = None
    oidc_private: bool = False

    idle_timeout: Annotated[int, Field(ge=MINUTE, le=8 * HOUR)] = 15 * MINUTE
    session_lifetime: Annotated[int, Field(ge=HOUR, le=24 * HOUR)] = 10 * HOUR
    enrolment_lifetime: Annotated[int, Field(ge=HOUR, le=14 * 24 * HOUR)] = 72 * HOUR
    attempts_per_account: Annotated[int, Field(ge=3, le=100)] = 10
    attempts_per_address: Annotated[int, Field(ge=3, le=1000)] = 50
    attempt_window: Annotated[int, Field(ge=MINUTE, le=HOUR)] = 15 * MINUTE
    message_lifetime: Annotated[int, Field(ge=HOUR, le=14 * 24 * HOUR)] = 14 * 24 * HOUR

    poll_wait: Annotated[int, Field(ge=0, le=55)] = 25
    request_timeout: Annotated[int, Field(ge=1, le=300)] = 40
    directory_interval: Annotated[int, Field(ge=MINUTE, le=24 * HOUR)] = HOUR

    alert_command: tuple[str, ...] = ()
    alert_webhook: Annotated[str, Field(repr=False)] = ""
    alert_smtp: Annotated[str, Field(repr=False)] = ""
    alert_sender: str = ""
    alert_recipients: tuple[str, ...] = ()
    alert_repeat: Annotated[int, Field(ge=MINUTE, le=HOUR)] = 5 * MINUTE

    @classmethod
    def settings_customise_sources(  # type: ignore[override]  # the library passes the other sources by name
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **sources: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what was given first, then the environment, then the file in the node's folder."""
        folder = Path(str(init_settings().get("folder", "")))
        return init_settings, sources["env_settings"], TomlConfigSettingsSource(settings_cls, folder / SETTINGS_FILE)

    @classmethod
    def read(cls, folder: Path, **given: Any) -> Self:
        """Return the settings of the node in `folder`; raises `NotReady` naming the first member that is wrong."""
        try:
            return cls(folder=folder, **given)
        except (ValidationError, ValueError) as error:
            reason = explain(error) if isinstance(error, ValidationError) else "the file is not TOML"
            raise NotReady(f"{SETTINGS_FILE}: {reason}") from error

    @model_validator(mode="after")
    def _safe(self) -> Self:
        hub = urlsplit(self.hub_url)
        if hub.scheme not in {"http", "https"} or not hub.hostname:
            raise ValueError("hub_url: http or https, with a host")
        if self.env == "live" and hub.scheme != "https" and hub.hostname not in LOOPBACK:
            raise ValueError("hub_url: a live node speaks https to any hub that is not on this machine")
        if (self.hub_certificate is None) != (self.hub_certificate_key is None):
            raise ValueError("hub_certificate and hub_certificate_key: both or neither")
        if (self.token_module is None) != (not self.token_label):
            raise ValueError("token_module and token_label: both or neither")
        if self.poll_wait >= self.request_timeout:
            raise ValueError("poll_wait: shorter than request_timeout, or no answer of the hub is waited for")
        issuer = urlsplit(self.oidc_issuer)
        if self.oidc_issuer and (issuer.scheme != "https" or not issuer.hostname or not self.oidc_client_id):
            raise ValueError("oidc_issuer: https, with a host, and with oidc_client_id")
        if self.alert_smtp and not (self.alert_sender and self.alert_recipients):
            raise ValueError("alert_smtp: needs alert_sender and alert_recipients")
        return self

    @property
    def database(self) -> str:
        """The database URL; a SQLite file in the node's folder unless another one is set."""
        return self.database_url or f"sqlite:///{self.folder / 'node.db'}"

    @property
    def keys(self) -> Path:
        """The folder of the sealed key files."""
        return self.folder / "keys"

    @property
    def log_id(self) -> str:
        """The name of this node's log, also the origin of its checkpoints."""
        return f"node.{self.unit.lower()}.serai"

    @property
    def cosigner_name(self) -> str:
        """The name under which this node cosigns the logs of others."""
        return f"{self.log_id}/witness"
