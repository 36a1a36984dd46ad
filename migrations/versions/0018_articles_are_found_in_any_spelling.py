"""articles are found in any spelling: their words in one form

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from knowledge_base.list_search import findable

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ARTICLES = sa.table("articles", *(sa.column(name) for name in ("id", "slug", "title", "summary", "body", "findable")))
VARIANTS = sa.table("question_variants", *(sa.column(name) for name in ("id", "article_id", "text")))


def upgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.add_column(sa.Column("findable", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    for article_id in connection.scalars(sa.select(ARTICLES.c.id)).all():
        one = connection.execute(sa.select(ARTICLES).where(ARTICLES.c.id == article_id)).one()
        asked = sa.select(VARIANTS.c.text).where(VARIANTS.c.article_id == article_id).order_by(VARIANTS.c.id)
        words = findable(one.slug, one.title, one.summary, one.body, connection.scalars(asked).all())
        connection.execute(sa.update(ARTICLES).where(ARTICLES.c.id == article_id).values(findable=words))


def downgrade() -> None:
    with op.batch_alter_table("articles") as table:
        table.drop_column("findable")
