"""Deliveries are carried out: integrations, attempts, when work is due, and who was reached.

Why the table is the queue: docs/decisions/0006-delivery-table-is-the-queue.md.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"

KINDS = ("SLACK", "TEAMS", "WEBHOOK", "CONNECTWISE", "HALOPSA", "AUTOTASK")
PLACE = "(CASE WHEN integration_id IS NULL THEN account_id ELSE integration_id END)"
OUTCOMES = ("SENT", "FAILED", "REFUSED", "LOST")
TYPES: dict[str, tuple[str, ...]] = {
    "0003": (
        "handoff.created",
        "handoff.claimed",
        "handoff.declined",
        "handoff.reassigned",
        "handoff.released",
        "handoff.returned",
        "handoff.resolved",
        "handoff.cancelled",
    ),
}
TYPES["0004"] = (*TYPES["0003"], "handoff.unreached", "integration.disabled")
SOMETHING = "handoff_id IS NOT NULL OR notice_id IS NOT NULL"


def upgrade() -> None:
    _integrations()
    _deliveries()
    _attempts()
    _reach()
    _event_types("0004")
    _notices()
    op.add_column(
        "engineer", sa.Column("mail", sa.Boolean(), server_default="true", nullable=False)
    )
    _work()


def downgrade() -> None:
    for function in (
        "due_accounts(integer)",
        "work_backlog()",
        "accounts_after(uuid, integer)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_column("event_counter", "dead")
    op.drop_column("event_counter", "due_at")
    op.drop_column("engineer", "mail")
    _no_notices()
    _event_types("0003")
    op.alter_column("event", "actor_id", nullable=False)
    op.drop_index("handoff_reach_due", "handoff")
    op.drop_index("notification_by_handoff", "notification")
    op.drop_column("handoff", "unreached_at")
    op.drop_column("handoff", "reach_due_at")
    op.drop_table("handoff_heard")
    op.drop_table("delivery_attempt")
    for index in ("delivery_due", "delivery_running", "delivery_dead"):
        op.drop_index(index, "delivery")
    op.drop_constraint("delivery_account_id_integration_id_fkey", "delivery")
    for column in ("integration_id", "nonce", "worker"):
        op.drop_column("delivery", column)
    op.create_index(
        "delivery_due",
        "delivery",
        ["next_attempt_at", "id"],
        postgresql_where=sa.text("state IN ('PENDING', 'FAILED')"),
    )
    op.drop_table("integration")


def _event_types(release: str) -> None:
    words = ", ".join(f"'{word}'" for word in TYPES[release])
    for table, column in (("event", "type"), ("notification", "about")):
        name = f"{table}_{column}_known"
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({words}))")


def _isolate(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY own_account ON {table} "
        "USING (account_id = app_account()) WITH CHECK (account_id = app_account())"
    )


def _instant(name: str, *, now: bool = False) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("now()") if now else None,
        nullable=not now,
    )


def _integrations() -> None:
    kinds = ", ".join(f"'{kind}'" for kind in KINDS)
    op.create_table(
        "integration",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("settings", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("disabled_reason", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _instant("last_success_at"),
        _instant("last_failure_at"),
        sa.Column("last_error", sa.String(), nullable=True),
        _instant("failing_since"),
        _instant("not_before"),
        _instant("created_at", now=True),
        _instant("updated_at", now=True),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("integration_kind_known")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="integration_account_id_fkey"),
        sa.PrimaryKeyConstraint("account_id", "id", name="integration_pkey"),
    )
    op.create_index(
        "integration_one_of_a_kind",
        "integration",
        ["account_id", "kind"],
        unique=True,
        postgresql_where=sa.text("kind <> 'WEBHOOK'"),
    )
    _isolate("integration")


def _deliveries() -> None:
    op.add_column("delivery", sa.Column("integration_id", sa.Uuid(), nullable=True))
    op.add_column("delivery", sa.Column("nonce", sa.Integer(), server_default="0", nullable=False))
    op.add_column("delivery", sa.Column("worker", sa.String(), nullable=True))
    op.create_foreign_key(
        "delivery_account_id_integration_id_fkey",
        "delivery",
        "integration",
        ["account_id", "integration_id"],
        ["account_id", "id"],
    )
    op.drop_index("delivery_due", "delivery")
    op.create_index(
        "delivery_due",
        "delivery",
        ["account_id", sa.text(PLACE), "next_attempt_at", "id"],
        postgresql_where=sa.text("state IN ('PENDING', 'FAILED')"),
    )
    op.create_index(
        "delivery_running",
        "delivery",
        ["account_id", "lease_until"],
        postgresql_where=sa.text("state = 'SENDING'"),
    )
    op.create_index(
        "delivery_dead",
        "delivery",
        ["account_id", sa.text("id DESC")],
        postgresql_where=sa.text("state = 'DEAD'"),
    )


def _attempts() -> None:
    outcomes = ", ".join(f"'{outcome}'" for outcome in OUTCOMES)
    op.create_table(
        "delivery_attempt",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("nonce", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        _instant("started_at", now=True),
        _instant("ended_at"),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.CheckConstraint(f"outcome IN ({outcomes})", name=op.f("delivery_attempt_outcome_known")),
        sa.ForeignKeyConstraint(
            ["account_id", "delivery_id"],
            ["delivery.account_id", "delivery.id"],
            name="delivery_attempt_account_id_delivery_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "delivery_id", "nonce", "number", name="delivery_attempt_pkey"
        ),
    )
    _isolate("delivery_attempt")


def _reach() -> None:
    op.add_column("handoff", _instant("reach_due_at"))
    op.add_column("handoff", _instant("unreached_at"))
    op.create_index("notification_by_handoff", "notification", ["account_id", "handoff_id"])
    op.create_index(
        "handoff_reach_due",
        "handoff",
        ["account_id", "reach_due_at"],
        postgresql_where=sa.text("reach_due_at IS NOT NULL"),
    )
    # that nobody was told is said by nobody
    op.alter_column("event", "actor_id", nullable=True)
    op.create_table(
        "handoff_heard",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        _instant("heard_at", now=True),
        sa.ForeignKeyConstraint(
            ["account_id", "handoff_id"],
            ["handoff.account_id", "handoff.id"],
            name="handoff_heard_account_id_handoff_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "engineer_id"],
            ["engineer.account_id", "engineer.id"],
            name="handoff_heard_account_id_engineer_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "handoff_id", "engineer_id", name="handoff_heard_pkey"
        ),
    )
    _isolate("handoff_heard")


def _notices() -> None:
    """What is told of an integration that disabled itself, and of no handoff."""
    op.create_table(
        "notice",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        _instant("created_at", now=True),
        sa.ForeignKeyConstraint(
            ["account_id", "integration_id"],
            ["integration.account_id", "integration.id"],
            name="notice_account_id_integration_id_fkey",
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="notice_pkey"),
        sa.UniqueConstraint("account_id", "integration_id", "version", name="notice_once"),
    )
    _isolate("notice")
    for table in ("delivery", "notification"):
        op.alter_column(table, "handoff_id", nullable=True)
        op.add_column(table, sa.Column("notice_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            f"{table}_account_id_notice_id_fkey",
            table,
            "notice",
            ["account_id", "notice_id"],
            ["account_id", "id"],
        )
        op.create_check_constraint(op.f(f"{table}_about_something"), table, SOMETHING)
    op.create_check_constraint(
        op.f("delivery_notice_by_mail"), "delivery", "notice_id IS NULL OR channel = 'EMAIL'"
    )
    op.alter_column("event", "handoff_id", nullable=True)
    op.create_check_constraint(
        op.f("event_about_its_type"),
        "event",
        "(handoff_id IS NULL) = (type = 'integration.disabled')",
    )


def _no_notices() -> None:
    op.drop_constraint("event_about_its_type", "event")
    op.alter_column("event", "handoff_id", nullable=False)
    op.drop_constraint("delivery_notice_by_mail", "delivery")
    for table in ("delivery", "notification"):
        op.drop_constraint(f"{table}_about_something", table)
        op.drop_column(table, "notice_id")
        op.alter_column(table, "handoff_id", nullable=False)
    op.drop_table("notice")


# ------------------------------------------------------------------ work that is due


def _work() -> None:
    """When an account has work next: the one thing a worker may know of all accounts at once.

    Never later than the earliest delivery that is due, lease that ends or handoff that is to be
    looked after; earlier costs a look in vain. ``dead`` counts deliveries that were given up.
    """
    op.add_column(
        "event_counter",
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("'infinity'"),
            nullable=False,
        ),
    )
    op.add_column(
        "event_counter", sa.Column("dead", sa.BigInteger(), server_default="0", nullable=False)
    )
    # what was promised before there was a worker
    op.execute("UPDATE event_counter SET due_at = now()")
    op.execute("""
        CREATE FUNCTION due_accounts(at_most integer) RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
        $$ SELECT c.account_id FROM public.event_counter c WHERE c.due_at <= now()
           ORDER BY c.due_at LIMIT at_most $$
    """)
    op.execute("""
        CREATE FUNCTION work_backlog(OUT accounts bigint, OUT oldest interval, OUT dead bigint)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
        $$ SELECT count(*) FILTER (WHERE c.due_at <= now()),
                  now() - min(c.due_at) FILTER (WHERE c.due_at <= now()),
                  coalesce(sum(c.dead), 0)::bigint
           FROM public.event_counter c $$
    """)
    op.execute("""
        CREATE FUNCTION accounts_after(last uuid, at_most integer) RETURNS SETOF uuid
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
        $$ SELECT a.id FROM public.account a WHERE a.id > last ORDER BY a.id LIMIT at_most $$
    """)
