"""How far a copy of the ledger has come, by sink: a cursor that moves only after the other side has confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("sink", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
    )
