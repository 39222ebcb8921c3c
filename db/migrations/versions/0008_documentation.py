"""Each version of the written account says what it was written for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # those that are there were all written at a raise
    op.add_column(
        "documentation", sa.Column("kind", sa.Text(), server_default="RAISED", nullable=False)
    )
    op.alter_column("documentation", "kind", server_default=None)
    op.create_check_constraint(
        op.f("documentation_kind_known"), "documentation", "kind IN ('RAISED', 'RESOLVED')"
    )


def downgrade() -> None:
    op.drop_column("documentation", "kind")
