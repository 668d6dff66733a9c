"""The settings, read once at a door: the environment `ESSAIM_*` first, then `$ESSAIM_VAR/essaim.toml`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from foundation.errors import Invalid
from foundation.reach import Means
from foundation.speech import Phrase


class BadSettings(Invalid):
    """A setting that cannot be read."""

    kind = "bad-settings"
    phrase = Phrase(
        "Réglage illisible : {setting} ({reason}). Rien n'a été fait.",
        "A setting cannot be read: {setting} ({reason}). Nothing was done.",
    )


_LISTEN_LIKE = Phrase(
    "une adresse et un port, par exemple 127.0.0.1:8642", "an address and a port, for example 127.0.0.1:8642"
)

_SMTP_LIKE = Phrase("par exemple smtp://127.0.0.1:25", "for example smtp://127.0.0.1:25")
_MAILBOX_LIKE = Phrase("une adresse e-mail", "an e-mail address")


class Settings(BaseSettings):
    """What differs from one association, or one machine, to another."""

    model_config = SettingsConfigDict(env_prefix="ESSAIM_", env_ignore_empty=True, frozen=True, extra="ignore")

    var: Path = Field(default=Path("var"), description="the association's folder")
    name: str = Field(default="Essaim", description="the association's name, as members read it")
    database_url: str = Field(default="", description="default: an SQLite file in the folder")
    key_file: Path | None = Field(default=None, description="the vault's key; default: vault.key in the folder")
    ssh_key_file: Path | None = Field(default=None, description="who we are on machines; default: ssh/id_ed25519")
    lab: bool = Field(default=False, description="machines are those of the lab beside")
    driver: Literal["", "console"] = Field(default="", description="`console`: write texts to a folder, push nowhere")
    templates: Path | None = Field(default=None, description="templates before ours; default: templates in the folder")
    confirm_seconds: int = Field(default=120, ge=1, le=3600, description="a change not confirmed by then undoes itself")
    listen: str = Field(default="127.0.0.1:8642", description="where `essaim serve` answers")
    public_url: str = Field(default="", description="how members reach the portal; default: http:// and listen")
    acting_as: str = Field(default="", description="the member who acts at this terminal where --as says nothing")
    smtp: str = Field(default="", repr=False, description="smtp:// or smtps://, host and port; default: the outbox")
    mail_from: str = Field(default="essaim@localhost", description="who mails come from, and are answered to")
    poll_seconds: int = Field(default=300, ge=10, le=86_400, description="how often `essaim poll` is run, in seconds")
    traps: str = Field(default="", description="where `essaim traps` listens, as 0.0.0.0:162; default: nowhere")
    series_raw_days: int = Field(default=14, ge=1, le=3660, description="days for which every sample is kept")
    series_five_days: int = Field(default=90, ge=1, le=3660, description="days for which five minutes are told apart")
    quality_days: int = Field(
        default=90, ge=1, le=3660, description="days for which the quality of lines that agreed is kept"
    )
    connection_days: int = Field(
        default=365, ge=1, le=365, description="days for which connections are kept after their end"
    )
    series_hour_days: int = Field(default=1096, ge=1, le=3660, description="days for which hours are told apart")

    @field_validator("traps")
    @classmethod
    def _nowhere_or(cls, text: str) -> str:
        return cls._host_and_port(text) if text else ""

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, text: str) -> str:
        host, _, port = text.rpartition(":")
        # A port alone would open the portal to every network the machine is on.
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(_LISTEN_LIKE)
        return text

    @field_validator("smtp")
    @classmethod
    def _mail_server(cls, text: str) -> str:
        try:
            url = urlsplit(text)
            known = url.scheme in ("smtp", "smtps") and bool(url.hostname) and (url.port is None or url.port > 0)
        except ValueError:
            known = False
        if text and not known:
            raise ValueError(_SMTP_LIKE)
        return text

    @field_validator("mail_from")
    @classmethod
    def _mailbox(cls, text: str) -> str:
        if not re.fullmatch(r"[^\s@<>,]+@[^\s@<>,]+", text) or not text.isprintable():
            raise ValueError(_MAILBOX_LIKE)
        return text

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Explicit values, then the environment, then `essaim.toml` of the association's folder."""
        var = Path(str(init_settings().get("var") or os.environ.get("ESSAIM_VAR") or "var"))
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, toml_file=var / "essaim.toml"),
        )

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the association's database."""
        return self.database_url or f"sqlite:///{self.var.absolute() / 'essaim.sqlite'}"

    @property
    def unfinished(self) -> Path:
        """A file that is there while what is beside it is half an association, even if whoever made it was killed."""
        return self.var / ".essaim-unfinished"

    @property
    def samples(self) -> Path:
        """The file that holds what monitoring measured, apart from the truth."""
        return self.var / "samples.sqlite"

    @property
    def series(self) -> Path:
        """The file that holds what machines measured of themselves, sample by sample."""
        return self.var / "series.sqlite"

    @property
    def own_templates(self) -> Path:
        """The folder of the association's own templates, which need not exist."""
        return (self.templates or self.var / "templates").absolute()

    @property
    def vault_key(self) -> Path:
        """The file that holds the vault's key."""
        return self.key_file or self.var / "vault.key"

    @property
    def escrow(self) -> Path:
        """The file that holds the vault's key, sealed for several people."""
        return self.var / "vault.escrow"

    @property
    def outbox(self) -> Path:
        """Where mails are written that no server took."""
        return self.var / "outbox"

    @property
    def lab_folder(self) -> Path:
        """Where the lab keeps all its files."""
        return self.var / "lab"

    @property
    def url(self) -> str:
        """The portal's address, without a final slash."""
        return (self.public_url or f"http://{self.listen}").rstrip("/")

    def means(self) -> Means:
        """How this association's machines are reached; by absolute paths, as SSH is started from other folders too."""
        here = self.var.absolute()
        return Means(
            key_file=(self.ssh_key_file or here / "ssh" / "id_ed25519").absolute(),
            known_hosts=here / "ssh" / "known_hosts",
            lab_socket=here / "lab" / "keeper.sock" if self.lab else None,
        )


def read_settings(**given: object) -> Settings:
    """Read the settings. Raises BadSettings naming the first one that is wrong."""
    try:
        return Settings(**given)  # type: ignore[arg-type]  # names are checked by the class itself
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = "ESSAIM_" + ".".join(str(part) for part in first["loc"]).upper()
        ours = first.get("ctx", {}).get("error")
        raise BadSettings(setting=name, reason=ours.args[0] if ours else first["msg"]) from wrong
    except (OSError, ValueError) as wrong:
        raise BadSettings(setting="essaim.toml", reason=str(wrong)) from wrong
