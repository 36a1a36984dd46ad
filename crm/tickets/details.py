"""What a contact mentioned, as lines of a ticket's description."""

from crm.tickets.schemas import TicketDetails
from crm.wording import Wording


def with_details(description: str, details: TicketDetails, wording: Wording, language: str) -> str:
    """The description, and under it a line for each detail in the contact's language."""
    named = {}
    if details.order_number:
        named["utter_detail_order_number"] = details.order_number
    if details.amount:
        amount, currency = details.amount.rsplit(" ", 1)
        named[f"utter_detail_amount_{currency}"] = amount
    if details.date:
        named["utter_detail_date"] = details.date
    if details.product:
        named["utter_detail_product"] = details.product
    lines = [wording.say(response, language, value=value).text for response, value in named.items()]
    return "\n\n".join(part for part in (description, "\n".join(lines)) if part)
