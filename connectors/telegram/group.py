"""What is written in groups: nothing there is a contact's, and in a group that was not paired nothing counts."""

from telegram import Message

from connectors.telegram import responses
from connectors.telegram.commands import words_behind
from connectors.telegram.ports import Answer, Answered, Colleagues, Linked, Notice, Notices, Say

_LINKED = {Linked.group: responses.GROUP_PAIRED, Linked.account: responses.ACCOUNT_LINKED}
_REFUSALS = {
    Answer.alert_unknown: responses.ALERT_UNKNOWN,
    Answer.account_unknown: responses.ACCOUNT_UNKNOWN,
    Answer.not_allowed: responses.REPLY_NOT_ALLOWED,
    Answer.refused: responses.REPLY_REFUSED,
}


class AgentsGroup:
    """Takes what members of the agents' group write to the bot."""

    def __init__(self, *, bot_number: int, colleagues: Colleagues, say: Say, notices: Notices) -> None:
        self._bot_number = bot_number
        self._colleagues = colleagues
        self._say = say
        self._notices = notices

    async def take(self, message: Message, command: str | None) -> None:
        """Deal with one message in a group; Telegram may bring it again."""
        chat = message.chat.id
        if command == "link":
            await self._link(message)
            return
        language = await self._colleagues.language_of(chat)
        if language is None:
            return
        if message.migrate_to_chat_id:
            await self._colleagues.move(chat, to=message.migrate_to_chat_id)
        elif self._is_to_us(message):
            await self._answer(message, language)

    async def link_privately(self, message: Message, language: str) -> None:
        """Make the account that writes an agent's, by their code."""
        linked = await self._link_account(message)
        name = _LINKED[linked] if linked else responses.CODE_WRONG
        await self._queue(message, self._say(name, language).text)

    async def _link(self, message: Message) -> None:
        chat, title = message.chat.id, message.chat.title or ""
        linked = await self._colleagues.pair(
            words_behind(message), chat=chat, title=title, message=self._place(message)
        )
        language = await self._colleagues.language_of(chat)
        if language is None:
            return
        linked = linked or await self._link_account(message)
        await self._tell(message, _LINKED[linked] if linked else responses.CODE_WRONG, language)

    async def _link_account(self, message: Message) -> Linked | None:
        writer = message.from_user
        # Whoever writes in the name of a group or channel is nobody in particular.
        if writer is None or writer.is_bot or message.sender_chat:
            return None
        return await self._colleagues.link(words_behind(message), user_id=writer.id, message=self._place(message))

    async def _answer(self, message: Message, language: str) -> None:
        """Send a reply to an alert on to the contact, or say why not."""
        alert, writer = message.reply_to_message, message.from_user
        if alert is None or writer is None:
            return
        if not message.text:
            await self._tell(message, responses.REPLY_WORDS_ONLY, language)
            return
        answer = await self._colleagues.answer(
            message.text,
            alert=Answered(alert.chat.id, alert.message_id, alert.text or ""),
            user_id=writer.id,
            message=self._place(message),
        )
        if answer is not Answer.stored:
            await self._tell(message, _REFUSALS[answer], language)

    def _is_to_us(self, message: Message) -> bool:
        answered = message.reply_to_message
        return bool(answered and answered.from_user and answered.from_user.id == self._bot_number)

    def _place(self, message: Message) -> str:
        """Where a message stands: each bot may count those of a small group from 1."""
        return f"{self._bot_number}:{message.chat.id}:{message.message_id}"

    async def _tell(self, message: Message, name: str, language: str) -> None:
        await self._queue(message, self._say(name, language).text, answers=message.message_id)

    async def _queue(self, message: Message, text: str, *, answers: int | None = None) -> None:
        chat = str(message.chat.id)
        await self._notices.queue(Notice(chat=chat, cause=self._place(message), text=text, answers=answers))
