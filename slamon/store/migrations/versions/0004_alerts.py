"""What is to be sent to people (the outbox), what sending cost, and how a personal text is stored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("personal", sa.Column("coding", sa.Text, nullable=False, server_default="plain"))
    op.create_index("personal_coding", "personal", ["coding"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("sequence", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("leg", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_us", sa.Integer, nullable=False),
        sa.Column("lease_us", sa.Integer),
        sa.Column("queued_us", sa.Integer, nullable=False),
        sa.Column("head", sa.Text, nullable=False),
        sa.Column("data", sa.Text),
        sa.Column("coding", sa.Text, nullable=False),
    )
    op.create_index("outbox_due", "outbox", ["state", "channel", "due_us"])
    op.create_index("outbox_sequence", "outbox", ["sequence", "state", "id"])
    op.create_table(
        "channel_month",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("month", sa.Text, primary_key=True),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.Column("segments", sa.Integer, nullable=False),
        sa.Column("cost", sa.Text, nullable=False),
    )
