"""one conversation for each address, and where the bot began anew in it

Revision: 0002
After: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("conversations") as table:
        table.add_column(sa.Column("bot_since_sequence", sa.Integer(), server_default="0", nullable=False))
        table.drop_index("ix_conversations_identity_id")
        table.create_index("ix_conversations_identity_id", ["identity_id"], unique=True)


def downgrade() -> None:
    with op.batch_alter_table("conversations") as table:
        table.drop_index("ix_conversations_identity_id")
        table.create_index("ix_conversations_identity_id", ["identity_id"], unique=False)
        table.drop_column("bot_since_sequence")
