"""The only place that reads the environment; every other module is handed what it needs."""

import re
import sys
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    DirectoryPath,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
MIN_SECRET_CHARACTERS = 24
LOOPBACK = ("localhost", "127.0.0.1", "::1")


ENV_FILES = (ROOT / "var/secrets.env", ROOT / ".env")


def _long_enough(secret: SecretStr) -> SecretStr:
    """Refuse what could be guessed."""
    if len(secret.get_secret_value()) < MIN_SECRET_CHARACTERS:
        raise ValueError(f"must have at least {MIN_SECRET_CHARACTERS} characters")
    return secret


def _address_of(*schemes: str) -> AfterValidator:
    """Refuse what is no address with one of these schemes; nothing is none."""
    beginnings = tuple(f"{scheme}://" for scheme in schemes)

    def check(address: str) -> str:
        if address and not address.lower().startswith(beginnings):
            raise ValueError(f"must begin with {' or '.join(beginnings)}")
        return address

    return AfterValidator(check)


Secret = Annotated[SecretStr, AfterValidator(_long_enough)]
WebAddress = Annotated[str, _address_of("http", "https")]
DatabaseAddress = Annotated[str, _address_of("sqlite+aiosqlite", "postgresql+asyncpg")]
# So many within some time: none at all would be a way to switch something off that is none.
Allowance = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=1, le=65535)]


class ActionSettings(BaseSettings):
    """What the bot's custom actions need in a process of their own, from the same places."""

    model_config = SettingsConfigDict(env_file=ENV_FILES, extra="ignore")

    # The bot's custom actions call the REST API with this.
    service_token: Secret
    # Rasa shows this when it calls the custom actions.
    actions_token: Secret
    # The API as the custom actions reach it; empty means inside this process.
    api_url: str = ""


class RankingSettings(BaseSettings):
    """What training and measuring the ranking take from the same places; they need no secrets."""

    model_config = SettingsConfigDict(env_file=ENV_FILES, extra="ignore")

    # The folder of a sentence-transformers CrossEncoder, or its name on the hub, that orders articles in place of the
    # small model; empty: the small model. `./hamyar train ranker` calibrates it.
    reranker_model: str = ""


class Settings(RankingSettings, ActionSettings):
    """Settings of the app, from the environment, `.env` and `var/secrets.env` (earlier wins).

    Secrets have no default: `./hamyar up` writes random ones into `var/secrets.env`.
    """

    # Signs visitors' tokens and login cookies; changing it signs everybody out.
    secret_key: Secret
    # The app shows this when it calls Rasa.
    rasa_token: Secret

    # SQLite by default; postgresql+asyncpg://user:password@host/name for PostgreSQL.
    database_url: DatabaseAddress = f"sqlite+aiosqlite:///{ROOT / 'var/hamyar.db'}"
    # redis://host:6379/0 carries notifications between several app processes; empty keeps them in one process.
    redis_url: Annotated[str, _address_of("redis", "rediss", "unix")] = ""

    # Where Rasa listens; loopback or a private network, never public.
    rasa_url: WebAddress = "http://127.0.0.1:5005"
    # A turn that Rasa has not answered by then is answered by the app itself.
    rasa_timeout_seconds: float = Field(default=4.0, gt=0)

    # The address that people's browsers use; part of links sent to contacts. Empty: as the request came.
    public_url: WebAddress = ""
    # True behind HTTPS: cookies then travel on it alone. Unless it is set, PUBLIC_URL tells.
    secure_cookies: bool = False
    # The clock of the firm, by which all times in the desk and the help centre are shown, such as Europe/Berlin.
    time_zone: ZoneInfo = Field(default_factory=lambda: ZoneInfo("Asia/Tehran"))
    # Sites that may show the widget, besides our own, where an admin has named none in the desk; empty: every site.
    widget_origins: Annotated[list[str], NoDecode] = Field(default_factory=list)

    # What one visitor may send; more is refused for a while.
    widget_messages_per_minute: Allowance = 40
    # What Telegram may deliver of one private chat; it is told to deliver more later, which it does in order.
    telegram_updates_per_minute: Allowance = 40
    # Answers that one conversation gets; what comes faster is answered together, and nothing of it is lost.
    turns_per_minute: Allowance = 20
    # Files that one contact may send within a day; in the widget, one network address ten times as many.
    files_per_day: Annotated[int, Field(ge=0)] = 20
    # New or returning visitors from one address; a mobile network may share one among many.
    widget_sessions_per_minute: Allowance = 120
    # Tries for one account from one address.
    sign_ins_per_minute: Allowance = 10

    # The folder that set-up made from the encoder's weights.
    encoder_folder: Path = ROOT / "var/models/encoder"
    # Where the search index is kept between two runs; made anew where it is missing.
    index_folder: Path = ROOT / "var/index"
    # Rasa's kept models, where Rasa runs on this machine.
    rasa_models_folder: Path = ROOT / "var/models/rasa"
    # The interpreter that trains them; where there is none, the desk cannot start a training.
    rasa_python: Path = ROOT / ".venv-rasa/bin/python"
    sentiment_folder: DirectoryPath = ROOT / "sentiment/weights"
    domain_file: FilePath = ROOT / "domain.yml"
    # Until an admin saves a policy of their own in the desk.
    handoff_policy_file: FilePath = ROOT / "crm/conversations/handoff_policy.yml"

    # Telegram is off until a bot's token is set.
    telegram_bot_token: SecretStr | None = None
    # True where Telegram can reach PUBLIC_URL; otherwise the app asks Telegram for updates.
    telegram_webhook: bool = False
    # For networks where Telegram is blocked: another Bot API server, or a proxy.
    telegram_api_url: WebAddress = "https://api.telegram.org"
    telegram_proxy_url: str = ""

    # E-mail is off until the address is set that contacts write to; then the next three are needed.
    email_address: str = ""
    email_password: Annotated[SecretStr | None, Field(validate_default=True)] = None
    email_imap_host: Annotated[str, Field(validate_default=True)] = ""
    email_smtp_host: Annotated[str, Field(validate_default=True)] = ""
    # Who signs in; empty: the address.
    email_user: str = ""
    # The name beside the address.
    email_name: str = ""
    # `tls` from the first byte, `starttls`, or `none` for a server on this very machine.
    email_imap_security: Literal["tls", "starttls", "none"] = "tls"
    email_imap_port: Port = 993
    email_smtp_security: Literal["tls", "starttls", "none"] = "starttls"
    email_smtp_port: Port = 587
    # What the product writes to one address within an hour by itself, before a person has to.
    email_replies_per_hour: Allowance = 20
    # Addresses that are answered though they have never written before; mails of more are set aside.
    email_new_addresses_per_hour: Allowance = 200

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("email_address")
    @classmethod
    def one_address(cls, address: str) -> str:
        """Refuse what no mail could come from."""
        if address and not re.fullmatch(r"[^\s@<>\"(),;:]+@[^\s@<>\"(),;:]+", address, re.ASCII):
            raise ValueError("must be a plain address, such as support@example.com")
        return address.lower()

    @field_validator("telegram_webhook")
    @classmethod
    def can_be_called(cls, webhook: bool, others: ValidationInfo) -> bool:
        """Refuse to wait for calls at an address that nobody knows."""
        if webhook and not others.data.get("public_url"):
            raise ValueError("true needs PUBLIC_URL, where Telegram calls")
        return webhook

    @field_validator("email_password", "email_imap_host", "email_smtp_host")
    @classmethod
    def whole(cls, value: SecretStr | str | None, others: ValidationInfo) -> SecretStr | str | None:
        """Refuse half of what e-mail needs."""
        if others.data.get("email_address") and not value:
            raise ValueError("is needed where EMAIL_ADDRESS is set")
        return value

    @field_validator("email_imap_security", "email_smtp_security")
    @classmethod
    def private(cls, security: str, others: ValidationInfo) -> str:
        """Refuse to send the password in the open."""
        host = others.data.get(f"{(others.field_name or '').removesuffix('security')}host")
        if security == "none" and host and host not in LOOPBACK:
            raise ValueError("none is for a server on this machine alone")
        return security

    @model_validator(mode="after")
    def secure_behind_https(self) -> Self:
        """Cookies of a site with HTTPS travel on it alone, unless somebody says otherwise."""
        if "secure_cookies" not in self.model_fields_set:
            self.secure_cookies = self.is_https
        return self

    @property
    def is_https(self) -> bool:
        """Whether people's browsers use HTTPS."""
        return self.public_url.lower().startswith("https://")

    @field_validator("widget_origins", mode="before")
    @classmethod
    def split_commas(cls, value: object) -> object:
        """Accept `https://a.example, https://b.example`."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def problems(of: type[BaseSettings] = Settings) -> list[str]:
    """What is wrong with the settings, one line each; empty when they are sound."""
    try:
        of()
    except ValidationError as error:
        return [f"{'.'.join(map(str, item['loc'])).upper()}: {_said(item['msg'])}" for item in error.errors()]
    return []


def _said(complaint: str) -> str:
    """What pydantic says, in the words of the validator where one of ours said it."""
    return complaint.removeprefix("Value error, ")


if __name__ == "__main__":
    found = problems()
    for line in found:
        print(line, file=sys.stderr)
    sys.exit(78 if found else 0)
