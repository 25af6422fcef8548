"""Whether what a transaction builds upon is still there.

A ref never goes where nothing is. And once objects were removed under an open handle, a verb may have read a commit
before another process collected it, and plan with what it remembers: then everything that the new objects name must
be in the store or among them, before its record is written.
"""

from __future__ import annotations

from ..errors import ConflictError
from .objects import ObjectReader
from .reachable import named_in
from .refs import is_id
from .transaction import Transaction

_REMEMBERED = 100_000  # ids


class Footing:
    """What was found to be there since objects were removed; before that has happened once only refs are looked at."""

    def __init__(self) -> None:
        self._seen: set[bytes] | None = None

    def shake(self) -> None:
        """Objects were removed."""
        self._seen = set()

    @property
    def shaken(self) -> bool:
        return self._seen is not None

    def check(self, transaction: Transaction, objects: ObjectReader) -> None:
        """ConflictError when something that the transaction builds upon is gone."""
        named = {bytes.fromhex(move.new) for move in transaction.moves if move.new is not None and is_id(move.new)}
        if self._seen is not None:
            for kind, data in transaction.objects.values():
                named.update(named_in(kind, data))
        fresh = named.difference(transaction.objects, self._seen or ())
        gone = next((oid for oid in fresh if not objects.listed(oid)), None)
        if gone is not None:
            raise ConflictError(
                f"{gone.hex()[:8]}, which this builds upon, is not there: removed meanwhile by gc or redact",
                hint="nothing was changed; run it again",
            )
        if self._seen is not None:
            if len(self._seen) > _REMEMBERED:
                self._seen.clear()
            self._seen.update(fresh, transaction.objects)
