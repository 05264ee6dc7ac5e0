"""Layers by full or short name: b16.conv1, 16.conv1, 16.1, or 16 for its last one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from genart.errors import UnknownName


def find_layer(text: str, names: Sequence[str]) -> str:
    """The layer that a text means.

    A full name means itself. A resolution means the last layer there, a resolution and a number
    that one: in StyleGAN2 "16" and "16.1" are b16.conv1, "16.0" is b16.conv0.

    Args:
        text: what people write.
        names: all layers, the first one first.

    Raises:
        UnknownName: no such layer; the message lists all.
    """
    wanted = text.strip()
    for name in names:
        if wanted in (name, _bare(name)):
            return name
    at = _numbers(wanted) if re.fullmatch(r"[\d.]+", wanted) else []
    found = [name for name in names if at and _numbers(name)[: len(at)] == at]
    if not found:
        raise UnknownName("layer", text, names, "")
    return found[-1]


def _bare(name: str) -> str:
    """The name without the letters before its first number: "16.conv1"."""
    return re.sub(r"^[a-zA-Z_]+(?=\d)", "", name)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]
