"""conversations are found by words: what is known of contacts, and messages apart from themselves, in one form

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # env.py writes the words: they follow from the code that looks for them.
    op.create_table(
        "findable_messages",
        sa.Column(
            "conversation_id",
            sa.String(length=32),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("sequence", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("words", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("contacts") as table:
        table.add_column(sa.Column("findable", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("contacts") as table:
        table.drop_column("findable")
    op.drop_table("findable_messages")
