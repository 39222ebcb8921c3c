"""An account may ask for a readiness before an escalation; a snapshot says what was left out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

LONGEST_DETAIL = 4000  # characters; a longer one was kept up to there and ends in an ellipsis


def upgrade() -> None:
    op.add_column("account", sa.Column("minimum_readiness", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("account_minimum_readiness_known"), "account", "minimum_readiness BETWEEN 0 AND 100"
    )
    op.add_column(
        "snapshot", sa.Column("branch_count", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "snapshot",
        sa.Column("left_out", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
    )
    _tell_of_older_snapshots()


def downgrade() -> None:
    op.drop_column("snapshot", "left_out")
    op.drop_column("snapshot", "branch_count")
    op.drop_constraint(op.f("account_minimum_readiness_known"), "account")
    op.drop_column("account", "minimum_readiness")


def _tell_of_older_snapshots() -> None:
    """Of every account's, which its owner sees only while row-level security does not bind it."""
    op.execute("ALTER TABLE snapshot NO FORCE ROW LEVEL SECURITY")
    op.execute(f"""
        UPDATE snapshot c SET
            branch_count = jsonb_array_length(hypotheses_open)
                         + jsonb_array_length(hypotheses_ruled_out),
            left_out = jsonb_strip_nulls(jsonb_build_object(
                'steps', nullif(step_count - jsonb_array_length(timeline), 0),
                'details', nullif((
                    SELECT count(*) FROM jsonb_array_elements(timeline) step
                    WHERE length(step->>'detail') = {LONGEST_DETAIL}
                      AND right(step->>'detail', 1) = '…'), 0)))
    """)
    op.execute("ALTER TABLE snapshot FORCE ROW LEVEL SECURITY")
