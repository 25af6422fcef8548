"""Whether what a transaction builds upon is still there, once objects were removed under an open handle.

A verb may have read a commit before another process collected it, and plan with what it remembers. Before its record
is written, everything that the new objects name must be in the store or among them.
"""

from __future__ import annotations

from ..errors import ConflictError
from .objects import ObjectReader
from .reachable import named_in
from .refs import is_id
from .transaction import Transaction

_REMEMBERED = 100_000  # ids


class Footing:
    """What was found to be there since objects were removed; nothing is asked before that has happened once."""

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
        if self._seen is None:
            return
        named = {bytes.fromhex(move.new) for move in transaction.moves if move.new is not None and is_id(move.new)}
        for kind, data in transaction.objects.values():
            named.update(named_in(kind, data))
        fresh = named.difference(transaction.objects, self._seen)
        gone = next((oid for oid in fresh if not objects.listed(oid)), None)
        if gone is not None:
            raise ConflictError(
                f"{gone.hex()[:8]}, which this builds upon, was removed meanwhile by gc or redact",
                hint="nothing was changed; run it again",
            )
        if len(self._seen) > _REMEMBERED:
            self._seen.clear()
        self._seen.update(fresh, transaction.objects)
