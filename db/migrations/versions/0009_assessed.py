"""What follows from an assessment: a version of the account, and what engineers think of it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

KINDS = {
    "0008": ("RAISED", "RESOLVED"),
    "0009": ("RAISED", "ASSESSED", "RESOLVED"),
}
TYPES: dict[str, tuple[str, ...]] = {
    "0008": (
        "handoff.created",
        "handoff.claimed",
        "handoff.declined",
        "handoff.reassigned",
        "handoff.released",
        "handoff.returned",
        "handoff.resolved",
        "handoff.cancelled",
        "handoff.unreached",
        "integration.disabled",
        "assessment.finished",
    ),
}
TYPES["0009"] = (*TYPES["0008"], "assessment.rated")


def upgrade() -> None:
    _documentation_kinds("0009")
    _event_types("0009")
    _ratings()


def downgrade() -> None:
    op.drop_table("assessment_rating")
    _event_types("0008")
    _documentation_kinds("0008")


def _documentation_kinds(release: str) -> None:
    _known("documentation", "kind", KINDS[release])


def _event_types(release: str) -> None:
    _known("event", "type", TYPES[release])
    _known("notification", "about", TYPES[release])


def _known(table: str, column: str, words: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    name = f"{table}_{column}_known"
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({listed}))")


def _ratings() -> None:
    op.create_table(
        "assessment_rating",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column(
            "rated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "verdict IN ('RIGHT', 'WRONG')", name=op.f("assessment_rating_verdict_known")
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "handoff_id"],
            ["assessment.account_id", "assessment.handoff_id"],
            name="assessment_rating_account_id_handoff_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "engineer_id"],
            ["engineer.account_id", "engineer.id"],
            name="assessment_rating_account_id_engineer_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "handoff_id", "engineer_id", name="assessment_rating_pkey"
        ),
    )
    op.execute("ALTER TABLE assessment_rating ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE assessment_rating FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_account ON assessment_rating "
        "USING (account_id = app_account()) WITH CHECK (account_id = app_account())"
    )
