"""The addresses of a performance, and its values as they are sent."""

from __future__ import annotations

from typing import Any

ROOT = "/genart"
STATUS = f"{ROOT}/status/"


def address_of(path: str) -> str:
    """The OSC address of "owner.name"."""
    return f"{ROOT}/{path.replace('.', '/', 1)}"


def wire(value: Any) -> Any:
    """A value as it is sent: switches as 0 and 1, which every program reads."""
    return int(value) if isinstance(value, bool) else value
