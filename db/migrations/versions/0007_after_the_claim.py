"""What whoever takes a session over does with it: how they mean to go about it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("handoff", sa.Column("approach", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("handoff_approach_known"),
        "handoff",
        "approach IN ('CONTINUE', 'FRESH_START', 'AI_FIRST')",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("handoff_approach_known"), "handoff")
    op.drop_column("handoff", "approach")
