"""Names that Rasa's YAML, its components, the channel and the actions share.

Standard library only: both interpreters import this module. A test compares it with domain.yml and the training data.
"""

from typing import Final


class Intents:
    """What a contact may mean. The last two come from buttons alone, or from Rasa itself."""

    GREET: Final = "greet"
    GOODBYE: Final = "goodbye"
    THANKS: Final = "thanks"
    AFFIRM: Final = "affirm"
    DENY: Final = "deny"
    ASK_KNOWLEDGE: Final = "ask_knowledge"
    OPEN_TICKET: Final = "open_ticket"
    TICKET_STATUS: Final = "ticket_status"
    TALK_TO_PERSON: Final = "talk_to_person"
    COMPLAINT: Final = "complaint"
    CANCEL: Final = "cancel"
    GO_BACK: Final = "go_back"
    RATE_CONVERSATION: Final = "rate_conversation"
    INFORM: Final = "inform"
    BOT_CHALLENGE: Final = "bot_challenge"
    OUT_OF_SCOPE: Final = "out_of_scope"

    READ_ARTICLE: Final = "read_article"
    NLU_FALLBACK: Final = "nlu_fallback"


INTENT_NAMES: Final = frozenset(value for name, value in vars(Intents).items() if name.isupper())


class Entities:
    """Identifiers found in a message, or carried by a button."""

    TICKET_NUMBER: Final = "ticket_number"
    EMAIL: Final = "email"
    PHONE: Final = "phone"
    ARTICLE_ID: Final = "article_id"
    RATING: Final = "rating"


class Slots:
    """What the bot remembers within a conversation."""

    LANGUAGE: Final = "language"
    SENTIMENT: Final = "sentiment"
    CONTACT_KNOWN: Final = "contact_known"
    TICKET_NUMBER: Final = "ticket_number"
    TICKET_SUBJECT: Final = "ticket_subject"
    TICKET_DESCRIPTION: Final = "ticket_description"
    CONTACT_DETAIL: Final = "contact_detail"
    ARTICLE_ID: Final = "article_id"
    RATING: Final = "rating"

    REQUESTED_SLOT: Final = "requested_slot"


class Forms:
    """Loops that ask for several things, one after the other."""

    TICKET: Final = "ticket_form"


class Actions:
    """What the action endpoint answers to."""

    ANSWER_FROM_KNOWLEDGE_BASE: Final = "action_answer_from_knowledge_base"
    READ_ARTICLE: Final = "action_read_article"
    VALIDATE_TICKET_FORM: Final = "validate_ticket_form"
    BEGIN_TICKET: Final = "action_begin_ticket"
    GO_BACK: Final = "action_go_back"
    OPEN_TICKET: Final = "action_open_ticket"
    SHOW_TICKET_STATUS: Final = "action_show_ticket_status"
    HAND_OFF: Final = "action_hand_off"
    RATE_CONVERSATION: Final = "action_rate_conversation"


class Responses:
    """Response names that Python code utters; the words are in domain.yml."""

    OFFER_ARTICLES: Final = "utter_offer_articles"
    DONT_KNOW: Final = "utter_dont_know"
    ARTICLE_GONE: Final = "utter_article_gone"
    BACKEND_DOWN: Final = "utter_backend_down"
    TICKET_OPENED: Final = "utter_ticket_opened"
    TICKET_INCOMPLETE: Final = "utter_ticket_incomplete"
    TICKET_NOT_FOUND: Final = "utter_ticket_not_found"
    NO_TICKETS: Final = "utter_no_tickets"
    TICKET_LIST: Final = "utter_ticket_list"
    INVALID_SUBJECT: Final = "utter_invalid_subject"
    INVALID_DESCRIPTION: Final = "utter_invalid_description"
    INVALID_CONTACT_DETAIL: Final = "utter_invalid_contact_detail"
    ASK_RATING: Final = "utter_ask_rating"
    RATING_THANKS: Final = "utter_rating_thanks"
    RATING_REFUSED: Final = "utter_rating_refused"


class SystemResponses:
    """Response names that the app itself sends; Rasa never utters them."""

    WIDGET_GREETING: Final = "utter_widget_greeting"
    HANDED_OFF: Final = "utter_handed_off"
    HANDED_OFF_UPSET: Final = "utter_handed_off_upset"
    HANDED_OFF_GENTLY: Final = "utter_handed_off_gently"
    SORRY_REPEAT: Final = "utter_sorry_repeat"
    SORRY_NOT_UNDERSTOOD: Final = "utter_sorry_not_understood"
    SORRY_NO_ANSWER: Final = "utter_sorry_no_answer"
    SORRY_MONEY: Final = "utter_sorry_money"
    SORRY_ACCESS: Final = "utter_sorry_access"
    SORRY_BROKEN: Final = "utter_sorry_broken"
    SORRY_DELAY: Final = "utter_sorry_delay"
    SORRY_CHURN_THREAT: Final = "utter_sorry_churn_threat"
    SORRY_DISPLEASURE: Final = "utter_sorry_displeasure"
    BOT_FAILED: Final = "utter_bot_failed"
    MESSAGE_UNREADABLE: Final = "utter_message_unreadable"
    MESSAGE_TOO_LONG: Final = "utter_message_too_long"
    AGENT_JOINED: Final = "utter_agent_joined"
    RETURNED_TO_BOT: Final = "utter_returned_to_bot"
    RESOLVED: Final = "utter_resolved"


class Outcomes:
    """How a turn that asked the knowledge base ended; travels in a message's `custom`."""

    ANSWERED: Final = "answered"
    OFFERED: Final = "offered"
    NOT_UNDERSTOOD: Final = "not_understood"


class MetadataKeys:
    """What the app sends along with a message."""

    VECTOR: Final = "vector"
    LANGUAGE: Final = "language"
    SENTIMENT: Final = "sentiment"
    CONTACT_KNOWN: Final = "contact_known"


TICKET_STATUS_RESPONSES: Final = {
    "new": "utter_ticket_status_new",
    "open": "utter_ticket_status_open",
    "pending": "utter_ticket_status_pending",
    "on_hold": "utter_ticket_status_on_hold",
    "solved": "utter_ticket_status_solved",
    "closed": "utter_ticket_status_closed",
}
"""One response per ticket status, so that the words stay in domain.yml."""

NO_CONTACT_DETAIL: Final = "none"
"""Value of `contact_detail` when the contact would rather not leave one."""
