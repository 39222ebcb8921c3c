"""What the service's role may do in the database: this table and nothing else."""

from sqlalchemy import Connection, text

PRIVILEGES: dict[str, str] = {
    "account": "SELECT, INSERT, UPDATE (minimum_readiness)",
    "alembic_version": "SELECT",
    "assessment": "SELECT, INSERT, UPDATE",
    "assessment_rating": "SELECT, INSERT, UPDATE",
    "delivery": "SELECT, INSERT, UPDATE",
    "delivery_attempt": "SELECT, INSERT, UPDATE",
    "documentation": "SELECT, INSERT",
    "engineer": "SELECT, INSERT, UPDATE",
    "event": "SELECT, INSERT",  # the log is not rewritten
    # how far back the log is promised is not the service's to say, either
    "event_counter": "SELECT, INSERT (account_id, seq, people, due_at, assess_at), "
    "UPDATE (seq, people, due_at, assess_at, dead)",
    "handoff": "SELECT, INSERT, UPDATE",
    "handoff_heard": "SELECT, INSERT",
    "idempotency_key": "SELECT, INSERT",
    "integration": "SELECT, INSERT, UPDATE",
    "notice": "SELECT, INSERT",
    "notification": "SELECT, INSERT, UPDATE",
    "session": "SELECT, INSERT, UPDATE",
    "session_view": "SELECT, INSERT",
    "snapshot": "SELECT, INSERT",  # frozen: there is no right to change it
    "step": "SELECT, INSERT, UPDATE",
}

DOORS = (
    "account_by_slug(text)",
    "accounts_after(uuid,integer)",
    "accounts_to_assess(integer)",
    "due_accounts(integer)",
    "event_heads(uuid[])",
    "prune_events(interval,integer)",
    "work_backlog()",
)
"""Functions that act as the owner: each answers one narrow question, or does one narrow thing."""

FUNCTIONS = ("app_account()", *DOORS)


def ensure(connection: Connection, role: str, password: str | None) -> None:
    """Create ``role`` for the service unless it is there. It can log in and nothing more."""
    known = connection.execute(
        text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}
    ).scalar()
    if known is None:
        login = f"PASSWORD {_literal(password)}" if password else ""
        connection.exec_driver_sql(
            f"CREATE ROLE {_identifier(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE "
            f"NOBYPASSRLS NOREPLICATION {login}"
        )


def grant(connection: Connection, role: str) -> None:
    """Give ``role`` exactly PRIVILEGES and FUNCTIONS, and everybody else nothing.

    What was granted besides is taken back. Other tables in the schema are not ours to judge.
    """
    name = _identifier(role)
    run = connection.exec_driver_sql
    run(f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {name}")
    run(f"GRANT USAGE ON SCHEMA public TO {name}")
    for table, privileges in PRIVILEGES.items():
        run(f"REVOKE ALL ON {table} FROM PUBLIC, {name}")
        run(f"GRANT {privileges} ON {table} TO {name}")
    for function in FUNCTIONS:
        run(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC, {name}")
        run(f"GRANT EXECUTE ON FUNCTION {function} TO {name}")


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
