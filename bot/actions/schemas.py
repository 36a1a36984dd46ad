"""What the app's REST API answers to the actions; unknown fields are ignored, so that the API may grow."""

from enum import StrEnum

from pydantic import BaseModel


class AnswerBand(StrEnum):
    """What the knowledge base thinks of its best find."""

    answer = "answer"
    offer = "offer"
    decline = "decline"


class HandoffReason(StrEnum):
    """Why a conversation goes to a person."""

    contact_asked = "contact_asked"
    negative_sentiment = "negative_sentiment"
    vulnerable = "vulnerable"
    legal_threat = "legal_threat"
    churn_threat = "churn_threat"
    not_understood = "not_understood"
    bot_failed = "bot_failed"


class ArticleAnswer(BaseModel):
    """The part of an article that answers, and where the whole of it stands."""

    article_id: int
    title: str
    url: str
    text: str
    language: str
    updated_at: str | None = None
    # Whether there is none in the language that was asked for.
    other_language: bool = False


class ArticleOffer(BaseModel):
    """An article that may be what the contact meant."""

    article_id: int
    title: str
    url: str


class KnowledgeAnswer(BaseModel):
    """What the knowledge base has on a question."""

    band: AnswerBand
    confidence: float
    answer: ArticleAnswer | None = None
    offers: list[ArticleOffer] = []
    gap_id: int | None = None


class TicketDetails(BaseModel):
    """What the contact has mentioned and an agent would ask for."""

    order_number: str | None = None
    amount: str | None = None
    date: str | None = None
    product: str | None = None
    correction: str | None = None


class Ticket(BaseModel):
    """A ticket as its contact may see it."""

    number: str
    status: str
    subject: str

    @property
    def is_unfinished(self) -> bool:
        """Whether there is still work to do on it."""
        return self.status not in ("solved", "closed")
