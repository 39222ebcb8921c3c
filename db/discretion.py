"""Whether the server's log repeats what people write.

Of rows under row-level security PostgreSQL quotes nothing, and our statements hold no values. What
is left is the values of parameters, which go to the log with a statement that is logged.
Source: postgresql.org/docs/current/runtime-config-logging.html; docs/operations.md, "What the
database writes into its log".
"""

from db.database import Database

NOTHING = "0"

SETTINGS = """
    SELECT current_setting('log_parameter_max_length_on_error') AS with_errors,
           current_setting('log_parameter_max_length') AS with_statements,
           current_setting('log_statement') IN ('mod', 'all')
           OR current_setting('log_min_duration_statement') <> '-1'
           OR current_setting('log_min_duration_sample') <> '-1'
           OR current_setting('log_transaction_sample_rate')::float > 0 AS logs_statements,
           -- of modules that may not be there
           coalesce(current_setting('auto_explain.log_min_duration', true), '-1') <> '-1'
           AND coalesce(current_setting('auto_explain.log_parameter_max_length', true), '0') <> '0'
           AS explains
"""


async def indiscreet(database: Database) -> list[str]:
    """The settings, for our role in this database, that put values of parameters into the log."""
    async with database.system() as connection:
        found = await connection.fetchrow(SETTINGS)
    if found is None:
        return []
    named = {
        "log_parameter_max_length_on_error": found.with_errors != NOTHING,
        "log_parameter_max_length": found.logs_statements and found.with_statements != NOTHING,
        "auto_explain.log_parameter_max_length": found.explains,
    }
    return [name for name, speaks in named.items() if speaks]
