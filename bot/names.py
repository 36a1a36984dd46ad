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
    DOUBT: Final = "doubt"
    ASK_AGAIN: Final = "ask_again"
    REQUEST_REFUND: Final = "request_refund"
    REQUEST_INVOICE: Final = "request_invoice"
    ORDER_STATUS: Final = "order_status"
    PAYMENT_TROUBLE: Final = "payment_trouble"
    CANCEL_PURCHASE: Final = "cancel_purchase"
    CHANGE_DETAILS: Final = "change_details"
    SIGN_IN_TROUBLE: Final = "sign_in_trouble"
    TECHNICAL_TROUBLE: Final = "technical_trouble"
    OPEN_TICKET: Final = "open_ticket"
    TICKET_STATUS: Final = "ticket_status"
    ADD_TO_TICKET: Final = "add_to_ticket"
    CLOSE_TICKET: Final = "close_ticket"
    TALK_TO_PERSON: Final = "talk_to_person"
    COMPLAINT: Final = "complaint"
    CANCEL: Final = "cancel"
    GO_BACK: Final = "go_back"
    RATE_CONVERSATION: Final = "rate_conversation"
    INFORM: Final = "inform"
    ANNOUNCE_QUESTION: Final = "announce_question"
    SWITCH_LANGUAGE: Final = "switch_language"
    BOT_CHALLENGE: Final = "bot_challenge"
    SMALL_TALK: Final = "small_talk"
    ABUSE: Final = "abuse"
    OUT_OF_SCOPE: Final = "out_of_scope"

    READ_ARTICLE: Final = "read_article"
    NLU_FALLBACK: Final = "nlu_fallback"


INTENT_NAMES: Final = frozenset(value for name, value in vars(Intents).items() if name.isupper())

TOPICS: Final = frozenset(
    {
        Intents.REQUEST_REFUND,
        Intents.REQUEST_INVOICE,
        Intents.ORDER_STATUS,
        Intents.PAYMENT_TROUBLE,
        Intents.CANCEL_PURCHASE,
        Intents.CHANGE_DETAILS,
        Intents.SIGN_IN_TROUBLE,
        Intents.TECHNICAL_TROUBLE,
    }
)
"""What the knowledge base holds the rules of, and only a person can do in the contact's own case."""

WISHES_BY_URGENCY: Final = (
    Intents.TALK_TO_PERSON,
    Intents.PAYMENT_TROUBLE,
    Intents.CANCEL_PURCHASE,
    Intents.SIGN_IN_TROUBLE,
    Intents.REQUEST_REFUND,
    Intents.TECHNICAL_TROUBLE,
    Intents.ORDER_STATUS,
    Intents.CLOSE_TICKET,
    Intents.ADD_TO_TICKET,
    Intents.TICKET_STATUS,
    Intents.CHANGE_DETAILS,
    Intents.REQUEST_INVOICE,
    Intents.OPEN_TICKET,
    Intents.ASK_KNOWLEDGE,
)
"""What a contact may want of us, the most urgent first: of two wishes in one message, the earlier here is seen to."""


class Entities:
    """Identifiers found in a message, or carried by a button."""

    TICKET_NUMBER: Final = "ticket_number"
    EMAIL: Final = "email"
    PHONE: Final = "phone"
    ORDER_NUMBER: Final = "order_number"
    AMOUNT: Final = "amount"
    DATE: Final = "date"
    PRODUCT: Final = "product"
    ARTICLE_ID: Final = "article_id"
    RATING: Final = "rating"


class Slots:
    """What the bot remembers within a conversation."""

    LANGUAGE: Final = "language"
    SENTIMENT: Final = "sentiment"
    CONTACT_KNOWN: Final = "contact_known"
    APOLOGISED: Final = "apologised"
    TICKET_NUMBER: Final = "ticket_number"
    TICKET_SUBJECT: Final = "ticket_subject"
    TICKET_DESCRIPTION: Final = "ticket_description"
    CONTACT_DETAIL: Final = "contact_detail"
    NOTED_TICKET: Final = "noted_ticket"
    CLOSING_TICKET: Final = "closing_ticket"
    TICKET_AT_HAND: Final = "ticket_at_hand"
    OFFER: Final = "offer"
    ASKED_WHICH_TICKET: Final = "asked_which_ticket"
    TICKET_NOTE: Final = "ticket_note"
    ORDER_NUMBER: Final = "order_number"
    AMOUNT: Final = "amount"
    DATE: Final = "date"
    PRODUCT: Final = "product"
    CORRECTION: Final = "correction"
    OTHER_WISHES: Final = "other_wishes"
    APOLOGIES: Final = "apologies"
    ARTICLE_ID: Final = "article_id"
    LAST_ARTICLE: Final = "last_article"
    RATING: Final = "rating"

    REQUESTED_SLOT: Final = "requested_slot"


class Forms:
    """Loops that ask for several things, one after the other."""

    TICKET: Final = "ticket_form"
    NOTE: Final = "note_form"


class Actions:
    """What the action endpoint answers to."""

    ANSWER_FROM_KNOWLEDGE_BASE: Final = "action_answer_from_knowledge_base"
    READ_ARTICLE: Final = "action_read_article"
    VALIDATE_TICKET_FORM: Final = "validate_ticket_form"
    BEGIN_TICKET: Final = "action_begin_ticket"
    GO_BACK: Final = "action_go_back"
    OPEN_TICKET: Final = "action_open_ticket"
    SHOW_TICKET_STATUS: Final = "action_show_ticket_status"
    CHOOSE_TICKET: Final = "action_choose_ticket"
    VALIDATE_NOTE_FORM: Final = "validate_note_form"
    ADD_TO_TICKET: Final = "action_add_to_ticket"
    CLOSE_TICKET: Final = "action_close_ticket"
    AGREE: Final = "action_agree"
    ACCEPT_NO: Final = "action_accept_no"
    TAKE_DETAIL: Final = "action_take_detail"
    OWN_UP: Final = "action_own_up"
    SWITCH_LANGUAGE: Final = "action_switch_language"
    HAND_OFF: Final = "action_hand_off"
    RATE_CONVERSATION: Final = "action_rate_conversation"


class Responses:
    """Response names that Python code utters; the words are in domain.yml."""

    OFFER_ARTICLES: Final = "utter_offer_articles"
    OFFER_ARTICLES_AGAIN: Final = "utter_offer_articles_again"
    NONE_OF_THESE: Final = "utter_none_of_these"
    OFFER_ARTICLES_TOO: Final = "utter_offer_articles_too"
    REST_UNANSWERED: Final = "utter_rest_unanswered"
    LANGUAGE_SWITCHED: Final = "utter_language_switched"
    WHICH_LANGUAGE: Final = "utter_which_language"
    WHICH_ONE: Final = "utter_which_one"
    PERSON_IN_FORM: Final = "utter_person_in_form"
    DONT_KNOW: Final = "utter_dont_know"
    DONT_KNOW_AGAIN: Final = "utter_dont_know_again"
    OWN_CASE: Final = "utter_own_case"
    OWN_CASE_UNANSWERED: Final = "utter_own_case_unanswered"
    OWN_CASE_UNANSWERED_AGAIN: Final = "utter_own_case_unanswered_again"
    COMPLAINT: Final = "utter_complaint"
    COMPLAINT_UNANSWERED: Final = "utter_complaint_unanswered"
    CLARIFY_MONEY: Final = "utter_clarify_money"
    CLARIFY_ORDER: Final = "utter_clarify_order"
    CLARIFY_ACCOUNT: Final = "utter_clarify_account"
    CLARIFY_TICKET: Final = "utter_clarify_ticket"
    NOT_HELPFUL: Final = "utter_not_helpful"
    NOT_HELPFUL_AGAIN: Final = "utter_not_helpful_again"
    UNCLEAR: Final = "utter_unclear"
    UNCLEAR_AGAIN: Final = "utter_unclear_again"
    OUT_OF_SCOPE: Final = "utter_out_of_scope"
    OUT_OF_SCOPE_AGAIN: Final = "utter_out_of_scope_again"
    ABUSE: Final = "utter_abuse"
    ABUSE_AGAIN: Final = "utter_abuse_again"
    ARTICLE_GONE: Final = "utter_article_gone"
    BACKEND_DOWN: Final = "utter_backend_down"
    TICKET_OPENED: Final = "utter_ticket_opened"
    TICKET_BEGUN: Final = "utter_ticket_begun"
    TICKET_INCOMPLETE: Final = "utter_ticket_incomplete"
    TICKET_NOT_FOUND: Final = "utter_ticket_not_found"
    NO_TICKETS: Final = "utter_no_tickets"
    TICKET_LIST: Final = "utter_ticket_list"
    INVALID_SUBJECT: Final = "utter_invalid_subject"
    INVALID_DESCRIPTION: Final = "utter_invalid_description"
    INVALID_CONTACT_DETAIL: Final = "utter_invalid_contact_detail"
    CORRECTED: Final = "utter_corrected"
    AMENDED: Final = "utter_amended"
    CHOOSE_TICKET_FOR_NOTE: Final = "utter_choose_ticket_for_note"
    INVALID_NOTE: Final = "utter_invalid_note"
    ADDED_TO_TICKET: Final = "utter_added_to_ticket"
    NOTE_INCOMPLETE: Final = "utter_note_incomplete"
    TICKET_IS_CLOSED: Final = "utter_ticket_is_closed"
    CHOOSE_TICKET_TO_CLOSE: Final = "utter_choose_ticket_to_close"
    TICKET_STILL_OPEN: Final = "utter_ticket_still_open"
    OFFER_PERSON: Final = "utter_offer_person"
    GO_AHEAD: Final = "utter_go_ahead"
    CONTACT_KEPT: Final = "utter_contact_kept"
    ALL_RIGHT: Final = "utter_all_right"
    NOTED: Final = "utter_noted"
    WHAT_NEXT: Final = "utter_what_next"
    CONFIRM_CLOSING: Final = "utter_confirm_closing"
    TICKET_CLOSED: Final = "utter_ticket_closed"
    NO_OPEN_TICKETS: Final = "utter_no_open_tickets"
    ASK_RATING: Final = "utter_ask_rating"
    RATING_THANKS: Final = "utter_rating_thanks"
    RATING_LOW: Final = "utter_rating_low"
    RATING_REFUSED: Final = "utter_rating_refused"


class SystemResponses:
    """Response names that the app itself sends; Rasa never utters them."""

    WIDGET_GREETING: Final = "utter_widget_greeting"
    HANDED_OFF: Final = "utter_handed_off"
    HANDED_OFF_UPSET: Final = "utter_handed_off_upset"
    HANDED_OFF_GENTLY: Final = "utter_handed_off_gently"
    HANDED_OFF_IN_DANGER: Final = "utter_handed_off_in_danger"
    ASK_HOW_TO_REACH: Final = "utter_ask_how_to_reach"
    REACH_NOTED: Final = "utter_reach_noted"
    SORRY_REPEAT: Final = "utter_sorry_repeat"
    SORRY_NOT_UNDERSTOOD: Final = "utter_sorry_not_understood"
    SORRY_NO_ANSWER: Final = "utter_sorry_no_answer"
    SORRY_MONEY: Final = "utter_sorry_money"
    SORRY_ACCESS: Final = "utter_sorry_access"
    SORRY_BROKEN: Final = "utter_sorry_broken"
    SORRY_DELAY: Final = "utter_sorry_delay"
    SORRY_CHURN_THREAT: Final = "utter_sorry_churn_threat"
    SORRY_DISPLEASURE: Final = "utter_sorry_displeasure"
    SEEN_WHILE_WAITING: Final = "utter_seen_while_waiting"
    BOT_FAILED: Final = "utter_bot_failed"
    MESSAGE_UNREADABLE: Final = "utter_message_unreadable"
    MESSAGE_TOO_LONG: Final = "utter_message_too_long"
    AGENT_JOINED: Final = "utter_agent_joined"
    RETURNED_TO_BOT: Final = "utter_returned_to_bot"
    RESOLVED: Final = "utter_resolved"
    RATING_REASON_KEPT: Final = "utter_rating_reason_kept"
    DETAIL_ORDER_NUMBER: Final = "utter_detail_order_number"
    DETAIL_AMOUNT_TOMAN: Final = "utter_detail_amount_toman"
    DETAIL_AMOUNT_RIAL: Final = "utter_detail_amount_rial"
    DETAIL_AMOUNT_DOLLAR: Final = "utter_detail_amount_dollar"
    DETAIL_AMOUNT_EURO: Final = "utter_detail_amount_euro"
    DETAIL_AMOUNT_POUND: Final = "utter_detail_amount_pound"
    DETAIL_DATE: Final = "utter_detail_date"
    DETAIL_PRODUCT: Final = "utter_detail_product"
    DETAIL_CORRECTION: Final = "utter_detail_correction"


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
    APOLOGISED: Final = "apologised"


TICKET_STATUS_RESPONSES: Final = {
    "new": "utter_ticket_status_new",
    "open": "utter_ticket_status_open",
    "pending": "utter_ticket_status_pending",
    "on_hold": "utter_ticket_status_on_hold",
    "solved": "utter_ticket_status_solved",
    "closed": "utter_ticket_status_closed",
}
"""One response per ticket status, so that the words stay in domain.yml."""

LATER_RESPONSES: Final = {wish: f"utter_later_{wish}" for wish in WISHES_BY_URGENCY if wish != Intents.TALK_TO_PERSON}
"""What is said of a wish that waits while a more urgent one is seen to; a person sees to all of them."""

OFFERS: Final = {
    Responses.DONT_KNOW: Intents.OPEN_TICKET,
    Responses.DONT_KNOW_AGAIN: Intents.OPEN_TICKET,
    Responses.OWN_CASE: Intents.OPEN_TICKET,
    Responses.OWN_CASE_UNANSWERED: Intents.OPEN_TICKET,
    Responses.OWN_CASE_UNANSWERED_AGAIN: Intents.OPEN_TICKET,
    Responses.REST_UNANSWERED: Intents.OPEN_TICKET,
    Responses.COMPLAINT: Intents.OPEN_TICKET,
    Responses.COMPLAINT_UNANSWERED: Intents.OPEN_TICKET,
    Responses.NOTED: Intents.OPEN_TICKET,
    Responses.TICKET_INCOMPLETE: Intents.OPEN_TICKET,
    Responses.TICKET_IS_CLOSED: Intents.OPEN_TICKET,
    Responses.NOT_HELPFUL_AGAIN: Intents.TALK_TO_PERSON,
    Responses.ABUSE: Intents.TALK_TO_PERSON,
    Responses.OFFER_PERSON: Intents.TALK_TO_PERSON,
    Responses.NONE_OF_THESE: Intents.TALK_TO_PERSON,
    Responses.CONFIRM_CLOSING: Intents.CLOSE_TICKET,
    Responses.ASK_RATING: Intents.RATE_CONVERSATION,
    **{response: wish for wish, response in LATER_RESPONSES.items()},
}
"""What a response offers to do, so that a bare yes to it is understood."""

ASKS_WHICH_TICKET: Final = {
    Responses.NO_TICKETS: Intents.TICKET_STATUS,
    Responses.TICKET_LIST: Intents.TICKET_STATUS,
    Responses.TICKET_NOT_FOUND: Intents.TICKET_STATUS,
    Responses.CHOOSE_TICKET_FOR_NOTE: Intents.ADD_TO_TICKET,
    Responses.CHOOSE_TICKET_TO_CLOSE: Intents.CLOSE_TICKET,
}
"""What a response asks a ticket's number for, so that a bare one is understood."""

IN_FORM: Final = {
    Responses.DONT_KNOW: "utter_dont_know_in_form",
    Responses.DONT_KNOW_AGAIN: "utter_dont_know_again_in_form",
    Responses.OWN_CASE_UNANSWERED: "utter_dont_know_in_form",
    Responses.OWN_CASE_UNANSWERED_AGAIN: "utter_dont_know_again_in_form",
    Responses.REST_UNANSWERED: "utter_dont_know_in_form",
    Responses.NONE_OF_THESE: Responses.PERSON_IN_FORM,
    Responses.COMPLAINT: "utter_not_helpful_in_form",
    Responses.COMPLAINT_UNANSWERED: "utter_not_helpful_in_form",
    Responses.NOT_HELPFUL: "utter_not_helpful_in_form",
    Responses.NOT_HELPFUL_AGAIN: "utter_not_helpful_again_in_form",
    Responses.OUT_OF_SCOPE: "utter_out_of_scope_in_form",
    Responses.OUT_OF_SCOPE_AGAIN: "utter_out_of_scope_again_in_form",
    Responses.ABUSE: "utter_abuse_in_form",
    Responses.ABUSE_AGAIN: "utter_abuse_again_in_form",
    Responses.NO_TICKETS: "utter_no_tickets_in_form",
    Responses.NO_OPEN_TICKETS: "utter_no_tickets_in_form",
    Responses.TICKET_NOT_FOUND: "utter_ticket_not_found_in_form",
    Responses.TICKET_IS_CLOSED: "utter_ticket_closed_already_in_form",
    TICKET_STATUS_RESPONSES["closed"]: "utter_ticket_closed_already_in_form",
}
"""What is said in the middle of a form instead of a response whose buttons lead out of it."""

NO_CONTACT_DETAIL: Final = "none"
"""Value of `contact_detail` when the contact would rather not leave one."""
