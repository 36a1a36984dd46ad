"""what use articles are, and why a question is kept

Revision: 0008
After: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "article_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("answered", "offered", "chosen", name="usekind", native_enum=False, length=16),
            nullable=False,
        ),
        sa.Column("conversation_id", sa.String(length=32), nullable=True),
        sa.Column("message_id", sa.String(length=64), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("led_to_handoff", sa.Boolean(), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("encoder", sa.String(length=80), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_article_uses_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_uses")),
        sa.UniqueConstraint(
            "message_id", "article_id", "kind", name=op.f("uq_article_uses_message_id_article_id_kind")
        ),
    )
    op.create_index("ix_article_uses_article_id_kind", "article_uses", ["article_id", "kind"])
    op.create_index(op.f("ix_article_uses_conversation_id"), "article_uses", ["conversation_id"])
    with op.batch_alter_table("knowledge_gaps") as table:
        table.add_column(
            sa.Column(
                "cause",
                sa.Enum("declined", "handed_off", "voted_down", name="gapcause", native_enum=False, length=16),
                server_default="declined",
                nullable=False,
            )
        )
        table.add_column(sa.Column("answer_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_knowledge_gaps_answer_id"), "articles", ["answer_id"], ["id"], ondelete="SET NULL"
        )
        table.create_index(op.f("ix_knowledge_gaps_answer_id"), ["answer_id"])


def downgrade() -> None:
    # Before, a question was kept for want of an answer alone.
    op.execute("DELETE FROM knowledge_gaps WHERE cause <> 'declined'")
    with op.batch_alter_table("knowledge_gaps") as table:
        table.drop_index(op.f("ix_knowledge_gaps_answer_id"))
        table.drop_constraint(op.f("fk_knowledge_gaps_answer_id"), type_="foreignkey")
        table.drop_column("answer_id")
        table.drop_column("cause")
    op.drop_table("article_uses")
