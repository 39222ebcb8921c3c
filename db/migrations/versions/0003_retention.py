"""Retention: each log has a horizon, and a door lets what lies behind it be pruned.

Events up to the horizon are promised to no stream any more. Their rows go with the history that
they belong to: all of a handoff's at once, when it has been over for as long as events are kept.
Why it is done like this: docs/decisions/0010-retention.md.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ADVISORY_LOCK = 0x6261746F6E70  # "batonp": one pruning at a time, whoever asks for it


def upgrade() -> None:
    op.add_column(
        "event_counter", sa.Column("horizon", sa.BigInteger(), server_default="0", nullable=False)
    )
    # of logs that are there already nobody knows: the first pruning looks at each of them
    op.add_column(
        "event_counter",
        sa.Column(
            "kept_since",
            sa.DateTime(timezone=True),
            server_default=sa.text("'-infinity'"),
            nullable=False,
        ),
    )
    op.alter_column("event_counter", "kept_since", server_default=sa.text("now()"))
    op.create_index("event_counter_by_age", "event_counter", ["kept_since"])
    _door()


def downgrade() -> None:
    op.execute("DROP FUNCTION prune_events(interval, integer)")
    op.drop_column("event_counter", "kept_since")
    op.drop_column("event_counter", "horizon")


def _door() -> None:
    """One account's oldest events, of whichever account is the most behind.

    Row-level security holds in here too, so once the account is chosen the function is in that
    account alone; the conditions on account_id are for owners whom it does not bind.

    The counter's row comes last: every writer of the account waits for it, so it is locked for no
    longer than a writer would. Rows and horizon change at the same instant, so that nobody ever
    reads over the hole.
    """
    op.execute(f"""
        CREATE FUNCTION prune_events(retention interval, at_most integer) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
        DECLARE
            cutoff CONSTANT timestamptz := now() - retention;
            callers_account CONSTANT text := current_setting('app.account_id', true);
            log record;
            oldest_young record;
            reached bigint;
            ended uuid[];
            pruned bigint := 0;
        BEGIN
            -- the cutoff and not the interval: months and days in it may point either way
            IF (cutoff <= now() - interval '1 day') IS NOT TRUE THEN
                RAISE 'events are kept for a day at least'
                    USING ERRCODE = 'invalid_parameter_value';
            END IF;
            IF (at_most BETWEEN 1 AND 10000) IS NOT TRUE THEN
                RAISE 'at_most is from 1 to 10000' USING ERRCODE = 'invalid_parameter_value';
            END IF;
            IF NOT pg_try_advisory_xact_lock({ADVISORY_LOCK}) THEN
                RETURN NULL;
            END IF;

            SELECT c.account_id, c.horizon, c.seq AS head INTO log FROM public.event_counter c
            WHERE c.kept_since < cutoff ORDER BY c.kept_since LIMIT 1;
            IF NOT FOUND THEN
                RETURN NULL;
            END IF;
            PERFORM set_config('app.account_id', log.account_id::text, true);

            -- as far as every event is old: clocks differ, so time and number need not agree
            reached := greatest(log.horizon, least(log.horizon + at_most, log.head));
            SELECT e.seq, e.occurred_at INTO oldest_young FROM public.event e
            WHERE e.account_id = log.account_id AND e.seq > log.horizon AND e.seq <= reached
              AND e.occurred_at >= cutoff
            ORDER BY e.seq LIMIT 1;
            IF FOUND THEN
                reached := oldest_young.seq - 1;
            END IF;

            IF reached > log.horizon THEN
                WITH passed AS MATERIALIZED (
                    SELECT DISTINCT e.handoff_id AS id FROM public.event e
                    WHERE e.account_id = log.account_id
                      AND e.seq > log.horizon AND e.seq <= reached
                ), touched AS (
                    SELECT id FROM passed
                    UNION
                    -- whose end was another handoff's beginning
                    SELECT h.supersedes_id FROM public.handoff h JOIN passed USING (id)
                    WHERE h.account_id = log.account_id
                )
                SELECT array_agg(h.id) INTO ended FROM public.handoff h JOIN touched USING (id)
                WHERE h.account_id = log.account_id AND h.closed_at < cutoff
                  AND (SELECT max(e.seq) FROM public.event e
                       WHERE e.account_id = log.account_id AND e.handoff_id = h.id) <= reached;

                DELETE FROM public.event e
                WHERE e.account_id = log.account_id
                  AND (e.handoff_id = ANY (ended)
                       -- of no handoff, so of no history
                       OR e.handoff_id IS NULL AND e.seq > log.horizon AND e.seq <= reached);
                GET DIAGNOSTICS pruned = ROW_COUNT;
            END IF;

            UPDATE public.event_counter c
            SET horizon = reached,
                kept_since = CASE
                    WHEN oldest_young.seq IS NOT NULL THEN oldest_young.occurred_at
                    WHEN reached < log.head THEN c.kept_since
                    ELSE now()
                END
            WHERE c.account_id = log.account_id;
            PERFORM set_config('app.account_id', coalesce(callers_account, ''), true);
            RETURN pruned;
        END $$
    """)
