"""What the judge needs to go on after a restart: states of lines, a checkpoint, recent readings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "line_state",
        sa.Column("line_id", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "checkpoint",
        sa.Column("vantage", sa.Text, primary_key=True),
        sa.Column("at_us", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "tail",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("vantage", sa.Text, nullable=False),
        sa.Column("start_us", sa.Integer, nullable=False),
        sa.Column("end_us", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("tail_vantage", "tail", ["vantage", "end_us"])
