"""What a contact mentioned, as lines of a ticket's description."""

import re
from typing import Final

from core.digits import digits
from crm.tickets.schemas import TicketDetails
from crm.wording import Wording

_PERSIAN_SIGNS: Final = str.maketrans(",.", "٬٫")
_JALALI: Final = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"
)  # fmt: skip
_GREGORIAN: Final = {
    "January": "ژانویه", "February": "فوریه", "March": "مارس", "April": "آوریل", "May": "مه", "June": "ژوئن",
    "July": "ژوئیه", "August": "اوت", "September": "سپتامبر", "October": "اکتبر", "November": "نوامبر",
    "December": "دسامبر",
}  # fmt: skip
_AMOUNT: Final = re.compile(r"(\d+)((?:\.\d+)?)")
_MONTH: Final = re.compile(rf"\b(?:{'|'.join(_GREGORIAN)})\b")
# As the bot writes dates: the first is Jalali, the second Gregorian.
_DATE: Final = re.compile(r"(\d{4})([/-])(0?[1-9]|1[0-2])\2(\d{1,2})")


def with_details(description: str, details: TicketDetails, wording: Wording, language: str) -> str:
    """The description, and under it a line for each detail in the contact's language."""
    named = [("utter_detail_correction", line) for line in (details.correction or "").splitlines()]
    if details.order_number:
        # As it is: agents copy it into other programs.
        named.append(("utter_detail_order_number", details.order_number))
    if details.amount:
        amount, currency = details.amount.rsplit(" ", 1)
        named.append((f"utter_detail_amount_{currency}", _written_amount(amount, language)))
    if details.date:
        named.append(("utter_detail_date", _written_date(details.date, language)))
    if details.product:
        named.append(("utter_detail_product", details.product))
    lines = [wording.say(response, language, value=value).text for response, value in named]
    return "\n\n".join(part for part in (description, "\n".join(lines)) if part)


def _written_amount(amount: str, language: str) -> str:
    """`450,000` or `۴۵۰٬۰۰۰`."""
    match = _AMOUNT.fullmatch(amount)
    grouped = f"{int(match[1]):,}{match[2]}" if match else amount
    return digits(grouped.translate(_PERSIAN_SIGNS), language) if language == "fa" else grouped


def _written_date(date: str, language: str) -> str:
    """«۱۲ مهر ۱۴۰۴» for `1404/07/12` and «۴ اکتبر» for `4 October` where the language is Persian; else as it was."""
    if language != "fa":
        return date
    if match := _DATE.fullmatch(date):
        months = _JALALI if match[2] == "/" else tuple(_GREGORIAN.values())
        date = f"{int(match[4])} {months[int(match[3]) - 1]} {match[1]}"
    return digits(_MONTH.sub(lambda month: _GREGORIAN[month[0]], date), language)
