"""A resolved conversation becomes the draft of an article, without what tells who took part in it."""

import hashlib
import re
from collections.abc import Sequence
from itertools import takewhile

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from core.errors import Conflict
from crm.agents.auth import ConversationAgent, KnowledgeEditor
from crm.contacts.names import names_of_contact
from crm.dependencies import ConversationsReadDep
from crm.enums import Author, ConversationStatus, MessageKind
from crm.models import Conversation, Message
from knowledge_base.learning import Learning, wordings
from web.knowledge.impersonal import without_people
from web.knowledge.pages import HOME
from web.knowledge_access import KnowledgeDep

router = APIRouter(include_in_schema=False)

RESOLVED = "utter_resolved"
_ASKS = re.compile("[?؟]")


class NothingAnswered(Conflict):
    """Only a resolved conversation in which somebody of us answered a question becomes an article."""

    code = "nothing_answered"


@router.post("/desk/conversations/{conversation_id}/article")
async def make_article(
    conversation_id: str,
    agent: KnowledgeEditor,
    _reader: ConversationAgent,
    conversations: ConversationsReadDep,
    knowledge: KnowledgeDep,
) -> Response:
    """Begin a draft of what was asked and answered last; pressed again, it leads to the same draft."""
    conversation = await conversations.get(conversation_id)
    matter = last_matter(await conversations.conversations.messages(conversation.id, internal=False))
    people = _people(conversation, matter)
    questions = wordings(_without(people, _questions(matter)))
    answers = _without(people, [one.text for one in matter if one.author is Author.agent])
    if conversation.status is not ConversationStatus.resolved or not questions or not answers:
        raise NothingAnswered
    article = await Learning(knowledge).start_from_answers(
        questions,
        answers,
        language=conversation.language,
        slug=_slug(conversation, matter),
        by=agent.name,
        owner_id=agent.id,
    )
    return RedirectResponse(f"{HOME}/{article.id}?done=draft_of_conversation", status_code=303)


def last_matter(messages: Sequence[Message]) -> list[Message]:
    """What contact and agents said of the matter that was resolved last; a conversation may go on for years."""
    resolved = max((place for place, one in enumerate(messages) if one.response == RESOLVED), default=len(messages))
    before = takewhile(lambda one: one.response != RESOLVED, reversed(messages[:resolved]))
    said = [one for one in before if one.kind is MessageKind.text and one.author in (Author.contact, Author.agent)]
    return said[::-1]


def _questions(matter: Sequence[Message]) -> list[str]:
    """What the contact asked: what has a question mark, or else what they said first in more than a word."""
    contacts = (one for one in matter if one.author is Author.contact)
    typed = (one.latest_text for one in contacts if not one.payload and not one.response)
    said = [text for text in typed if any(map(str.isalpha, text))]
    asked = [text for text in said if _ASKS.search(text)]
    return asked or [text for text in said if len(text.split()) > 1][:1]


def _people(conversation: Conversation, matter: Sequence[Message]) -> list[str]:
    """Names and addresses of whoever took part."""
    colleagues = {one.agent.name for one in matter if one.agent}
    return [*names_of_contact(conversation), *colleagues]


def _without(people: Sequence[str], texts: Sequence[str]) -> list[str]:
    return [without_people(text, people) for text in texts if text.strip()]


def _slug(conversation: Conversation, matter: Sequence[Message]) -> str:
    """An address that is always the same for this matter, and tells nobody which conversation it was."""
    mark = f"{conversation.id}:{matter[-1].sequence if matter else 0}"
    return f"answer-{hashlib.sha256(mark.encode()).hexdigest()[:10]}"
