"""old addresses lead on: of conversations that were merged, and of articles that have moved

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merged_conversations",
        sa.Column("id", sa.String(length=32), primary_key=True),
        sa.Column(
            "into_id", sa.String(length=32), sa.ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False
        ),
    )
    op.create_index("ix_merged_conversations_into_id", "merged_conversations", ["into_id"])
    op.create_table(
        "former_addresses",
        sa.Column("slug", sa.String(length=120), primary_key=True),
        sa.Column("language", sa.String(length=8), primary_key=True),
        sa.Column("article_id", sa.Integer(), sa.ForeignKey("articles.id", ondelete="CASCADE"), nullable=False),
    )
    op.create_index("ix_former_addresses_article_id", "former_addresses", ["article_id"])


def downgrade() -> None:
    op.drop_table("former_addresses")
    op.drop_table("merged_conversations")
