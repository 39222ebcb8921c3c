"""The whole life of a handoff: declined, reassigned, released, returned, cancelled.

A handoff counts its changes, so that a stale client can be told; views through the open door are
recorded; and each account counts the changes of its people, so that live streams notice within a
second when somebody's rights are taken away.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TYPES = {
    "0001": ("handoff.created", "handoff.claimed", "handoff.resolved"),
    "0002": (
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


def upgrade() -> None:
    op.add_column("handoff", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("handoff", sa.Column("release_reason", sa.String(), nullable=True))
    op.add_column("handoff", sa.Column("batch_id", sa.Uuid(), nullable=True))
    op.create_index(
        "handoff_by_batch",
        "handoff",
        ["account_id", "batch_id"],
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    _event_types("0002")
    _views()
    _people()


def downgrade() -> None:
    op.execute("DROP TRIGGER engineer_changed ON engineer")
    op.execute("DROP FUNCTION count_people_change()")
    op.execute("DROP FUNCTION event_heads(uuid[])")
    op.drop_column("event_counter", "people")
    _heads("c.seq", "OUT seq bigint")
    op.drop_table("session_view")
    _event_types("0001")
    op.drop_column("handoff", "batch_id")
    op.drop_column("handoff", "release_reason")
    op.drop_column("handoff", "version")


def _event_types(release: str) -> None:
    words = ", ".join(f"'{word}'" for word in TYPES[release])
    for table, column in (("event", "type"), ("notification", "about")):
        name = f"{table}_{column}_known"
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({column} IN ({words}))")


def _views() -> None:
    op.create_table(
        "session_view",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("handoff_id", sa.Uuid(), nullable=False),
        sa.Column("engineer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "viewed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "session_id"],
            ["session.account_id", "session.id"],
            name="session_view_account_id_session_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "handoff_id"],
            ["handoff.account_id", "handoff.id"],
            name="session_view_account_id_handoff_id_fkey",
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "engineer_id"],
            ["engineer.account_id", "engineer.id"],
            name="session_view_account_id_engineer_id_fkey",
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "session_id", "handoff_id", "engineer_id", name="session_view_pkey"
        ),
    )
    op.execute("ALTER TABLE session_view ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE session_view FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY own_account ON session_view "
        "USING (account_id = app_account()) WITH CHECK (account_id = app_account())"
    )


def _people() -> None:
    op.add_column(
        "event_counter", sa.Column("people", sa.BigInteger(), server_default="0", nullable=False)
    )
    # Whoever changes somebody's rights, by whatever way, is noticed by every process.
    op.execute("""
        CREATE FUNCTION count_people_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO event_counter AS c (account_id, seq, people) VALUES (NEW.account_id, 0, 1)
            ON CONFLICT (account_id) DO UPDATE SET people = c.people + 1;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER engineer_changed AFTER UPDATE ON engineer FOR EACH ROW
        WHEN (OLD.role IS DISTINCT FROM NEW.role OR OLD.tier IS DISTINCT FROM NEW.tier
              OR OLD.active IS DISTINCT FROM NEW.active)
        EXECUTE FUNCTION count_people_change()
    """)
    op.execute("REVOKE ALL ON FUNCTION count_people_change() FROM PUBLIC")
    op.execute("DROP FUNCTION event_heads(uuid[])")
    _heads("c.seq, c.people", "OUT seq bigint, OUT people bigint")


def _heads(columns: str, outputs: str) -> None:
    op.execute(f"""
        CREATE FUNCTION event_heads(wanted uuid[], OUT account_id uuid, {outputs})
        RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS
        $$ SELECT c.account_id, {columns} FROM public.event_counter c
           WHERE c.account_id = ANY (wanted) $$
    """)
