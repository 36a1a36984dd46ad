"""the handoff policy that admins save, and which response a message of the product is

Revision: 0005
After: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handoff_policies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_handoff_policies_agent_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff_policies")),
    )
    with op.batch_alter_table("messages") as table:
        table.add_column(sa.Column("response", sa.String(length=64), nullable=True))


def downgrade() -> None:
    # The older code knows none of these reasons, all of which it called a contact's displeasure.
    op.execute(
        "UPDATE handoffs SET reason = 'negative_sentiment'"
        " WHERE reason IN ('vulnerable', 'legal_threat', 'churn_threat')"
    )
    with op.batch_alter_table("messages") as table:
        table.drop_column("response")
    op.drop_table("handoff_policies")
