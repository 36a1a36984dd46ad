"""questions with the article that should answer them, and what came of asking them

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "expectations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(length=500), nullable=False),
        sa.Column("matching", sa.String(length=1_000), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=True),
        sa.Column("encoder", sa.String(length=80), nullable=True),
        sa.Column("added_by", sa.String(length=120), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "verdict",
            sa.Enum("answered", "offered", "another", "missed", name="verdict", native_enum=False, length=16),
            nullable=True,
        ),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("found_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_expectations_article_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["found_id"], ["articles.id"], name=op.f("fk_expectations_found_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expectations")),
        sa.UniqueConstraint("matching", name=op.f("uq_expectations_matching")),
    )
    op.create_index(op.f("ix_expectations_article_id"), "expectations", ["article_id"])
    op.create_table(
        "regression_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "cause", sa.Enum("published", "wanted", name="runcause", native_enum=False, length=16), nullable=False
        ),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("broken", sa.JSON(), nullable=False),
        sa.Column("mended", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_regression_runs_article_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regression_runs")),
    )
    op.create_index(op.f("ix_regression_runs_finished_at"), "regression_runs", ["finished_at"])


def downgrade() -> None:
    op.drop_table("regression_runs")
    op.drop_table("expectations")
