"""What contacts and agents wrote, without what tells who they are."""

import re
from collections.abc import Callable, Iterable, Sequence

from crm.contacts.names import names_of_contact
from crm.conversations.repository import ConversationRepository
from knowledge_base.models import Gap
from knowledge_base.personal import Personal, without_personal
from knowledge_base.service import KnowledgeService
from web.knowledge.words import PLACEHOLDERS
from web.translation import translate

_PERSIAN = re.compile("[\u0621-\u06d3]")


def without_people(text: str, people: Iterable[str]) -> str:
    """A text with placeholders in its own language for whatever tells who it is about."""
    language = "fa" if _PERSIAN.search(text) else "en"
    placeholders: dict[Personal, str] = {kind: translate(words, language) for kind, words in PLACEHOLDERS.items()}
    return without_personal(text, known=people, placeholders=placeholders)


async def impersonal(knowledge: KnowledgeService, gaps: Sequence[Gap]) -> Callable[[Gap], str]:
    """What each of these questions says without whoever asked it, as far as that is known."""
    ids = {gap.conversation_id for gap in gaps if gap.conversation_id}
    conversations = await ConversationRepository(knowledge.session).with_contacts(ids)
    names = {one.id: names_of_contact(one) for one in conversations}
    return lambda gap: without_people(gap.question, names.get(gap.conversation_id or "", ()))


async def question_of(knowledge: KnowledgeService, gap: Gap) -> str:
    """The same of one question."""
    return (await impersonal(knowledge, [gap]))(gap)
