"""What was made last, such as programs, while it is little."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")
_MOST_BYTES = 1 << 29


class Recent(Generic[T]):
    """Things by key, of which the oldest are dropped when they are many or large.

    Args:
        size: the bytes of one, which may grow after it was made.
        most: how many are kept.
    """

    def __init__(self, size: Callable[[T], int], most: int = 4) -> None:
        self._size, self._most = size, most
        self._kept: dict[Hashable, T] = {}  # the newest last

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The thing of a key, which becomes the newest; the newest one always stays."""
        if key not in self._kept:
            self._drop(0)  # before another is made, not beside it
        self._kept[key] = self._kept.pop(key) if key in self._kept else make()
        self._drop(1)
        return self._kept[key]

    @property
    def newest(self) -> T | None:
        """The thing that was asked for last."""
        return next(reversed(self._kept.values()), None)

    def __len__(self) -> int:
        return len(self._kept)

    def _drop(self, least: int) -> None:
        while len(self._kept) > least and self._is_too_much():
            del self._kept[next(iter(self._kept))]

    def _is_too_much(self) -> bool:
        return (
            len(self._kept) > self._most or sum(map(self._size, self._kept.values())) > _MOST_BYTES
        )
