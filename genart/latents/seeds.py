"""Seeds as people write them: 1,2,5-9."""

from __future__ import annotations

import re
from collections.abc import Iterable

from genart.errors import UsageError

_LIMIT = 2**32
_MOST = 100_000


def parse_seeds(text: str | int | Iterable[int]) -> list[int]:
    """The seeds that a text such as "1,2,5-9" names, in order; numbers are passed through.

    Raises:
        UsageError: no seed, something else than numbers and ranges, or a seed out of range.
    """
    if isinstance(text, int):
        text = str(text)
    if not isinstance(text, str):
        text = ",".join(map(str, text))
    seeds = [seed for part in text.split(",") for seed in _range(part.strip(), text)]
    if not all(0 <= seed < _LIMIT for seed in seeds):
        raise UsageError(f"Seeds are 0..{_LIMIT - 1}, not {text}.")
    return seeds


def _range(part: str, text: str) -> range:
    match = re.fullmatch(r"(\d+)(?:\s*-\s*(\d+))?", part)
    if not match:
        raise UsageError(f'"{text}" names no seeds; write them like 1,2,5-9.')
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last < first + _MOST:
        raise UsageError(f'"{part}" is no range of seeds: first-last, {_MOST} at most.')
    return range(first, last + 1)


def format_seeds(seeds: Iterable[int]) -> str:
    """The shortest text that `parse_seeds` reads as these seeds."""
    runs: list[list[int]] = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)
