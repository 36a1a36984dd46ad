"""e-mail: the threads, what mails said in full, and who asks an inbox's channel for messages

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "email_threads",
        sa.Column(
            "identity_id", sa.Integer(), sa.ForeignKey("contact_identities.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("inbox_id", sa.Integer(), sa.ForeignKey("inboxes.id", ondelete="CASCADE"), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("subject_key", sa.String(length=120), nullable=False),
    )
    op.create_index("ix_email_threads_inbox_id_address", "email_threads", ["inbox_id", "address"])
    op.create_table(
        "email_originals",
        sa.Column("message_id", sa.Integer(), sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_table(
        "poller_leases",
        sa.Column("inbox_id", sa.Integer(), sa.ForeignKey("inboxes.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("poller_leases")
    op.drop_table("email_originals")
    op.drop_table("email_threads")
