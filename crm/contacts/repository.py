"""Contacts in SQL."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from crm.models import Contact, Conversation


class ContactRepository:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, contact_id: int) -> Contact | None:
        return await self.session.get(Contact, contact_id)

    async def conversations(self, contact_id: int) -> Sequence[Conversation]:
        """A contact's conversations, one for each address they wrote from, the latest first."""
        statement = (
            select(Conversation)
            .where(Conversation.contact_id == contact_id)
            .options(joinedload(Conversation.inbox))
            .order_by(Conversation.updated_at.desc(), Conversation.id)
        )
        return (await self.session.scalars(statement)).all()
