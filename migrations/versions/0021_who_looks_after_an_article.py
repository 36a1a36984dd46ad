"""who looks after an article

Revision ID: 0021
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        table.create_index(op.f("ix_articles_owner_id"), ["owner_id"])


def downgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.drop_index(op.f("ix_articles_owner_id"))
        table.drop_column("owner_id")
