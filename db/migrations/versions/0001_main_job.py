"""The main job: accounts, sessions, handoffs, what travels with them, and their log.

Every table but account carries account_id first in its primary key; row-level security compares it
with the account of the transaction, for the owner too. References between tenant tables carry it
as well, because PostgreSQL checks foreign keys past row-level security.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

TENANT_TABLES = (
    "assessment",
    "delivery",
    "documentation",
    "engineer",
    "event",
    "event_counter",
    "handoff",
    "idempotency_key",
    "notification",
    "session",
    "snapshot",
    "step",
)


def upgrade() -> None:
    _tables()
    _isolation()
    _doors()


def downgrade() -> None:
    for table in (
        "snapshot",
        "notification",
        "event",
        "documentation",
        "delivery",
        "assessment",
        "step",
        "handoff",
        "session",
        "idempotency_key",
        "event_counter",
        "engineer",
    ):
        op.drop_table(table)
    op.execute("DROP FUNCTION account_by_slug(text), event_heads(uuid[])")
    op.drop_table("account")
    op.execute("DROP FUNCTION app_account()")


def _isolation() -> None:
    # '' and not NULL is what a transaction-local setting leaves behind in its connection
    op.execute("""
        CREATE FUNCTION app_account() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
        $$ SELECT nullif(current_setting('app.account_id', true), '')::uuid $$
    """)
    for table in ("account", *TENANT_TABLES):
        column = "id" if table == "account" else "account_id"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY own_account ON {table} "
            f"USING ({column} = app_account()) WITH CHECK ({column} = app_account())"
        )


def _doors() -> None:
    """Two narrow questions across accounts. They run as the owner, who may look through here."""
    op.execute("CREATE POLICY door ON account FOR SELECT TO CURRENT_USER USING (true)")
    op.execute("CREATE POLICY door ON event_counter FOR SELECT TO CURRENT_USER USING (true)")
    op.execute("""
        CREATE FUNCTION account_by_slug(wanted text, OUT id uuid, OUT slug text, OUT name text)
        RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
        $$ SELECT a.id, a.slug, a.name FROM public.account a WHERE a.slug = wanted $$
    """)
    op.execute("""
        CREATE FUNCTION event_heads(wanted uuid[], OUT account_id uuid, OUT seq bigint)
        RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
        $$ SELECT c.account_id, c.seq FROM public.event_counter c
           WHERE c.account_id = ANY (wanted) $$
    """)


def _tables() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="account_pkey"),
        sa.UniqueConstraint("slug", name="account_slug_key"),
    )
    op.create_table(
        "engineer",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("tier", sa.Integer(), nullable=False),
        sa.Column(
            "skills", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("claims_issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "role IN ('VIEWER', 'ENGINEER', 'ADMIN')", name=op.f("engineer_role_known")
        ),
        sa.CheckConstraint("tier BETWEEN 1 AND 3", name=op.f("engineer_tier_known")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="engineer_account_id_fkey"),
        sa.PrimaryKeyConstraint("account_id", "id", name="engineer_pkey"),
        sa.UniqueConstraint("account_id", "subject", name="engineer_subject"),
    )
    op.create_table(
        "event_counter",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="event_counter_account_id_fkey"
        ),
        sa.PrimaryKeyConstraint("account_id", name="event_counter_pkey"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "engineer_id"],
            ["engineer.account_id", "engineer.id"],
            name="idempotency_key_account_id_engineer_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "engineer_id", "operation", "key", name="idempotency_key_pkey"
        ),
    )
    op.create_table(
        "session",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("problem_summary", sa.String(), nullable=False),
        sa.Column("problem_domain", sa.String(), nullable=True),
        sa.Column("environment", sa.String(), nullable=True),
        sa.Column("customer_name", sa.String(), nullable=True),
        sa.Column("customer_contact", sa.String(), nullable=True),
        sa.Column("customer_reachable_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confidence_tier", sa.Text(), nullable=True),
        sa.Column("ticket_system", sa.String(), nullable=True),
        sa.Column("ticket_number", sa.String(), nullable=True),
        sa.Column("escalated_to_id", sa.Uuid(), nullable=True),
        sa.Column("escalation_reason", sa.String(), nullable=True),
        sa.Column("step_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(status = 'RESOLVED') = (resolved_at IS NOT NULL)", name=op.f("session_resolved_when")
        ),
        sa.CheckConstraint(
            "confidence_tier IN ('LOW', 'MEDIUM', 'HIGH')",
            name=op.f("session_confidence_tier_known"),
        ),
        sa.CheckConstraint(
            "escalated_to_id IS NULL OR status IN ('ACTIVE', 'RESOLVED')",
            name=op.f("session_held_only_when_taken"),
        ),
        sa.CheckConstraint(
            "status IN ('ACTIVE', 'REQUESTING_ESCALATION', 'ESCALATED', 'RESOLVED')",
            name=op.f("session_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "escalated_to_id"],
            ["engineer.account_id", "engineer.id"],
            name="session_account_id_escalated_to_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "owner_id"],
            ["engineer.account_id", "engineer.id"],
            name="session_account_id_owner_id_fkey",
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="session_pkey"),
    )
    op.create_index(
        "session_by_holder",
        "session",
        ["account_id", "escalated_to_id", sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("escalated_to_id IS NOT NULL"),
    )
    op.create_index(
        "session_by_owner",
        "session",
        ["account_id", "owner_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "handoff",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column(
            "priority_rank",
            sa.SmallInteger(),
            sa.Computed(
                "CASE priority WHEN 'LOW' THEN 0 WHEN 'NORMAL' THEN 1 "
                "WHEN 'HIGH' THEN 2 WHEN 'URGENT' THEN 3 END",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column("problem_summary", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("notes", sa.String(), nullable=True),
        sa.Column("raised_by_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_by_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "intent IN ('ESCALATE', 'SHIFT_CHANGE')", name=op.f("handoff_intent_known")
        ),
        sa.CheckConstraint(
            "priority IN ('LOW', 'NORMAL', 'HIGH', 'URGENT')", name=op.f("handoff_priority_known")
        ),
        sa.CheckConstraint(
            "status <> 'CLAIMED' OR claimed_by_id IS NOT NULL", name=op.f("handoff_claimed_by_one")
        ),
        sa.CheckConstraint(
            "status <> 'OPEN' OR claimed_by_id IS NULL", name=op.f("handoff_open_is_unclaimed")
        ),
        sa.CheckConstraint(
            "status IN ('OPEN', 'CLAIMED', 'RETURNED', 'RESOLVED', 'CANCELLED', 'SUPERSEDED')",
            name=op.f("handoff_status_known"),
        ),
        sa.CheckConstraint(
            "(claimed_by_id IS NULL) = (claimed_at IS NULL)",
            name=op.f("handoff_claimed_by_and_when"),
        ),
        sa.CheckConstraint("claimed_by_id <> raised_by_id", name=op.f("handoff_not_own")),
        sa.CheckConstraint("target_id <> raised_by_id", name=op.f("handoff_not_to_self")),
        sa.ForeignKeyConstraint(
            ["account_id", "claimed_by_id"],
            ["engineer.account_id", "engineer.id"],
            name="handoff_account_id_claimed_by_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "raised_by_id"],
            ["engineer.account_id", "engineer.id"],
            name="handoff_account_id_raised_by_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "session_id"],
            ["session.account_id", "session.id"],
            name="handoff_account_id_session_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "supersedes_id"],
            ["handoff.account_id", "handoff.id"],
            name="handoff_account_id_supersedes_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "target_id"],
            ["engineer.account_id", "engineer.id"],
            name="handoff_account_id_target_id_fkey",
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="handoff_pkey"),
    )
    op.create_index(
        "handoff_by_session",
        "handoff",
        ["account_id", "session_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "handoff_one_live_per_session",
        "handoff",
        ["account_id", "session_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('OPEN', 'CLAIMED')"),
    )
    op.create_index(
        "handoff_waiting",
        "handoff",
        ["account_id", sa.literal_column("priority_rank DESC"), "id"],
        unique=False,
        postgresql_where=sa.text("status = 'OPEN'"),
    )
    op.create_table(
        "step",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=True),
        sa.Column("hypothesis", sa.String(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('QUESTION', 'CHECK', 'ACTION', 'FINDING', 'NOTE', 'GUIDANCE')",
            name=op.f("step_kind_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('PENDING', 'WORKED', 'FAILED', 'INCONCLUSIVE')",
            name=op.f("step_outcome_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "author_id"],
            ["engineer.account_id", "engineer.id"],
            name="step_account_id_author_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "session_id"],
            ["session.account_id", "session.id"],
            name="step_account_id_session_id_fkey",
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="step_pkey"),
        sa.UniqueConstraint("account_id", "session_id", "position", name="step_position"),
    )
    op.create_table(
        "assessment",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "content",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("confidence", sa.Text(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "confidence IN ('LOW', 'MEDIUM', 'HIGH')", name=op.f("assessment_confidence_known")
        ),
        sa.CheckConstraint(
            "state IN ('PENDING', 'READY', 'TIMED_OUT', 'FAILED', 'DISABLED')",
            name=op.f("assessment_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "handoff_id"],
            ["handoff.account_id", "handoff.id"],
            name="assessment_account_id_handoff_id_fkey",
        ),
        sa.PrimaryKeyConstraint("account_id", "handoff_id", name="assessment_pkey"),
    )
    op.create_table(
        "delivery",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("skip_reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("external_ref", sa.String(), nullable=True),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "channel IN ('SLACK', 'TEAMS', 'EMAIL', 'WEBHOOK', 'PSA_NOTE')",
            name=op.f("delivery_channel_known"),
        ),
        sa.CheckConstraint(
            "state IN ('PENDING', 'SENDING', 'SENT', 'FAILED', 'DEAD', 'SKIPPED')",
            name=op.f("delivery_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "engineer_id"],
            ["engineer.account_id", "engineer.id"],
            name="delivery_account_id_engineer_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "handoff_id"],
            ["handoff.account_id", "handoff.id"],
            name="delivery_account_id_handoff_id_fkey",
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="delivery_pkey"),
        sa.UniqueConstraint("account_id", "idempotency_key", name="delivery_once"),
    )
    op.create_index("delivery_by_handoff", "delivery", ["account_id", "handoff_id"], unique=False)
    op.create_index(
        "delivery_due",
        "delivery",
        ["next_attempt_at", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('PENDING', 'FAILED')"),
    )
    op.create_table(
        "documentation",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("markdown", sa.String(), nullable=False),
        sa.Column(
            "written_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "handoff_id"],
            ["handoff.account_id", "handoff.id"],
            name="documentation_account_id_handoff_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "session_id"],
            ["session.account_id", "session.id"],
            name="documentation_account_id_session_id_fkey",
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="documentation_pkey"),
        sa.UniqueConstraint("account_id", "session_id", "version", name="documentation_version"),
    )
    op.create_index(
        "documentation_by_handoff", "documentation", ["account_id", "handoff_id"], unique=False
    )
    op.create_table(
        "event",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column(
            "occurred_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "notified", postgresql.ARRAY(sa.UUID()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "notifications",
            postgresql.ARRAY(sa.UUID()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "type IN ('handoff.created', 'handoff.claimed', 'handoff.resolved')",
            name=op.f("event_type_known"),
        ),
        sa.CheckConstraint(
            "cardinality(notified) = cardinality(notifications)",
            name=op.f("event_notified_by_notifications"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "actor_id"],
            ["engineer.account_id", "engineer.id"],
            name="event_account_id_actor_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "handoff_id"],
            ["handoff.account_id", "handoff.id"],
            name="event_account_id_handoff_id_fkey",
        ),
        sa.PrimaryKeyConstraint("account_id", "seq", name="event_pkey"),
    )
    op.create_index("event_by_handoff", "event", ["account_id", "handoff_id", "seq"], unique=False)
    op.create_table(
        "notification",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "engineer_id"],
            ["engineer.account_id", "engineer.id"],
            name="notification_account_id_engineer_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "handoff_id"],
            ["handoff.account_id", "handoff.id"],
            name="notification_account_id_handoff_id_fkey",
        ),
        sa.CheckConstraint(
            "about IN ('handoff.created', 'handoff.claimed', 'handoff.resolved')",
            name=op.f("notification_about_known"),
        ),
        sa.PrimaryKeyConstraint("account_id", "id", name="notification_pkey"),
    )
    op.create_index(
        "notification_of_engineer",
        "notification",
        ["account_id", "engineer_id", sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index(
        "notification_unread",
        "notification",
        ["account_id", "engineer_id", sa.literal_column("id DESC")],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "snapshot",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column(
            "captured_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("problem_summary", sa.String(), nullable=False),
        sa.Column("problem_domain", sa.String(), nullable=True),
        sa.Column("environment", sa.String(), nullable=True),
        sa.Column("customer_name", sa.String(), nullable=True),
        sa.Column("customer_contact", sa.String(), nullable=True),
        sa.Column("customer_reachable_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confidence_tier", sa.Text(), nullable=True),
        sa.Column("ticket_system", sa.String(), nullable=True),
        sa.Column("ticket_number", sa.String(), nullable=True),
        sa.Column("step_count", sa.Integer(), nullable=False),
        sa.Column(
            "timeline",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "hypotheses_open",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.Column(
            "hypotheses_ruled_out",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "handoff_id"],
            ["handoff.account_id", "handoff.id"],
            name="snapshot_account_id_handoff_id_fkey",
        ),
        sa.PrimaryKeyConstraint("account_id", "handoff_id", name="snapshot_pkey"),
    )
