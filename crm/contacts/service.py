"""What we know of a contact."""

import re

from crm.models import Contact
from language.normalise import normalise

_PHONE = re.compile(r"\+?\d[\d\s()-]{6,18}\d")


def remember_contact_detail(contact: Contact, detail: str) -> None:
    """Keep an e-mail address or phone number that the contact gave; what was known before stays.

    A contact's word proves nothing, so the address gives nobody access to anything.
    """
    detail = normalise(detail).strip()
    if "@" in detail:
        contact.email = contact.email or detail[:254]
    elif _PHONE.fullmatch(detail):
        contact.phone = contact.phone or detail[:32]
