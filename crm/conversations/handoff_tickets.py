"""The ticket that a handoff leaves with people: what it is about, and how urgent it is."""

from crm.contacts.service import remember_contact_detail
from crm.conversations.drafts import draft_in
from crm.conversations.policies import HandoffPolicies
from crm.conversations.repository import ConversationRepository
from crm.enums import HandoffReason, TicketStatus
from crm.models import Conversation, Ticket
from crm.tickets.details import with_details
from crm.tickets.service import TicketService
from crm.wording import Wording

# The subject where the contact has not typed a word.
UNSAID = "utter_subject_unsaid"


class HandoffTickets:
    """Finds or opens them, within one transaction."""

    def __init__(
        self,
        conversations: ConversationRepository,
        *,
        tickets: TicketService,
        policies: HandoffPolicies,
        wording: Wording,
    ) -> None:
        self.conversations = conversations
        self.tickets = tickets
        self.policies = policies
        self.wording = wording

    async def ticket_for(self, conversation: Conversation, reason: HandoffReason) -> Ticket:
        """The ticket that is at hand, as urgent as this handoff at least, or a new one for it."""
        priority = (await self.policies.current()).priority(reason)
        if ticket := await self._at_hand(conversation):
            return await self.tickets.change(ticket, priority=priority) if priority.exceeds(ticket.priority) else ticket
        subject, description = await self._matter_of(conversation)
        return await self.tickets.open(
            conversation,
            subject=subject or self.wording.say(UNSAID, conversation.language).text,
            description=description,
            priority=priority,
            idempotency_key=f"handoff:{conversation.id}:{conversation.last_sequence}",
        )

    async def _at_hand(self, conversation: Conversation) -> Ticket | None:
        """The ticket that people are called for already, or else the latest unfinished one that is not on hold."""
        unfinished = await self.tickets.tickets.unfinished_of(conversation.id)
        called_for = await self.conversations.ticket_called_for(conversation) if unfinished else None
        own = [ticket for ticket in unfinished if ticket.id == called_for]
        # What is on hold is another matter, which somebody has put off.
        others = [ticket for ticket in unfinished if ticket.status is not TicketStatus.on_hold]
        return next(iter(own + others), None)

    async def _matter_of(self, conversation: Conversation) -> tuple[str, str]:
        """A new ticket's subject and description: of the one that the contact was writing, or else what they typed."""
        typed = await self.conversations.last_typed_by_contact(conversation.id)
        said = typed.latest_text if typed else ""
        draft = draft_in(await self.conversations.dialogue_state(conversation.id))
        if draft is None or not draft.subject:
            return " ".join(said.split())[:120], said
        if draft.contact_detail:
            remember_contact_detail(conversation.contact, draft.contact_detail)
        return draft.subject, with_details(
            draft.description or said, draft.details, self.wording, conversation.language
        )
