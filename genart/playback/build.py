"""Build a player: a sketch with its settings, from typed values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genart.contracts import Generator
from genart.errors import UsageError
from genart.playback.param_sources import sources_first
from genart.playback.player import SketchPlayer
from genart.playback.settings import Settings
from genart.playback.sketch import Sketch


def typed(kind: type[Sketch], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by "owner.name", each checked and in its Param's own type.

    Raises:
        UnknownName: no such owner or name.
        ParamError: a value that its Param does not take.
    """
    tree = performer(kind, settings, load=_none).tree
    return {path: tree.value(path) for path in settings}


def _none(name: str) -> Generator:
    raise UsageError(f'Nobody may load "{name}" here.')


def performer(kind: type[Sketch], settings: Mapping[str, Any], **options: Any) -> SketchPlayer:
    """A performer of a sketch with settings; options are `SketchPlayer`'s."""
    made = SketchPlayer(kind(), Settings(), **options)
    for path, value in sorted(settings.items(), key=sources_first):
        made.set(path, value)
    return made
