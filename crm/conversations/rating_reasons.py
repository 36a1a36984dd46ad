"""Why a contact was not content: what they write first after a low rating, which has then asked them."""

from datetime import timedelta

from crm.conversations.claims import Claim
from crm.conversations.thinking import Thought
from crm.enums import Outcome
from crm.models import Rating
from language.ratings import LOW_RATING

# Later it is about something else.
SAID_WITHIN = timedelta(days=1)
# The bot's intents of who says how it was.
TELLING = frozenset({"abuse", "complaint", "doubt"})
_QUESTION_MARKS = ("?", "؟")


def rating_explained(claim: Claim, thought: Thought) -> Rating | None:
    """The rating of which a turn's message says why it was so low, if it does.

    It does so where it complains, is displeased, or is nothing that the bot knows: whoever wants something next is
    simply answered.
    """
    rating = _rating_without_reason(claim)
    if rating is None or claim.command or claim.is_wordless or claim.words.rstrip().endswith(_QUESTION_MARKS):
        return None
    is_displeased = thought.reading is not None and thought.reading.sentiment == "negative"
    complains = thought.answer is not None and thought.answer.intent in TELLING
    return rating if is_displeased or complains or thought.outcome is Outcome.not_understood else None


def _rating_without_reason(claim: Claim) -> Rating | None:
    """The contact's last rating, if it is low, says nothing, and nothing was said since."""
    rating = claim.ratings[-1] if claim.ratings else None
    if rating is None or rating.conversation_id != claim.conversation.id:
        return None
    is_bare = rating.score <= LOW_RATING and not rating.comment
    is_fresh = rating.created_at <= claim.messages[0].created_at <= rating.created_at + SAID_WITHIN
    is_first = all(message.created_at <= rating.created_at for message in claim.history)
    return rating if is_bare and is_fresh and is_first else None
