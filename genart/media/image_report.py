"""Which images of a dataset or folder are used, which are left out, and why."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from genart.errors import DataError

_LOG = logging.getLogger("genart.images")
_NAMED = 3  # file names listed for each reason


class UnreadableImage(DataError):
    """An image that cannot be used.

    Args:
        name: the file.
        reason: why, as a phrase without the name: "damaged image (truncated)".
    """

    def __init__(self, name: object, reason: str) -> None:
        self.name, self.reason = str(name), reason
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True, order=True)
class LeftOut:
    """A file that is not used.

    Args:
        name: its path within the folder or zip.
        reason: why, as a phrase.
    """

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True)
class ImageReport:
    """Which images are used and which are left out.

    Args:
        used: how many images are used.
        left_out: the files that are not, with the reason.
    """

    used: int = 0
    left_out: tuple[LeftOut, ...] = ()

    def __add__(self, other: ImageReport) -> ImageReport:
        return ImageReport(self.used + other.used, self.left_out + other.left_out)

    def lines(self) -> list[str]:
        """Return the report as text: the counts, then a line for each reason."""
        total = self.used + len(self.left_out)
        first = f"{self.used} of {total} images used"
        if not self.left_out:
            return [first + "."]
        by_reason = sorted(self.left_out, key=lambda each: (each.reason, each.name))
        groups = groupby(by_reason, key=lambda each: each.reason)
        reasons = [_line(reason, [each.name for each in group]) for reason, group in groups]
        return [f"{first}, {len(self.left_out)} left out:", *reasons]

    def record(self) -> dict[str, Any]:
        """Return the report as JSON types: "images" and "left_out", file to reason."""
        return {
            "images": self.used,
            "left_out": {each.name: each.reason for each in self.left_out},
        }

    def log(self) -> None:
        """Log the report as one warning, if anything is left out."""
        if self.left_out:
            _LOG.warning("%s", "\n".join(self.lines()))


def first_reason(left_out: Iterable[LeftOut]) -> str:
    """Return a sentence with the number of files left out and the first reason; "" for none."""
    found = list(left_out)
    if not found:
        return ""
    return f" {len(found)} {'was' if len(found) == 1 else 'were'} left out, the first: {found[0]}."


def _line(reason: str, names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"  {', '.join(names[:_NAMED])}{more}: {reason}"
