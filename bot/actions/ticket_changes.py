"""Add to a ticket, and close one."""

import re
from typing import Any

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.events import ActionExecutionRejected, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from bot.actions.backend import BackendRefused
from bot.actions.base import SupportAction, is_fresh, offer_of, previous_action_of, text_of
from bot.actions.follow_ups import fresh_ticket, is_afterthought, is_closing, keep_at_hand
from bot.actions.interruptions import NOTE, is_interrupted
from bot.actions.knowledge import ActionAnswerFromKnowledgeBase
from bot.actions.schemas import HandoffReason, Ticket
from bot.actions.tickets import (
    ActionShowTicketStatus,
    begin_form,
    has_draft,
    named_ticket,
    ticket_buttons,
    wants_draft,
)
from bot.identifiers import find_ticket_number, names_ticket, number_alone
from bot.names import Actions, Forms, Intents, Responses, Slots
from bot.questions import is_marked_question
from bot.wishes import wish_clauses
from language.contact_details import find_contact_detail

SHORTEST_NOTE = 3
LONGEST_NOTE = 4000
WORDS_OF_A_QUESTION = 2

# «چرا نه»
_ASKING_WHY = re.compile(r"\W*(?:چرا|why|chera)(?!\w)", re.IGNORECASE)


class ActionChooseTicket(SupportAction):
    """Find the ticket that is to be added to: the one that is named, or the only unfinished one.

    Sets `noted_ticket`, or asks which, or says why there is none; and `ticket_note` where the words were given already.
    """

    def name(self) -> str:
        return Actions.CHOOSE_TICKET

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        number = named_ticket(tracker)
        if number is None and (draft := _draft_gone_on_with(dispatcher, tracker)):
            return [SlotSet(Slots.NOTED_TICKET, None), *draft]
        chosen = await self.choose(dispatcher, tracker, number)
        return [
            SlotSet(Slots.NOTED_TICKET, chosen),
            SlotSet(Slots.TICKET_NOTE, _note_in(tracker)),
            SlotSet(Slots.TICKET_NUMBER, None),
        ]

    async def choose(self, dispatcher: CollectingDispatcher, tracker: Tracker, number: str | None) -> str | None:
        """The ticket of this number, or the only unfinished one; says so where there is none."""
        if number:
            return await self._named(dispatcher, tracker, number)
        return await self._only_one(dispatcher, tracker)

    async def _named(self, dispatcher: CollectingDispatcher, tracker: Tracker, number: str) -> str | None:
        ticket = await _find(self, tracker, number)
        if ticket is None:
            dispatcher.utter_message(response=Responses.TICKET_NOT_FOUND, ticket_number=number)
        elif ticket.status == "closed":
            dispatcher.utter_message(response=Responses.TICKET_IS_CLOSED, ticket_number=ticket.number)
        else:
            return ticket.number
        return None

    async def _only_one(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> str | None:
        unfinished = _at_hand_of(tracker, await _unfinished(self, tracker))
        if len(unfinished) == 1:
            return unfinished[0].number
        if unfinished:
            buttons = ticket_buttons(unfinished, Intents.ADD_TO_TICKET)
            dispatcher.utter_message(response=Responses.CHOOSE_TICKET_FOR_NOTE, buttons=buttons)
        else:
            dispatcher.utter_message(response=Responses.NO_OPEN_TICKETS)
        return None

    def _speak_of_other_wish(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        # When the note is in the ticket.
        return []


class ValidateNoteForm(FormValidationAction):  # type: ignore[misc]  # rasa_sdk has no types
    """Check the note; a question in the middle is none, and is answered first."""

    def name(self) -> str:
        return Actions.VALIDATE_NOTE_FORM

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if is_interrupted(tracker):
            return [SlotSet(Slots.TICKET_NOTE, None), ActionExecutionRejected(self.form_name())]
        events: list[EventType] = await super().run(dispatcher, tracker, domain)
        return events

    def validate_ticket_note(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        note = str(value or "").strip()
        if value is not None and len(note) < SHORTEST_NOTE:
            dispatcher.utter_message(response=Responses.INVALID_NOTE)
        return {Slots.TICKET_NOTE: note[:LONGEST_NOTE] if len(note) >= SHORTEST_NOTE else None}


class ActionAddToTicket(SupportAction):
    """Add the note that the form collected. A form that ended early leaves nothing to add."""

    def name(self) -> str:
        return Actions.ADD_TO_TICKET

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        number, note = tracker.get_slot(Slots.NOTED_TICKET), tracker.get_slot(Slots.TICKET_NOTE)
        canonical = find_ticket_number(str(number or ""))
        if not canonical or not note:
            dispatcher.utter_message(response=Responses.NOTE_INCOMPLETE)
            return []
        try:
            ticket = await self.backend.add_to_ticket(canonical, note, conversation_id=tracker.sender_id)
        except BackendRefused as refusal:
            if not refusal.is_conflict:
                raise
            dispatcher.utter_message(response=Responses.TICKET_IS_CLOSED, ticket_number=canonical)
        else:
            dispatcher.utter_message(response=Responses.ADDED_TO_TICKET, ticket_number=ticket.number)
        return [SlotSet(Slots.NOTED_TICKET, None), SlotSet(Slots.TICKET_NOTE, None), keep_at_hand(tracker, canonical)]


class ActionCloseTicket(SupportAction):
    """Close the named ticket; without a number, ask whether it is the only unfinished one, or which."""

    hears_follow_ups = True

    def name(self) -> str:
        return Actions.CLOSE_TICKET

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        # "Close it" after "shall I close it?" is a yes.
        number = named_ticket(tracker) or is_closing(tracker)
        asked_about, closed = None, list[EventType]()
        if number:
            closed = await _close(self, dispatcher, tracker, str(number))
        else:
            asked_about = await self._ask(dispatcher, tracker)
        return [SlotSet(Slots.TICKET_NUMBER, None), SlotSet(Slots.CLOSING_TICKET, asked_about), *closed]

    async def _ask(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> str | None:
        """Ask what to close; the ticket's number where a yes is enough of an answer."""
        unfinished = _at_hand_of(tracker, await _unfinished(self, tracker))
        if len(unfinished) == 1:
            (ticket,) = unfinished
            dispatcher.utter_message(
                response=Responses.CONFIRM_CLOSING, ticket_number=ticket.number, subject=ticket.subject
            )
            return ticket.number
        if unfinished:
            buttons = ticket_buttons(unfinished, Intents.CLOSE_TICKET)
            dispatcher.utter_message(response=Responses.CHOOSE_TICKET_TO_CLOSE, buttons=buttons)
        else:
            dispatcher.utter_message(response=Responses.NO_OPEN_TICKETS)
        return None


class ActionAgree(SupportAction):
    """Do what the contact says yes to, where it was offered just before: close a ticket, open one, call a person.

    Else give the choices.
    """

    hears_follow_ups = True

    def name(self) -> str:
        return Actions.AGREE

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        number, offer = tracker.get_slot(Slots.CLOSING_TICKET), offer_of(tracker)
        spent = SlotSet(Slots.CLOSING_TICKET, None)
        # A yes after anything else is not meant for that question, even if it stands open.
        if number and (offer == Intents.CLOSE_TICKET or previous_action_of(tracker) == Actions.CLOSE_TICKET):
            return [spent, *await _close(self, dispatcher, tracker, str(number))]
        return [spent, *await self._take_up(offer, dispatcher, tracker)]

    async def _take_up(self, offer: str | None, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        if offer == Intents.OPEN_TICKET:
            return [*begin_form(dispatcher, tracker), FollowupAction(Forms.TICKET)]
        if offer == Intents.TALK_TO_PERSON:
            await self.backend.hand_off(tracker.sender_id, reason=HandoffReason.contact_asked)
            return []
        if offer == Intents.TICKET_STATUS:
            return await ActionShowTicketStatus(self.backend).respond(dispatcher, tracker)
        if offer == Intents.CLOSE_TICKET:
            return await ActionCloseTicket(self.backend).respond(dispatcher, tracker)
        if offer == Intents.ADD_TO_TICKET:
            return await _begin_note(self, dispatcher, tracker)
        if offer and (clause := _said_of(tracker, offer)):
            return await ActionAnswerFromKnowledgeBase(self.backend).answer_to(clause, dispatcher, tracker)
        if draft := _draft_gone_on_with(dispatcher, tracker):
            return draft
        if offer is None and _has_just_given_choices(tracker):
            dispatcher.utter_message(response=Responses.WHICH_ONE)
            return []
        # "Ok" after an answer asks for nothing, and nobody is given the choices twice in a row.
        is_acknowledging = is_fresh(tracker, Slots.LAST_ARTICLE) or previous_action_of(tracker) == Actions.AGREE
        dispatcher.utter_message(response=Responses.ALL_RIGHT if is_acknowledging else Responses.WHAT_NEXT)
        return []


class ActionAcceptNo(SupportAction):
    """Take a no for what it is.

    "No, go on" goes back to a ticket that was begun, and what ends in a question mark is a question: «پس نمیشه؟»
    """

    hears_follow_ups = True

    def name(self) -> str:
        return Actions.ACCEPT_NO

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        if draft := _draft_gone_on_with(dispatcher, tracker):
            return draft
        text = text_of(tracker)
        asks = is_marked_question(text) or _ASKING_WHY.match(text)
        if asks and len(text.split()) >= WORDS_OF_A_QUESTION:
            return await ActionAnswerFromKnowledgeBase(self.backend).respond(dispatcher, tracker)
        dispatcher.utter_message(response=Responses.ALL_RIGHT)
        return []


class ActionTakeDetail(SupportAction):
    """Take a ticket's number for what it was asked for, or to tell how that ticket stands.

    A contact detail is kept. Of everything else the bot asks what it is about.
    """

    hears_follow_ups = True

    def name(self) -> str:
        return Actions.TAKE_DETAIL

    async def respond(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        asked = tracker.get_slot(Slots.ASKED_WHICH_TICKET) if is_fresh(tracker, Slots.ASKED_WHICH_TICKET) else None
        if is_closing(tracker):
            # Not that one, but this one.
            asked = Intents.CLOSE_TICKET
        if number := await self._ticket_in(tracker, is_asked_for=asked is not None):
            return [SlotSet(Slots.TICKET_NUMBER, None), *await self._go_on(asked, number, dispatcher, tracker)]
        if contact_detail := find_contact_detail(text_of(tracker), is_asked_for=False):
            await self.backend.keep_contact_detail(tracker.sender_id, contact_detail)
        dispatcher.utter_message(response=Responses.NOTED)
        return []

    async def _ticket_in(self, tracker: Tracker, *, is_asked_for: bool) -> str | None:
        """The ticket that the message names; a bare number that was not asked for has to be that of one of theirs."""
        if number := named_ticket(tracker):
            return number
        alone = number_alone(text_of(tracker))
        if alone is None:
            return None
        number = f"HM-{alone}"
        is_meant = is_asked_for or names_ticket(text_of(tracker))
        return number if is_meant or await _find(self, tracker, number) else None

    async def _go_on(
        self, asked: str | None, number: str, dispatcher: CollectingDispatcher, tracker: Tracker
    ) -> list[EventType]:
        if asked == Intents.CLOSE_TICKET:
            return await _close(self, dispatcher, tracker, number)
        if asked == Intents.ADD_TO_TICKET:
            return await _begin_note(self, dispatcher, tracker, number=number)
        return await ActionShowTicketStatus(self.backend).show_one(dispatcher, tracker, number)


def _draft_gone_on_with(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """The way back to a ticket that was begun; nothing where none was, or the message is about something else."""
    if not (has_draft(tracker) and wants_draft(tracker)):
        return []
    return [*begin_form(dispatcher, tracker), FollowupAction(Forms.TICKET)]


async def _begin_note(
    action: SupportAction, dispatcher: CollectingDispatcher, tracker: Tracker, *, number: str | None = None
) -> list[EventType]:
    """Ask for the words to add, unless they were said already; says why where there is no ticket to add to."""
    chosen = await ActionChooseTicket(action.backend).choose(dispatcher, tracker, number)
    note = [SlotSet(Slots.NOTED_TICKET, chosen), SlotSet(Slots.TICKET_NOTE, tracker.get_slot(Slots.TICKET_NOTE))]
    return [*note, FollowupAction(Forms.NOTE)] if chosen else []


def _has_just_given_choices(tracker: Tracker) -> bool:
    """Whether the bot has just asked which of several matters or articles is meant."""
    was_looked_up = previous_action_of(tracker) == Actions.ANSWER_FROM_KNOWLEDGE_BASE
    return was_looked_up and not is_fresh(tracker, Slots.LAST_ARTICLE)


def _said_of(tracker: Tracker, wish: str) -> str | None:
    """The words in which the contact last named a wish beside others."""
    said = [str(event.get("text") or "") for event in tracker.events if event.get("event") == "user"]
    return next((clauses[wish] for text in reversed(said) if wish in (clauses := wish_clauses(text))), None)


async def _close(
    action: SupportAction, dispatcher: CollectingDispatcher, tracker: Tracker, number: str
) -> list[EventType]:
    ticket = await _find(action, tracker, number)
    if ticket is None:
        dispatcher.utter_message(response=Responses.TICKET_NOT_FOUND, ticket_number=number)
        return []
    closed = await action.backend.close_ticket(ticket.number, conversation_id=tracker.sender_id)
    dispatcher.utter_message(response=Responses.TICKET_CLOSED, ticket_number=closed.number)
    return [keep_at_hand(tracker, closed.number, is_closed=True)]


def _note_in(tracker: Tracker) -> str | None:
    """What the message wants added. A button only says to which ticket, and the words came before it."""
    text = tracker.latest_message.get("text") or ""
    if text.startswith("/"):
        earlier: str | None = tracker.get_slot(Slots.TICKET_NOTE)
        return earlier
    if note := NOTE.search(text):
        return note["note"].strip()[:LONGEST_NOTE]
    return text[:LONGEST_NOTE] if fresh_ticket(tracker) and is_afterthought(tracker) else None


async def _find(action: SupportAction, tracker: Tracker, number: str) -> Ticket | None:
    """The contact's ticket of that number, however it is written; None for what is no number, or not theirs."""
    canonical = find_ticket_number(number)
    return await action.backend.find_ticket(canonical, conversation_id=tracker.sender_id) if canonical else None


def _at_hand_of(tracker: Tracker, tickets: list[Ticket]) -> list[Ticket]:
    """Of several, the one that was spoken of just before, if it is among them."""
    number = (fresh_ticket(tracker) or {}).get("number")
    return [ticket for ticket in tickets if ticket.number == number] or tickets


async def _unfinished(action: SupportAction, tracker: Tracker) -> list[Ticket]:
    tickets = await action.backend.list_tickets(tracker.sender_id)
    return [ticket for ticket in tickets if ticket.is_unfinished]
