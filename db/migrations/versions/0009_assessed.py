"""The written account has a version with what a model made of it."""

from alembic import op

revision = "0009"
down_revision = "0008"

KINDS = {
    "0008": ("RAISED", "RESOLVED"),
    "0009": ("RAISED", "ASSESSED", "RESOLVED"),
}


def upgrade() -> None:
    _documentation_kinds("0009")


def downgrade() -> None:
    _documentation_kinds("0008")


def _documentation_kinds(release: str) -> None:
    words = ", ".join(f"'{word}'" for word in KINDS[release])
    op.execute("ALTER TABLE documentation DROP CONSTRAINT documentation_kind_known")
    op.execute(
        "ALTER TABLE documentation ADD CONSTRAINT documentation_kind_known "
        f"CHECK (kind IN ({words}))"
    )
