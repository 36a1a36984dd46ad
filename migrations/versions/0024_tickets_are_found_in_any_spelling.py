"""tickets are found in any spelling

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # env.py writes the words: they follow from the code that looks for them.
    with op.batch_alter_table("tickets") as table:
        table.add_column(sa.Column("findable", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("tickets") as table:
        table.drop_column("findable")
