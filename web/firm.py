"""The firm that this installation speaks for: that of its first widget, as an admin named it in the desk."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from sqlalchemy import select

from connectors.web_widget.config import DEMO_SITE, config_of, firm_names
from core.http import ReadingSessionDep
from crm.enums import Channel
from crm.models import Inbox
from web.translation import translate


@dataclass(frozen=True)
class Firm:
    """What public pages need of it; `site` and `inbox_key` may be empty."""

    name_fa: str
    name_en: str
    site: str = ""
    inbox_key: str = ""

    @property
    def has_demo_site(self) -> bool:
        """Whether its site is the demo business's."""
        return self.site == DEMO_SITE

    def name(self, language: str) -> str:
        """What it is called in this language."""
        return self.name_en if language == "en" else self.name_fa


async def get_firm(session: ReadingSessionDep) -> Firm:
    """The firm; our own name where there is no widget yet."""
    statement = select(Inbox).where(Inbox.channel == Channel.web_widget).order_by(Inbox.id).limit(1)
    inbox = await session.scalar(statement)
    if inbox is None:
        return Firm(translate("Hamyar", "fa"), translate("Hamyar", "en"))
    return Firm(**firm_names(inbox), site=config_of(inbox).firm_site, inbox_key=inbox.key)


FirmDep = Annotated[Firm, Depends(get_firm)]
