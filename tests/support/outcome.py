"""What a command printed and how it ended."""

from __future__ import annotations

import json
from typing import Any


class Outcome:
    """What a command said and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        """The one object on stdout; anything else there is a failure."""
        return json.loads(self.out)
