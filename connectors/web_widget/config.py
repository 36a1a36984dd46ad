"""What an admin decides about one widget; kept with its inbox."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.security import derived_secret, hash_token
from crm.models import Contact, ContactIdentity, Inbox
from language.normalise import safe_text

Consent = Annotated[str, Field(max_length=1000), AfterValidator(lambda text: safe_text(text).strip())]
FirmName = Annotated[str, Field(max_length=120), AfterValidator(lambda text: " ".join(safe_text(text).split()))]
# The site of the demo business, which we serve ourselves.
DEMO_SITE = "/demo"
HOME = {"http": "80", "https": "443"}


def _origin(site: str) -> str:
    """A site as browsers name it: `https://shop.example`, without a path."""
    parts = urlsplit(site.strip())
    if parts.scheme not in HOME or not parts.hostname or parts.username or not site.isprintable():
        raise ValueError("not a site")
    port = f":{parts.port}" if parts.port and str(parts.port) != HOME[parts.scheme] else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _web_address(url: str) -> str:
    url = url.strip()
    if url and (urlsplit(url).scheme not in HOME or not urlsplit(url).hostname or not url.isprintable()):
        raise ValueError("not a web address")
    return url


def _site_address(url: str) -> str:
    return DEMO_SITE if url.strip() == DEMO_SITE else _web_address(url)


class WidgetConfig(BaseModel):
    model_config = ConfigDict(extra="ignore")

    # Whose widget it is; empty: what the other language or else the inbox is called.
    firm_fa: FirmName = ""
    firm_en: FirmName = ""
    # The firm's own site; empty: none that anybody is led to.
    firm_site: Annotated[str, Field(max_length=500), AfterValidator(_site_address)] = ""
    # Sites that may show this widget; where there are none, those of the setting WIDGET_ORIGINS.
    origins: Annotated[list[Annotated[str, Field(max_length=300), AfterValidator(_origin)]], Field(max_length=50)] = []
    # What a visitor is asked for before the first message.
    ask_name: bool = False
    ask_address: bool = False
    # The sentence that a visitor has to agree to before the first message, in each language; empty: none.
    consent_fa: Consent = ""
    consent_en: Consent = ""
    privacy_url: Annotated[str, Field(max_length=500), AfterValidator(_web_address)] = ""
    # Counts up when an admin wants another secret.
    secret_version: int = 1

    def consent(self, language: str) -> str:
        """The sentence in this language, or in the other where it is written in that alone."""
        first, second = self.consent_fa, self.consent_en
        return (second or first) if language == "en" else (first or second)

    @property
    def revision(self) -> str:
        """What tells these settings from others that an admin saves; the secret is none of them."""
        return hash_token(self.model_dump_json(exclude={"secret_version"}))[:16]


class Form(BaseModel):
    """What a visitor has to fill in before they can write."""

    name: bool
    address: bool
    consent: str
    privacy_url: str

    def lacks(self, *, name: str, address: str, consent: str) -> Literal["name", "address", "consent", ""]:
        """The first thing that is missing in an answer."""
        if self.name and not name.strip():
            return "name"
        if self.address and not address.strip():
            return "address"
        return "consent" if self.consent != consent else ""


def config_of(inbox: Inbox) -> WidgetConfig:
    """What has been decided about this widget."""
    return WidgetConfig.model_validate(inbox.config)


def firm_names(inbox: Inbox) -> dict[str, str]:
    """What the firm behind this widget is called: `name_fa` and `name_en`."""
    config = config_of(inbox)
    return {
        "name_fa": config.firm_fa or config.firm_en or inbox.name,
        "name_en": config.firm_en or config.firm_fa or inbox.name,
    }


def form_for(config: WidgetConfig, identity: ContactIdentity | None, *, agreed_to: str, language: str) -> Form | None:
    """The form before the first message; `None` where nothing is left to ask for, or it has been filled in.

    Whoever last agreed to something else than today's sentence, in either language, is asked for that again.
    """
    contact = identity.contact if identity else Contact(name="", email="", phone="")
    is_new = not (identity and identity.introduced_at)
    form = Form(
        name=is_new and config.ask_name and not contact.name,
        address=is_new and config.ask_address and not (contact.email or contact.phone),
        consent="" if agreed_to and agreed_to in (config.consent_fa, config.consent_en) else config.consent(language),
        privacy_url=config.privacy_url,
    )
    return form if form.name or form.address or form.consent else None


def identity_secret(inbox: Inbox, *, secret_key: str) -> str:
    """What the inbox's site signs its users' ids with."""
    return derived_secret(secret_key, purpose=f"widget identity:{inbox.key}:{config_of(inbox).secret_version}")
