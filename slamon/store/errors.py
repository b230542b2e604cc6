"""What can go wrong with the ledger, in words for the person who runs it."""

from __future__ import annotations

from typing import ClassVar


class LedgerError(Exception):
    """The ledger could not do what was asked; nothing of that call has been recorded.

    `retriable` tells whether the same call may succeed later without a person's help to the data.
    """

    retriable: ClassVar[bool] = False


class NewerSchema(LedgerError):
    """The ledger was written by a later slamon."""


class OlderSchema(LedgerError):
    """The ledger needs a migration, and was opened for reading only."""


class NotALedger(LedgerError):
    """There is no ledger at that place, or something else is."""


class ReadOnly(LedgerError):
    """The ledger may be read here, not written."""


class LedgerBusy(LedgerError):
    """Another process kept the ledger locked for longer than slamon waits."""

    retriable: ClassVar[bool] = True


class LedgerDiskFull(LedgerError):
    """The disk is full: nothing new is durable until there is room."""

    retriable: ClassVar[bool] = True


class LedgerDamaged(LedgerError):
    """The file is no longer a sound database."""


class NotRecordable(LedgerError):
    """A draft holds something that has no canonical form, such as a value that JSON does not know."""


class NotEvidence(LedgerError):
    """Bytes that should hold packed readings do not."""


class NotReadable(LedgerError):
    """A personal text is sealed with a key that is not here."""
