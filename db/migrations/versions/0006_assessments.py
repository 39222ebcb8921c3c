"""Assessments are written: who has one in hand, what became of it, and when an account has one."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

REASONS = (
    "NO_KEY",
    "OUT_OF_TIME",
    "WORKER_LOST",
    "RATE_LIMITED",
    "OVERLOADED",
    "UNREACHABLE",
    "REJECTED",
    "REFUSED",
    "TRUNCATED",
    "MALFORMED",
    "NOTHING_STOOD",
    "INTERNAL",
    "BUDGET_SPENT",
)
TYPES: dict[str, tuple[str, ...]] = {
    "0005": (
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
    ),
}
TYPES["0006"] = (*TYPES["0005"], "assessment.finished")
COUNTED = ("tries", "dropped", "redactions")


def upgrade() -> None:
    op.add_column("assessment", _instant("due_at", "now()"))
    op.add_column("assessment", sa.Column("lease_token", sa.Uuid(), nullable=True))
    op.add_column("assessment", sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("assessment", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("assessment", sa.Column("prompt_version", sa.String(), nullable=True))
    op.add_column("assessment", sa.Column("tokens_in", sa.Integer(), nullable=True))
    op.add_column("assessment", sa.Column("tokens_out", sa.Integer(), nullable=True))
    for name in COUNTED:
        op.add_column(
            "assessment", sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        )
    reasons = ", ".join(f"'{reason}'" for reason in REASONS)
    op.create_check_constraint(
        op.f("assessment_reason_known"), "assessment", f"reason IN ({reasons})"
    )
    op.create_index(
        "assessment_due",
        "assessment",
        ["account_id", "due_at"],
        postgresql_where=sa.text("state = 'PENDING'"),
    )
    op.create_index(
        "assessment_asked",
        "assessment",
        ["account_id", "asked_at"],
        postgresql_where=sa.text("asked_at IS NOT NULL"),
    )
    _event_types("0006")
    op.add_column("event_counter", _instant("assess_at", "'infinity'"))
    # what was left PENDING before anybody took it
    op.execute("ALTER TABLE event_counter NO FORCE ROW LEVEL SECURITY")
    op.execute("UPDATE event_counter SET assess_at = now()")
    op.execute("ALTER TABLE event_counter FORCE ROW LEVEL SECURITY")
    op.execute("""
        CREATE FUNCTION accounts_to_assess(at_most integer) RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
        $$ SELECT c.account_id FROM public.event_counter c WHERE c.assess_at <= now()
           ORDER BY c.assess_at LIMIT at_most $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION accounts_to_assess(integer)")
    op.drop_column("event_counter", "assess_at")
    _event_types("0005")
    op.drop_index("assessment_asked", "assessment")
    op.drop_index("assessment_due", "assessment")
    op.drop_constraint(op.f("assessment_reason_known"), "assessment")
    for name in (
        *COUNTED,
        "tokens_out",
        "tokens_in",
        "prompt_version",
        "reason",
        "asked_at",
        "lease_token",
        "due_at",
    ):
        op.drop_column("assessment", name)


def _event_types(release: str) -> None:
    words = ", ".join(f"'{word}'" for word in TYPES[release])
    for table, column in (("event", "type"), ("notification", "about")):
        name = f"{table}_{column}_known"
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({words}))")


def _instant(name: str, default: str) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text(default), nullable=False
    )
