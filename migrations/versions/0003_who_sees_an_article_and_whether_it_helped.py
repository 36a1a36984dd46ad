"""who may see an article, when to look at it again, and whether it helped

Revision: 0003
After: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.add_column(
            sa.Column(
                "visibility",
                sa.Enum("public", "agents", name="visibility", native_enum=False, length=16),
                server_default="public",
                nullable=False,
            )
        )
        table.add_column(sa.Column("review_due_on", sa.Date(), nullable=True))
    op.create_table(
        "article_votes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(length=64), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("voted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_votes_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_votes")),
        sa.UniqueConstraint("article_id", "reader", name=op.f("uq_article_votes_article_id_reader")),
    )


def downgrade() -> None:
    op.drop_table("article_votes")
    # Nothing tells a contact's article from an agent's any more: those of agents are put away. Nobody reviews either.
    op.execute("UPDATE articles SET status = 'archived' WHERE visibility = 'agents'")
    op.execute("UPDATE articles SET status = 'draft' WHERE status = 'in_review'")
    with op.batch_alter_table("articles") as table:
        table.drop_column("review_due_on")
        table.drop_column("visibility")
