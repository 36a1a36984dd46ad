"""What the knowledge base needs of the world outside: what was asked before."""

from collections.abc import Sequence
from typing import Protocol


class EarlierQuestions(Protocol):
    """Knows conversations."""

    async def questions_before(self, conversation_id: str, message_id: str) -> Sequence[str]:
        """What the contact asked and found something on right before a message, latest first; often nothing."""
        ...
