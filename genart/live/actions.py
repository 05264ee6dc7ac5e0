"""Actions: events that can be triggered, such as a cue or a recording.

All inputs run them here, so that checks and counts of refusals exist only once: OSC over
UDP, TCP and OSCQuery's WebSocket, the page, the keys of the window, the mapping, and scripts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from genart.errors import ParamError, UnknownName, UsageError
from genart.live.cues import Cues
from genart.live.outputs.video_recorder import check
from genart.live.permissions import NotAllowed
from genart.live.store import Store
from genart.live.tempo import TempoControl
from genart.playback.timeline import LONGEST_FADE

#: Does it: called with the arguments and the source; raises UsageError or OSError.
Run: TypeAlias = Callable[[tuple[Any, ...], str], object]

#: The action that presents the token; the only one that a sender may run before.
TOKEN = "token"
_LONGEST_WAIT = 1024  # beats
_NAME = re.compile(r"[\w][\w .-]{0,99}")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True)
class ActionSpec:
    """One action.

    Args:
        run: does it.
        types: the OSC types of its arguments, "N" for none, for OSCQuery.
        help: one sentence for OSCQuery; "" leaves the action out of its tree.
    """

    run: Run
    types: str = "N"
    help: str = ""


class Actions(Mapping[str, ActionSpec]):
    """The actions of a performance, by address under /genart ("cue/recall").

    Args:
        store: where refusals are counted and logged.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, ActionSpec] = {}

    def add(self, actions: Mapping[str, ActionSpec]) -> None:
        """Add actions; one of the same address is replaced."""
        self._known = {**self._known, **actions}

    def run(self, address: str, args: tuple[Any, ...], source: str) -> None:
        """Run an action; a name may be part of the address, as in "cue/recall/opening".

        A refusal is counted; whoever asked reports it.

        Raises:
            NotAllowed: a sender that needs the token and did not present it.
            UnknownName: no such action.
            UsageError: arguments that it does not take.
            OSError: a file that it cannot use.
        """
        try:
            self._run(address, args, source)
        except (UsageError, OSError):
            self._store.count_refusal()
            raise

    def _run(self, address: str, args: tuple[Any, ...], source: str) -> None:
        if address != TOKEN:
            self._store.permissions.check(source)
        action = self._known.get(address)
        if action is None:
            parent, _, name = address.rpartition("/")
            action, args = self._known.get(parent), (name, *args)
        if action is None:
            raise UnknownName("action", address, self._known, "docs/osc.md lists them.")
        action.run(args, source)

    def attempt(self, address: str, args: tuple[Any, ...], source: str) -> None:
        """Run an action; a refusal is counted, and logged once for each reason."""
        try:
            self.run(address, args, source)
        except (UsageError, OSError) as error:
            full = f"/genart/{address}"
            self._store.complain(f"{full}: {error}", f"{full}: {error}", source)

    def __getitem__(self, address: str) -> ActionSpec:
        return self._known[address]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def tempo_actions(tempo: TempoControl) -> dict[str, ActionSpec]:
    """The actions of the tempo."""
    return {
        "tempo/tap": ActionSpec(tempo.tap, "N", "Tap the tempo."),
        "tempo/nudge": ActionSpec(tempo.nudge, "f", "Move the beat by so many beats."),
    }


def cue_actions(cues: Cues, tempo: TempoControl) -> dict[str, ActionSpec]:
    """The actions of the cues, which may wait for a beat."""

    def recall(args: tuple[Any, ...], source: str) -> None:
        name, fade, wait = safe_name(args), _fade(args, 1), _wait(args, 2)
        if name not in cues.names:
            wait = 0.0  # so that the error is reported now
        tempo.launch(name, lambda: cues.recall(name, fade, source, tempo.followed), wait)

    def next_cue(args: tuple[Any, ...], source: str) -> None:
        fade, wait = _fade(args, 0), _wait(args, 1)
        if not cues.names:
            wait = 0.0  # so that the error is reported now
        tempo.launch("next", lambda: cues.next(fade, source, tempo.followed), wait)

    return {
        "cue/save": ActionSpec(
            lambda args, source: cues.save(safe_name(args)), "s", "Save all values under a name."
        ),
        "cue/recall": ActionSpec(
            recall, "s", "Recall a cue by name; a second argument fades, in seconds."
        ),
        "cue/next": ActionSpec(next_cue, "N", "Recall the next cue."),
        "cue/delete": ActionSpec(lambda args, source: cues.delete(safe_name(args))),
        "cue/move": ActionSpec(
            lambda args, source: cues.move(safe_name(args), _position(args[1:]))
        ),
        "cue/rename": ActionSpec(
            lambda args, source: cues.rename(safe_name(args), safe_name(args[1:]))
        ),
    }


def engine_actions(store: Store) -> dict[str, ActionSpec]:
    """The actions that the engine's thread carries out at its next tick."""

    def trigger(name: str) -> Run:
        return lambda args, source: store.trigger(name, source=source)

    def token(args: tuple[Any, ...], source: str) -> None:
        if not store.permissions.present(source, args[0] if args else ""):
            raise NotAllowed("this is not the token that genart printed.")

    def record(args: tuple[Any, ...], source: str) -> None:
        film = args[0] if args and isinstance(args[0], Path) else None
        if film is not None:
            check(film)
        named = [film or safe_name(args)] if args else []
        store.trigger("record.start", *named, source=source)

    return {
        TOKEN: ActionSpec(token, "s", "Send the token first if genart printed one."),
        "record/start": ActionSpec(record, "s", "Start recording, under a name if one is given."),
        "record/stop": ActionSpec(trigger("record.stop"), "N", "Stop recording."),
        "quality/up": ActionSpec(trigger("quality.up"), "N", "Go up one quality level."),
        "quality/down": ActionSpec(trigger("quality.down"), "N", "Go down one quality level."),
    }


def safe_name(args: tuple[Any, ...]) -> str:
    """A name that stays inside its folder, from a text or a whole number.

    Raises:
        ParamError: no name, or one with separators, a leading dot, or other than letters, digits,
            spaces, dots, - and _.
    """
    name = args[0] if args else None
    if isinstance(name, float) and name.is_integer():
        name = int(name)  # some controllers send only floats
    text = str(name) if isinstance(name, (str, int)) and not isinstance(name, bool) else ""
    if not _NAME.fullmatch(text) or ".." in text or text.endswith((" ", ".")):
        raise ParamError(
            f"{name!r} is not a name: use letters, digits, spaces, dots, - and _, at most 100."
        )
    if _RESERVED.fullmatch(text):
        raise ParamError(f"{name!r} is not a name: Windows reserves it for a device.")
    return text


def _fade(args: tuple[Any, ...], index: int) -> float | None:
    if len(args) <= index:
        return None
    if isinstance(args[index], bool) or not isinstance(args[index], (int, float)):
        raise ParamError(f"a fade is a number of seconds, not {args[index]!r}.")
    if not 0 <= args[index] <= LONGEST_FADE:  # checked now, not when the beat comes
        raise ParamError(f"a fade lasts 0..{LONGEST_FADE:g} s, not {args[index]}.")
    return float(args[index])


def _wait(args: tuple[Any, ...], index: int) -> float | None:
    if len(args) <= index:
        return None
    if isinstance(args[index], bool) or not isinstance(args[index], (int, float)):
        raise ParamError(f"a wait is a number of beats, not {args[index]!r}.")
    if not 0 <= args[index] <= _LONGEST_WAIT:
        raise ParamError(f"a cue waits for 0..{_LONGEST_WAIT} beats, not {args[index]}.")
    return float(args[index])


def _position(args: tuple[Any, ...]) -> int:
    """A cue's position in the order, a whole number."""
    position = args[0] if args else None
    if (
        isinstance(position, bool)
        or not isinstance(position, (int, float))
        or position != int(position)
    ):
        raise ParamError(f"a position is a whole number from 1, not {position!r}.")
    return int(position)
