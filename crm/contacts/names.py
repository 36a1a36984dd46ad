"""What a contact is called, wherever a text is to tell nobody whom it is about."""

from crm.models import Conversation

# A shorter id is a number or a syllable that any text has.
_SHORTEST_ID = 3


def names_of_contact(conversation: Conversation) -> list[str]:
    """The names and addresses by which a conversation's contact may be spoken of, some of them empty.

    A site's user is kept as `user:ali42`, and called `ali42`.
    """
    contact, address = conversation.contact, conversation.identity.external_id
    bare = address.partition(":")[2]
    return [contact.name, contact.email, contact.phone, address, bare if len(bare) >= _SHORTEST_ID else ""]
