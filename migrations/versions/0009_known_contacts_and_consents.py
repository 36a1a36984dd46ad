"""what contacts consented to, when they introduced themselves, and how far agents' and contacts' screens have come

Revision ID: 0009
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SEQUENCES = ("contact_got_sequence", "agent_seen_sequence")


def upgrade() -> None:
    op.add_column("contact_identities", sa.Column("introduced_at", sa.DateTime(timezone=True), nullable=True))
    for name in SEQUENCES:
        op.add_column("conversations", sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "consents",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("contact_id", sa.Integer(), sa.ForeignKey("contacts.id", ondelete="CASCADE"), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("privacy_url", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_consents_contact_id", "consents", ["contact_id"])


def downgrade() -> None:
    op.drop_table("consents")
    for name in reversed(SEQUENCES):
        op.drop_column("conversations", name)
    op.drop_column("contact_identities", "introduced_at")
