"""Keep who is protected by law, as keyed digests, with the key they are made with."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEY_BYTES = 32


def upgrade() -> None:
    """Apply."""
    key = op.create_table(
        "protection_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_protection_key_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protection_key")),
    )
    op.bulk_insert(key, [{"id": 1, "secret": secrets.token_bytes(_KEY_BYTES)}])
    op.create_table(
        "protected_digests",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_protected_digests")),
    )
    op.create_table(
        "unprotect_wishes",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=320), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_unprotect_wishes_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_unprotect_wishes")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("unprotect_wishes")
    op.drop_table("protected_digests")
    op.drop_table("protection_key")
