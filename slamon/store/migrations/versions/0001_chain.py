"""The chain of entries, the blobs they refer to, and personal data outside the chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# The belt; the hash chain is the braces. Whoever can drop a trigger can still not mend the hashes unseen.
_FORBIDDEN = {
    "entry": ("UPDATE", "DELETE"),
    "blob": ("UPDATE", "DELETE"),
    "personal": ("UPDATE",),
}


def upgrade() -> None:
    op.create_table(
        "entry",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("writer_seq", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("line_id", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("at_us", sa.Integer, nullable=False),
        sa.Column("recorded_at_us", sa.Integer, nullable=False),
        sa.Column("mono_ns", sa.Integer, nullable=False),
        sa.Column("boot_id", sa.Text, nullable=False),
        sa.Column("by_name", sa.Text, nullable=False),
        sa.Column("os_user", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.Text),
        sa.Column("hash", sa.Text, nullable=False),
        sa.UniqueConstraint("writer", "writer_seq", name="entry_writer"),
    )
    op.create_index("entry_line", "entry", ["line_id", "seq", "kind"])
    op.create_index("entry_kind", "entry", ["kind", "seq"])
    op.create_index("entry_subject", "entry", ["subject", "seq"])
    op.create_table(
        "blob",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("coding", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "personal",
        sa.Column("ref", sa.Text, primary_key=True),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        for table, verbs in _FORBIDDEN.items():
            for verb in verbs:
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                )
