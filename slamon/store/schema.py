"""The ledger's tables as SQLAlchemy knows them; migrations/ makes them.

`entry` and `blob` are append-only. `personal` may be erased row by row. `line_state`, `checkpoint` and `tail`
are what the judge needs to go on after a restart: overwritten, pruned, and no part of the chain. `delivery` says
how far a copy of the ledger has come elsewhere, `outbox` holds what is to be sent to people until it was,
`channel_month` what a month's sending on a channel came to.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

# The newest migration; each is named by a number, in one line. Told apart from older and newer without Alembic.
VERSION = "0004"

metadata = MetaData()

entry = Table(
    "entry",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("writer", Text, nullable=False),
    Column("writer_seq", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("line_id", Text),
    Column("subject", Text),
    Column("at_us", Integer, nullable=False),
    Column("recorded_at_us", Integer, nullable=False),
    Column("mono_ns", Integer, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("by_name", Text, nullable=False),
    Column("os_user", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("prev_hash", Text),
    Column("hash", Text, nullable=False),
    UniqueConstraint("writer", "writer_seq", name="entry_writer"),
    # With the kind inside, entries of other kinds are passed over without a look at the table.
    Index("entry_line", "line_id", "seq", "kind"),
    Index("entry_kind", "kind", "seq"),
    Index("entry_subject", "subject", "seq"),
)

blob = Table(
    "blob",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("coding", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

personal = Table(
    "personal",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("data", Text, nullable=False),
    Column("coding", Text, nullable=False, server_default="plain"),
    Index("personal_coding", "coding"),
)

line_state = Table(
    "line_state",
    metadata,
    Column("line_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("vantage", Text, primary_key=True),
    Column("at_us", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

tail = Table(
    "tail",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("vantage", Text, nullable=False),
    Column("start_us", Integer, nullable=False),
    Column("end_us", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("tail_vantage", "vantage", "end_us"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("sink", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("sequence", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("leg", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_us", Integer, nullable=False),
    Column("lease_us", Integer),
    Column("queued_us", Integer, nullable=False),
    Column("head", Text, nullable=False),
    Column("data", Text),
    Column("coding", Text, nullable=False),
    Index("outbox_due", "state", "channel", "due_us"),
    Index("outbox_sequence", "sequence", "state", "id"),
)

channel_month = Table(
    "channel_month",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("messages", Integer, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("cost", Text, nullable=False),
)
