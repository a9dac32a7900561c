"""Account for disclosures, and for the notices that correct them (5 U.S.C. 552a(c))."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "disclosures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("tracking_number", sa.String(length=24), nullable=False),
        sa.Column("control_number", sa.String(length=19), nullable=False),
        sa.Column("disclosed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject_name", sa.String(), nullable=False),
        sa.Column("subject_a_number", sa.String(length=10), nullable=True),
        sa.Column("subject_birth_date", sa.Date(), nullable=True),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.Column("nature", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.JSON(), nullable=False),
        sa.Column("recipient_name", sa.String(), nullable=False),
        sa.Column("recipient_address", sa.String(), nullable=False),
        sa.Column("sent_to", sa.String(length=320), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("letter_key", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_disclosures_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosures")),
    )
    op.create_index("ix_disclosures_request_id", "disclosures", ["request_id"])
    op.create_index("ix_disclosures_a_number", "disclosures", ["subject_a_number"])
    op.create_index("ix_disclosures_disclosed_at", "disclosures", ["disclosed_at"])
    op.create_table(
        "correction_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("disclosure_id", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("replaced_by", sa.String(length=19), nullable=False),
        sa.ForeignKeyConstraint(
            ["disclosure_id"], ["disclosures.id"], name=op.f("fk_correction_notices_disclosure_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_notices")),
    )
    op.create_index("ix_correction_notices_disclosure_id", "correction_notices", ["disclosure_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("correction_notices")
    op.drop_table("disclosures")
