"""articles are found in any spelling: their words in one form

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # env.py writes the words: they follow from the code that looks for them.
    with op.batch_alter_table("articles") as table:
        table.add_column(sa.Column("findable", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.drop_column("findable")
