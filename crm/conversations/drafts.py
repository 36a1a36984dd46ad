"""The ticket that a contact was writing with the bot when a person took over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from crm.tickets.schemas import TicketDetails

# Named as in the bot's domain.
_FORM: Final = "ticket_form"
_WITHHELD: Final = "none"


@dataclass(frozen=True)
class Draft:
    """What the bot's form holds; all of it may be missing but the form itself."""

    subject: str
    description: str
    contact_detail: str
    details: TicketDetails


def draft_in(state: Sequence[Any] | None) -> Draft | None:
    """What the form of a dialogue's state holds; None where no ticket is being written."""
    events = [event for event in state or () if isinstance(event, dict)]
    forms = [event.get("name") for event in events if event.get("event") == "active_loop"]
    if not forms or forms[-1] != _FORM:
        return None
    slots = {event.get("name"): event.get("value") for event in events if event.get("event") == "slot"}
    contact_detail = slots.get("contact_detail") or ""
    return Draft(
        subject=str(slots.get("ticket_subject") or ""),
        description=str(slots.get("ticket_description") or ""),
        contact_detail="" if contact_detail == _WITHHELD else str(contact_detail),
        details=_details_in(slots),
    )


def _details_in(slots: dict[Any, Any]) -> TicketDetails:
    """The details among the slots; one that is none is left out."""
    details = TicketDetails()
    for name in TicketDetails.model_fields:
        try:
            details = TicketDetails.model_validate({**details.model_dump(), name: slots.get(name)})
        except ValidationError:
            continue
    return details
