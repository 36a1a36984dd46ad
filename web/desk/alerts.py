"""What agents are told of a handoff away from the desk, in its words."""

from collections.abc import Sequence

from crm.models import Handoff
from web.desk.presenter import causes_of
from web.desk.words import HANDOFF_REASONS
from web.translation import translate


def reasons_of(handoff: Handoff, language: str) -> Sequence[str]:
    """Why a person was brought in: the reason, then what weighed, each said once."""
    texts = [HANDOFF_REASONS[handoff.reason], *(cause.text for cause in causes_of(handoff))]
    return [translate(text, language) for text in dict.fromkeys(texts)]
