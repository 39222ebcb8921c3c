"""After the claim: how somebody means to go about it, what came of steps, and of suggestions."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("handoff", sa.Column("approach", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("handoff_approach_known"),
        "handoff",
        "approach IN ('CONTINUE', 'FRESH_START', 'AI_FIRST')",
    )
    _outcomes()
    _suggestions()


def downgrade() -> None:
    op.drop_column("step", "suggestion")
    op.drop_column("step", "suggested_in_id")
    op.drop_column("step", "outcome_at")
    op.drop_column("step", "outcome_by_id")
    op.drop_constraint(op.f("handoff_approach_known"), "handoff")
    op.drop_column("handoff", "approach")


def _outcomes() -> None:
    op.add_column("step", sa.Column("outcome_by_id", sa.Uuid(), nullable=True))
    op.add_column("step", sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        "step_account_id_outcome_by_id_fkey",
        "step",
        "engineer",
        ["account_id", "outcome_by_id"],
        ["account_id", "id"],
    )
    op.create_check_constraint(
        op.f("step_outcome_by_when"), "step", "(outcome_by_id IS NULL) = (outcome_at IS NULL)"
    )
    op.create_check_constraint(
        op.f("step_outcome_by_known"), "step", "outcome_by_id IS NULL OR outcome <> 'PENDING'"
    )


def _suggestions() -> None:
    op.add_column("step", sa.Column("suggested_in_id", sa.Uuid(), nullable=True))
    op.add_column("step", sa.Column("suggestion", sa.String(), nullable=True))
    op.create_foreign_key(
        "step_account_id_suggested_in_id_fkey",
        "step",
        "handoff",
        ["account_id", "suggested_in_id"],
        ["account_id", "id"],
    )
    op.create_check_constraint(
        op.f("step_suggested_in_one"),
        "step",
        "(suggested_in_id IS NULL) = (suggestion IS NULL)",
    )
    op.create_index(
        "step_of_suggestion",
        "step",
        ["account_id", "suggested_in_id", "suggestion"],
        unique=True,
        postgresql_where=sa.text("suggested_in_id IS NOT NULL"),
    )
