from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from crm.enums import DeliveryState
from crm.models.columns import enum_column


class Sending:
    """The columns of what waits in an outbox: how far it has come, and when it is tried next."""

    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState), default=DeliveryState.pending)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    # The channel's own id of what was sent.
    external_id: Mapped[str | None] = mapped_column(String(160))
    error: Mapped[str | None] = mapped_column(String(200))
