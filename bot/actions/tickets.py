"""Open a ticket and tell how it stands."""

import re
from collections.abc import Sequence
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import ActionExecutionRejected, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from bot.actions.base import SupportAction, message_id_of, messages_before, offer_of, remember_offer, text_of
from bot.actions.corrections import find_amendment, find_correction, find_reopened
from bot.actions.follow_ups import asks_to_reopen, keep_at_hand, say_not_reopened, ticket_at_hand, wants_reopened
from bot.actions.form_words import as_saying, is_command, saying, withholds
from bot.actions.interruptions import is_interrupted
from bot.actions.knowledge import ActionAnswerFromKnowledgeBase
from bot.actions.schemas import Ticket, TicketDetails
from bot.identifiers import find_ticket_number
from bot.names import (
    NO_CONTACT_DETAIL,
    TICKET_STATUS_RESPONSES,
    TOPICS,
    Actions,
    Intents,
    Responses,
    Slots,
)
from bot.questions import is_question
from bot.ticket_wishes import dictated_ticket, title_of
from language.contact_details import find_contact_detail
from language.normalise import same_letters

SHORTEST_SUBJECT = 3
LONGEST_SUBJECT = 200
SHORTEST_DESCRIPTION = 5
LONGEST_CORRECTION = 4_000
# So much is said in a command that its words describe the matter, and so much by itself.
WORDS_OF_A_DESCRIPTION = 4
WORDS_OF_A_STORY = 12
WORDS_OF_MORE = 5
SHOWN_TICKETS = 5

_BARE_NUMBER = re.compile(
    r"(?:تیکت(?:م|ش|ی| من)?|\bti(?:ck|k)et)(?:\s+(?:با\s+)?(?:شماره[یٔ]?|شمارهٔ|number|no\.?|shomare))?[\s:#\u200c]+"
    r"(\d{2,9})(?![\w:/.-])",
    re.IGNORECASE,
)
_OF_TICKETS = re.compile(
    r"تیکت|پیگیری|درخواست|شکایت|مورد|گزارش|وضعیت|\b(?:ti(?:ck|k|c)ets?|case|request|report|complaint|status|issue|tiket\w*"
    r"|peygiri|darkhast\w*|shekayat\w*)\b",
    re.IGNORECASE,
)
_GOING_ON = re.compile(
    r"ادامه|نصفه|نیمه\u200c? ?کاره|همو?ا?ن تیکت"
    r"|\b(?:continue|resume|finish|go on with|carry on|edame|the same ticket)\b",
    re.IGNORECASE,
)
# Most of a phone number.
_FIGURES = re.compile(r"\d(?:[\s-]?\d){5,}")
# To a message that was understood as one of these, a ticket is offered for what it says.
_MATTERS = TOPICS | {Intents.ASK_KNOWLEDGE, Intents.COMPLAINT, Intents.NLU_FALLBACK}
# Told a moment before "so what do I do".
_MATTER_IS_AMONG = 3
# What no ticket can be called by: signs, "so what do I do", «سه روز پیش».
_UNIT = r"(?:days?|hours?|weeks?|months?|روزه?|ساعته?|هفته|ماهه?|ruz|hafte|mah)"
_SCRAP = saying(
    r"[\W\d_]*\w{0,2}[\W\d_]*",
    r"(?:so |then )?what (?:do|should|can|shall) i do(?: now)?|(?:so )?(?:now what|what now|how|why|when)",
    r"(?:پس |خب |الان |حالا )*(?:چیکار|چکار|چی ?کار|چه ?کار)(?: باید)?(?: ?ب?کن(?:م|یم))?(?: الان| حالا)?",
    r"(?:الان |حالا )?(?:چی|چه) ?(?:میشه|می شه|کنم|بکنم)?|خب|چرا|کی|چطور",
    rf"(?:\d+|یک|یه|دو|سه|چهار|پنج|an?|one|two|three|four|five) {_UNIT}(?: (?:ago|now|پیش|قبل|گذشته|شده|pish))?",
)
_ORDER = [Slots.TICKET_SUBJECT, Slots.TICKET_DESCRIPTION, Slots.CONTACT_DETAIL]


class ValidateTicketForm(FormValidationAction):  # type: ignore[misc]  # rasa_sdk has no types
    """Check each answer in the ticket form.

    A question in the middle of the form is none of its answers: the form steps aside, and the rule for questions has
    its turn. A correction of another answer is taken, and the form goes on where it was.
    """

    def name(self) -> str:
        return Actions.VALIDATE_TICKET_FORM

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        requested = tracker.get_slot(Slots.REQUESTED_SLOT)
        if requested in tracker.slots_to_validate() and (changes := _changes(dispatcher, tracker)):
            # The message is about another answer: what the form asked for is still to come.
            return [*changes, SlotSet(requested, None)]
        if not is_interrupted(tracker):
            events: list[EventType] = await super().run(dispatcher, tracker, domain)
            return events
        # Rasa has filled the slot with the question already; a rejection alone would leave it there.
        return [SlotSet(requested, None), ActionExecutionRejected(self.form_name())]

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[str]:
        """Where the app knows how to reach the contact, the form does not ask."""
        if tracker.get_slot(Slots.CONTACT_KNOWN):
            return [slot for slot in domain_slots if slot != Slots.CONTACT_DETAIL]
        return domain_slots

    def validate_ticket_subject(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value is None:
            return {Slots.TICKET_SUBJECT: None}
        subject = " ".join(str(value).split())
        if len(re.findall(r"\w", subject)) < SHORTEST_SUBJECT:
            dispatcher.utter_message(response=Responses.INVALID_SUBJECT)
            return {Slots.TICKET_SUBJECT: None}
        return {Slots.TICKET_SUBJECT: subject[:LONGEST_SUBJECT]}

    def validate_ticket_description(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value is None:
            return {Slots.TICKET_DESCRIPTION: None}
        description = str(value).strip()
        if len(description) < SHORTEST_DESCRIPTION:
            dispatcher.utter_message(response=Responses.INVALID_DESCRIPTION)
            return {Slots.TICKET_DESCRIPTION: None}
        return {Slots.TICKET_DESCRIPTION: description}

    def validate_contact_detail(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value is None or value == NO_CONTACT_DETAIL:
            return {Slots.CONTACT_DETAIL: value}
        contact_detail = find_contact_detail(str(value)) or (NO_CONTACT_DETAIL if withholds(str(value)) else None)
        if contact_detail is None:
            dispatcher.utter_message(response=Responses.INVALID_CONTACT_DETAIL)
        return {Slots.CONTACT_DETAIL: contact_detail}


def _changes(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """What the latest message changes of the form's other answers."""
    text = tracker.latest_message.get("text") or ""
    if reopened := find_reopened(text):
        # The form asks for it again, as it does for whatever it lacks.
        return [SlotSet(reopened, None)]
    if correction := find_correction(tracker):
        is_given_anew = bool(tracker.get_slot(correction.slot))
        dispatcher.utter_message(response=Responses.CORRECTED if is_given_anew else Responses.AMENDED)
        return [SlotSet(correction.slot, correction.value)]
    if amendment := _amendment(tracker, text):
        dispatcher.utter_message(response=Responses.AMENDED)
        earlier = tracker.get_slot(Slots.CORRECTION)
        return [SlotSet(Slots.CORRECTION, "\n".join(filter(None, [earlier, amendment]))[:LONGEST_CORRECTION])]
    return []


def _amendment(tracker: Tracker, text: str) -> str | None:
    """What the message sets right of the description, once that is written."""
    if tracker.get_slot(Slots.REQUESTED_SLOT) != Slots.CONTACT_DETAIL or find_contact_detail(text) or is_question(text):
        return None
    meant: dict[str, Any] = tracker.latest_message.get("intent") or {}
    if is_command(meant.get("name"), text, float(meant.get("confidence") or 0.0)):
        return None
    amendment = find_amendment(text)
    if amendment is None and _goes_on(text):
        amendment = text
    return " ".join(amendment.split()) if amendment else None


def _goes_on(text: str) -> bool:
    """Whether a text tells more of the matter instead of how to be reached: words, and no attempt at an address."""
    is_attempt = "@" in text or bool(_FIGURES.search(same_letters(text))) or withholds(text)
    return not is_attempt and not text.startswith("/") and len(text.split()) >= WORDS_OF_MORE


class ActionBeginTicket(Action):  # type: ignore[misc]  # rasa_sdk has no types
    """Start from an empty form, whatever an earlier one left behind; "open it again" is no wish for a new ticket."""

    def name(self) -> str:
        return Actions.BEGIN_TICKET

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        at_hand = ticket_at_hand(tracker)
        if at_hand is None or not wants_reopened(tracker):
            return begin_form(dispatcher, tracker)
        say_not_reopened(dispatcher, at_hand)
        # Instead of the form, which the rule would begin now.
        return [*remember_offer(dispatcher), FollowupAction("action_listen")]


def begin_form(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Set the form to what has been said of the ticket's matter already, and say so; nobody is asked for it again.

    Beside that nothing is left in it but a contact detail: given for an earlier ticket it still holds.
    """
    if has_draft(tracker) and wants_draft(tracker):
        dispatcher.utter_message(response=Responses.TICKET_BEGUN, subject=tracker.get_slot(Slots.TICKET_SUBJECT))
        return []
    subject, description = _dictated(tracker) or _matter_before(tracker) or (None, None)
    if subject:
        dispatcher.utter_message(response=Responses.TICKET_BEGUN, subject=subject)
    begun = {Slots.TICKET_SUBJECT: subject, Slots.TICKET_DESCRIPTION: description, Slots.CORRECTION: None}
    if tracker.get_slot(Slots.CONTACT_DETAIL) == NO_CONTACT_DETAIL:
        begun[Slots.CONTACT_DETAIL] = None
    return [SlotSet(slot, value) for slot, value in begun.items()]


def has_draft(tracker: Tracker) -> bool:
    """Whether a form was left before its ticket was opened."""
    return bool(tracker.get_slot(Slots.TICKET_SUBJECT))


def wants_draft(tracker: Tracker) -> bool:
    """Whether the latest message goes back to a ticket that was begun."""
    return bool(_GOING_ON.search(text_of(tracker)))


def _dictated(tracker: Tracker) -> tuple[str, str | None] | None:
    """Subject and, of more than a few words, description of the ticket that the latest message dictates."""
    words = dictated_ticket(text_of(tracker))
    if words is None:
        return None
    return title_of(words), words if len(words.split()) >= WORDS_OF_A_DESCRIPTION else None


def _matter_before(tracker: Tracker) -> tuple[str, str | None] | None:
    """The same of the message to which a ticket was offered: a question is all there is to say, a trouble is not."""
    told = messages_before(tracker, limit=_MATTER_IS_AMONG) if offer_of(tracker) == Intents.OPEN_TICKET else []
    matter = next((one for one in told if not _SCRAP.fullmatch(as_saying(str(one["text"])))), None)
    intent = ((matter or {}).get("parse_data") or {}).get("intent", {}).get("name")
    if matter is None or intent not in _MATTERS:
        return None
    words = str(matter["text"]).strip()
    if asks_to_reopen(words):
        return None
    is_whole = is_question(words) or len(words.split()) >= WORDS_OF_A_STORY
    return title_of(words), words if is_whole else None


class ActionGoBack(Action):  # type: ignore[misc]  # rasa_sdk has no types
    """Forget the answer before the one that the form is asking for, so that it asks for that one again.

    Where the message gives the right answer along with its wish to go back, that one is taken.
    """

    def name(self) -> str:
        return Actions.GO_BACK

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        requested = tracker.get_slot(Slots.REQUESTED_SLOT)
        correction = find_correction(tracker)
        if correction:
            dispatcher.utter_message(response=Responses.CORRECTED)
            return [SlotSet(correction.slot, correction.value)]
        if reopened := find_reopened(tracker.latest_message.get("text") or ""):
            return [SlotSet(reopened, None)]
        if requested not in _ORDER[1:]:
            return []
        return [SlotSet(_ORDER[_ORDER.index(requested) - 1], None)]


class ActionOpenTicket(SupportAction):
    """Open the ticket that the form collected. A form that ended early leaves nothing to open, and none is."""

    def name(self) -> str:
        return Actions.OPEN_TICKET

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        subject = tracker.get_slot(Slots.TICKET_SUBJECT)
        description = tracker.get_slot(Slots.TICKET_DESCRIPTION)
        if not subject or not description:
            dispatcher.utter_message(response=Responses.TICKET_INCOMPLETE)
            return []
        ticket = await self.backend.open_ticket(
            tracker.sender_id,
            subject=subject,
            description=description,
            details=TicketDetails(**{name: tracker.get_slot(name) for name in TicketDetails.model_fields}),
            contact_detail=_contact_detail(tracker),
            # A turn that is run again must not open a second ticket.
            idempotency_key=f"{tracker.sender_id}:{message_id_of(tracker)}",
        )
        dispatcher.utter_message(response=Responses.TICKET_OPENED, ticket_number=ticket.number, subject=ticket.subject)
        has_contact = bool(_contact_detail(tracker) or tracker.get_slot(Slots.CONTACT_KNOWN))
        # They were this ticket's; the next one may be about another order.
        told = [*TicketDetails.model_fields, Slots.TICKET_SUBJECT, Slots.TICKET_DESCRIPTION]
        spent = [SlotSet(name, None) for name in told if tracker.get_slot(name)]
        return [*spent, keep_at_hand(tracker, ticket.number, is_closed=False, has_contact=has_contact)]


class ActionShowTicketStatus(SupportAction):
    """Tell how the named ticket stands; without a number, the contact's only ticket, or all of them to choose from."""

    hears_follow_ups = True

    def name(self) -> str:
        return Actions.SHOW_TICKET_STATUS

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        number = named_ticket(tracker)
        shown = (
            await self.show_one(dispatcher, tracker, number) if number else await self._show_all(dispatcher, tracker)
        )
        # The next "how is my ticket?" is about any of them again.
        return [SlotSet(Slots.TICKET_NUMBER, None), *shown]

    async def show_one(self, dispatcher: CollectingDispatcher, tracker: Tracker, number: str) -> list[EventType]:
        """Tell how the ticket of this number stands, or that the contact has none such."""
        canonical = find_ticket_number(number)
        ticket = await self.backend.find_ticket(canonical, conversation_id=tracker.sender_id) if canonical else None
        if ticket is None:
            dispatcher.utter_message(response=Responses.TICKET_NOT_FOUND, ticket_number=number)
            return []
        return _say_status_and_keep(dispatcher, tracker, ticket)

    async def _show_all(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        tickets = await self.backend.list_tickets(tracker.sender_id)
        if len(tickets) == 1:
            return _say_status_and_keep(dispatcher, tracker, tickets[0])
        if tickets:
            buttons = ticket_buttons(tickets, Intents.TICKET_STATUS)
            dispatcher.utter_message(response=Responses.TICKET_LIST, buttons=buttons)
        elif is_question(text_of(tracker)) and not _OF_TICKETS.search(text_of(tracker)):
            # Who has no ticket asks when they will hear of something else.
            return await ActionAnswerFromKnowledgeBase(self.backend).respond(dispatcher, tracker)
        else:
            dispatcher.utter_message(response=Responses.NO_TICKETS)
        return []


def _say_status_and_keep(dispatcher: CollectingDispatcher, tracker: Tracker, ticket: Ticket) -> list[EventType]:
    """What is said next may be about this ticket."""
    say_status(dispatcher, ticket)
    return [keep_at_hand(tracker, ticket.number, is_closed=ticket.status == "closed")]


def named_ticket(tracker: Tracker) -> str | None:
    """The number of the ticket that the message names; after "ticket" a bare number is one: «تیکت ۱۰۲۳ چی شد؟»."""
    if number := tracker.get_slot(Slots.TICKET_NUMBER):
        return str(number)
    bare = _BARE_NUMBER.search(text_of(tracker))
    # `int` reads the digits of any script.
    return f"HM-{int(bare[1])}" if bare else None


def say_status(dispatcher: CollectingDispatcher, ticket: Ticket) -> None:
    """One message with the ticket's status in words."""
    response = TICKET_STATUS_RESPONSES[ticket.status]
    dispatcher.utter_message(response=response, ticket_number=ticket.number, subject=ticket.subject)


def ticket_buttons(tickets: Sequence[Ticket], intent: str) -> list[dict[str, str]]:
    """Tickets to choose from; the chosen one comes back as the intent with its number."""
    return [
        {
            "title": f"{ticket.number}: {ticket.subject}",
            "payload": f'/{intent}{{"{Slots.TICKET_NUMBER}": "{ticket.number}"}}',
        }
        for ticket in tickets[:SHOWN_TICKETS]
    ]


def _contact_detail(tracker: Tracker) -> str | None:
    value = tracker.get_slot(Slots.CONTACT_DETAIL)
    return None if value in (None, NO_CONTACT_DETAIL) else str(value)
