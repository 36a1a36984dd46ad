"""what is set aside at the doors of the channels, and Telegram's notices in an outbox

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def _inbox() -> sa.Column[int]:
    return sa.Column("inbox_id", sa.Integer(), sa.ForeignKey("inboxes.id", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "parked_updates",
        sa.Column("id", sa.Integer(), primary_key=True),
        _inbox(),
        sa.Column("external_id", sa.String(length=160), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("sender", sa.String(length=300), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_due", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("inbox_id", "external_id", name=op.f("uq_parked_updates_inbox_id_external_id")),
    )
    op.create_table(
        "telegram_notices",
        sa.Column("id", sa.Integer(), primary_key=True),
        _inbox(),
        sa.Column("chat", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=160), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("keyboard", sa.JSON(), nullable=True),
        sa.Column("answers", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("external_id", sa.String(length=160), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.UniqueConstraint("inbox_id", "cause", name=op.f("uq_telegram_notices_inbox_id_cause")),
    )
    op.create_index("ix_telegram_notices_state_next_attempt_at", "telegram_notices", ["state", "next_attempt_at"])


def downgrade() -> None:
    op.drop_table("telegram_notices")
    op.drop_table("parked_updates")
