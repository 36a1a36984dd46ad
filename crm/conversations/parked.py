"""Messages that were set aside since their turns failed too often: admins decide what becomes of them."""

from core.errors import Conflict
from crm.conversations.service import ConversationService
from crm.enums import TurnState
from crm.models import Message


class TurnNotParked(Conflict):
    """This message is not among those that were set aside."""

    code = "turn_not_parked"


class ParkedTurns:
    """What was set aside, within the transaction of `conversations`."""

    def __init__(self, conversations: ConversationService) -> None:
        self.conversations = conversations

    async def try_again(self, message_id: int) -> None:
        """Give a message that was set aside another turn.

        Raises:
            TurnNotParked
        """
        message = await self._parked(message_id)
        message.turn = TurnState.pending
        message.attempts = 0
        message.error = None
        message.outcome = None

    async def dismiss(self, message_id: int) -> None:
        """Leave a message that was set aside as it is; its error stays with it.

        Raises:
            TurnNotParked
        """
        message = await self._parked(message_id)
        message.turn = TurnState.done

    async def _parked(self, message_id: int) -> Message:
        message = await self.conversations.conversations.message(message_id)
        if message is None:
            raise TurnNotParked
        await self.conversations.lock(message.conversation_id)
        await self.conversations.session.refresh(message, ["turn"])
        if message.turn is not TurnState.parked:
            raise TurnNotParked
        return message
