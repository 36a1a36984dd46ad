"""The CRM's tables; together, since their relationships cross the features."""

from crm.models.agent import Agent, AgentSession
from crm.models.attachment import Attachment
from crm.models.contact import Consent, Contact, ContactIdentity
from crm.models.conversation import Conversation, Handoff, MergedConversation, Rating, SavedHandoffPolicy
from crm.models.email import EmailOriginal, EmailThread
from crm.models.inbox import Inbox, ParkedUpdate, PollerLease
from crm.models.label import IntentLabel
from crm.models.message import Delivery, FindableMessage, Message
from crm.models.telegram import (
    HandoffAlert,
    PairingCode,
    PollerOffset,
    TelegramAccount,
    TelegramBot,
    TelegramGroup,
    TelegramNotice,
)
from crm.models.ticket import SlaPolicy, Ticket

__all__ = [
    "Agent",
    "AgentSession",
    "Attachment",
    "Consent",
    "Contact",
    "ContactIdentity",
    "Conversation",
    "Delivery",
    "EmailOriginal",
    "EmailThread",
    "FindableMessage",
    "Handoff",
    "HandoffAlert",
    "Inbox",
    "IntentLabel",
    "MergedConversation",
    "Message",
    "PairingCode",
    "ParkedUpdate",
    "PollerLease",
    "PollerOffset",
    "Rating",
    "SavedHandoffPolicy",
    "SlaPolicy",
    "TelegramAccount",
    "TelegramBot",
    "TelegramGroup",
    "TelegramNotice",
    "Ticket",
]
