"""Telegram: bots that admins connect, agents' groups with their alerts, and how far polling has come

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _inbox() -> sa.Column[int]:
    return sa.Column("inbox_id", sa.Integer(), sa.ForeignKey("inboxes.id", ondelete="CASCADE"), primary_key=True)


def _agent(*, primary_key: bool = False) -> sa.Column[int]:
    key = sa.ForeignKey("agents.id", ondelete="CASCADE")
    return sa.Column("agent_id", sa.Integer(), key, primary_key=primary_key, nullable=False)


def upgrade() -> None:
    op.create_table(
        "telegram_bots",
        _inbox(),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("sealed_token", sa.Text(), nullable=False),
        sa.UniqueConstraint("number", name=op.f("uq_telegram_bots_number")),
    )
    op.create_table(
        "poller_offsets",
        _inbox(),
        sa.Column("bot_number", sa.BigInteger(), nullable=False),
        sa.Column("next_update_id", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "telegram_groups",
        _inbox(),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("hears_all", sa.Boolean(), nullable=False),
        sa.Column("paired_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "telegram_accounts",
        _agent(primary_key=True),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("user_id", name=op.f("uq_telegram_accounts_user_id")),
    )
    op.create_table(
        "pairing_codes",
        sa.Column("code_hash", sa.String(length=64), primary_key=True),
        _agent(),
        sa.Column("inbox_id", sa.Integer(), sa.ForeignKey("inboxes.id", ondelete="CASCADE"), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_in", sa.String(length=64), nullable=True),
    )
    op.create_index("ix_pairing_codes_agent_id", "pairing_codes", ["agent_id"])
    op.create_table(
        "handoff_alerts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("inbox_id", sa.Integer(), sa.ForeignKey("inboxes.id", ondelete="CASCADE"), nullable=False),
        sa.Column("handoff_id", sa.Integer(), sa.ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("external_id", sa.String(length=160), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
    )
    op.create_index("ix_handoff_alerts_handoff_id", "handoff_alerts", ["handoff_id"])
    op.create_index("ix_handoff_alerts_state_next_attempt_at", "handoff_alerts", ["state", "next_attempt_at"])
    op.create_index("ix_handoff_alerts_inbox_id_external_id", "handoff_alerts", ["inbox_id", "external_id"])


def downgrade() -> None:
    for table in (
        *("handoff_alerts", "pairing_codes", "telegram_accounts", "telegram_groups"),
        *("poller_offsets", "telegram_bots"),
    ):
        op.drop_table(table)
