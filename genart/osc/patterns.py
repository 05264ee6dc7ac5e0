"""OSC address patterns, matched in time proportional to pattern times address.

`?` is any character, `*` any number of characters, `[a-z]` one of a set, `[!a-z]` none of it,
`{red,blue}` one of these texts; none of them matches a `/`. OSC 1.1's `//` is any number of parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from genart.osc.codec import OscError

#: Maps the positions in a text reached so far to those reached after one more token.
Step: TypeAlias = "Callable[[str, set[int]], set[int]]"
_SPECIAL = frozenset("?*[]{}")
_LONGEST = 256


def is_pattern(address: str) -> bool:
    """Whether an address is a pattern."""
    return not _SPECIAL.isdisjoint(address) or "//" in address


def matching(pattern: str, addresses: Iterable[str]) -> list[str]:
    """The addresses that a pattern matches, in their order.

    Raises:
        OscError: a pattern with an open bracket, or longer than 256 characters.
    """
    if len(pattern) > _LONGEST:
        raise OscError(f"A pattern has at most {_LONGEST} characters.")
    parts = _parts(pattern)
    return [address for address in addresses if _fits(parts, address)]


@lru_cache(maxsize=256)
def _parts(pattern: str) -> tuple[tuple[Step, ...] | None, ...]:
    """The pattern's parts between slashes; None means any number of parts."""
    found: list[tuple[Step, ...] | None] = []
    for index, part in enumerate(pattern.split("/")[1:]):
        if part or index == pattern.count("/") - 1:
            found.append(tuple(_steps(part)))
        elif not found or found[-1] is not None:
            found.append(None)
    return tuple(found)


def _fits(parts: tuple[tuple[Step, ...] | None, ...], address: str) -> bool:
    reached, texts = {0}, address.split("/")[1:]
    for part in parts:
        if part is None:
            reached = set(range(min(reached), len(texts) + 1)) if reached else reached
        else:
            reached = {i + 1 for i in reached if i < len(texts) and _whole(part, texts[i])}
    return len(texts) in reached


def _whole(steps: tuple[Step, ...], text: str) -> bool:
    positions = {0}
    for step in steps:
        positions = step(text, positions)
        if not positions:
            return False
    return len(text) in positions


def _steps(part: str) -> list[Step]:
    steps, at = [], 0
    while at < len(part):
        sign = part[at]
        if sign in "[{":
            end = part.find("]" if sign == "[" else "}", at)
            if end < 0:
                raise OscError(f'The pattern part "{part}" has a {sign} that is not closed.')
            inside = part[at + 1 : end]
            steps.append(_one_of(inside) if sign == "[" else _texts(inside.split(",")))
            at = end + 1
            continue
        steps.append({"*": _run, "?": _any}.get(sign) or _texts([sign]))
        at += 1
    return steps


def _run(text: str, positions: set[int]) -> set[int]:
    return set(range(min(positions), len(text) + 1))


def _any(text: str, positions: set[int]) -> set[int]:
    return {position + 1 for position in positions if position < len(text)}


def _texts(options: list[str]) -> Step:
    def step(text: str, positions: set[int]) -> set[int]:
        return {
            p + len(option) for option in options for p in positions if text.startswith(option, p)
        }

    return step


def _one_of(inside: str) -> Step:
    negated = inside.startswith("!")
    members = _members(inside[negated:])

    def step(text: str, positions: set[int]) -> set[int]:
        return {
            p + 1
            for p in positions
            if p < len(text) and any(low <= text[p] <= high for low, high in members) != negated
        }

    return step


def _members(inside: str) -> list[tuple[str, str]]:
    members, at = [], 0
    while at < len(inside):
        if at + 2 < len(inside) and inside[at + 1] == "-":
            low, high = sorted((inside[at], inside[at + 2]))
            members.append((low, high))
            at += 3
        else:
            members.append((inside[at], inside[at]))
            at += 1
    return members
