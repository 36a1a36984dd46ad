"""who looks after an article, what its versions hold, and who brought it to its status

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STATUSES = sa.Enum("draft", "in_review", "published", "archived", name="articlestatus", native_enum=False, length=16)
VISIBILITIES = sa.Enum("public", "agents", name="visibility", native_enum=False, length=16)


def upgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.add_column(sa.Column("owner_id", sa.Integer(), nullable=True))
        table.create_index(op.f("ix_articles_owner_id"), ["owner_id"])
    with op.batch_alter_table("article_versions") as table:
        table.add_column(sa.Column("slug", sa.String(length=120), nullable=True))
        table.add_column(sa.Column("category", sa.String(length=120), nullable=True))
        table.add_column(sa.Column("visibility", VISIBILITIES, nullable=True))
        table.add_column(sa.Column("reviewed_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("review_due_on", sa.Date(), nullable=True))
    op.create_table(
        "article_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("status", STATUSES, nullable=False),
        sa.Column("moved_by", sa.String(length=120), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_moves_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_moves")),
    )
    op.create_index(op.f("ix_article_moves_article_id"), "article_moves", ["article_id"])


def downgrade() -> None:
    op.drop_table("article_moves")
    with op.batch_alter_table("article_versions") as table:
        for name in ("review_due_on", "reviewed_on", "visibility", "category", "slug"):
            table.drop_column(name)
    with op.batch_alter_table("articles") as table:
        table.drop_index(op.f("ix_articles_owner_id"))
        table.drop_column("owner_id")
