"""Keep the copies of certifications that leave encrypted, and their passwords."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "certification_copies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certification_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("password", sa.String(length=127), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('sealed', 'filing')", name=op.f("ck_certification_copies_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'sealed') = (password IS NOT NULL)",
            name=op.f("ck_certification_copies_password"),
        ),
        sa.ForeignKeyConstraint(
            ["certification_id"],
            ["certifications.id"],
            name=op.f("fk_certification_copies_certification_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certification_copies")),
        sa.UniqueConstraint("certification_id", "kind", name="uq_certification_copies_kind"),
    )
    op.create_index(
        op.f("ix_certification_copies_sha256"), "certification_copies", ["sha256"], unique=False
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_certification_copies_sha256"), table_name="certification_copies")
    op.drop_table("certification_copies")
