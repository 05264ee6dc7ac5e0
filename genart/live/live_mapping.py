"""The mapping of a performance: its bindings, the file they are kept in, and learning new ones.

::

    mapping = LiveMapping(console)
    mapping.load(Path("mapping.toml"))        # reloaded whenever the file is saved
    mapping.bindings.feed("midi", "cc/1/74 nanoKONTROL2", 64)   # what a control asks for
    mapping.learn(("sketch.zoom",))           # the next control that moves is bound to it
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genart.errors import GenartError, ParamError, UnknownName, UsageError
from genart.files import atomic
from genart.live.actions import ActionSpec, Run
from genart.live.midi_learn import (
    LearnRequest,
    MidiLearn,
    MovedSource,
    with_entry,
    without_entries,
)
from genart.live.protocols import Light
from genart.mapping.bindings import MODES, Bindings, Outcome
from genart.mapping.mapping_file import MappingError, parse_mapping, read_text

if TYPE_CHECKING:
    from genart.live.protocols import Console

_POLL = 0.1  # seconds between looks at the file
_MEMORY = Path("the mapping")
#: Sources that count as hands: the Param they changed last is the one that is learned.
_HANDS = ("web", "osc", "window")


class LiveMapping:
    """Holds the bindings, learns new ones, and reloads the mapping file when it is saved.

    Everything may be used from any thread.

    Args:
        console: what the sources control.
        actions: the actions that bindings may run, by address under /genart.

    Attributes:
        name: its name in reports.
        bindings: those in use.
        path: their file; None keeps them in memory.
        thread: watches the file.
        alive_at: when the thread was last seen at work, in seconds of `time.monotonic`.
    """

    name = "mapping"

    def __init__(self, console: Console, actions: Mapping[str, ActionSpec]) -> None:
        self.path: Path | None = None
        self._console, self._actions = console, actions
        self.bindings = Bindings([], console.current)
        self._text = ""
        self._lock = threading.RLock()
        self._learner = MidiLearn()
        self._changed_last = ""  # the Param that was changed by hand last
        self._seen = self._read = _stamp(None)
        self._stopped = threading.Event()
        self.thread = self._new_thread()
        self.alive_at = time.monotonic()
        self._leave: Callable[[], None] = lambda: None

    # playing

    def osc(self, address: str, args: tuple[Any, ...]) -> list[Outcome] | None:
        """What an OSC message outside /genart asks for; None if its address is not mapped.

        Raises:
            ParamError: the argument that counts is missing or is not a number.
        """
        if not self.learning:
            return self.bindings.osc(address, args)
        with self._lock:
            self._learner.osc(address, args, self._console.clock())
        return self.bindings.osc(address, args) or []

    def lights(self, kind: str) -> list[Light]:
        """What the light of each source of a kind has to show for its Param's value."""
        tree, found = self._console.tree, []
        for entry in self.bindings.entries:
            if entry.kind == kind and entry.path in tree:
                with suppress(ValueError):  # a choice that is no longer offered
                    x = entry.light_of(self._console.current(entry.path))
                    found.append(Light(entry.source, entry.device, entry.path, x, entry.mode))
        return found

    def new_tree(self) -> None:
        """Bind to the Params of a reloaded sketch; entries for missing Params wait."""
        with self._lock:
            try:
                self._install(self._parsed(self._text, lambda why: None))
            except MappingError:
                self.bindings = self.bindings.with_tree(self._console.tree)

    # the file

    def load(self, path: Path) -> None:
        """Use the bindings of a file and watch it; a missing file is created on learning.

        Raises:
            MappingError: a mistake in it; the message names the line.
        """
        self.path = path
        if path.exists():
            self._use(read_text(path))
            self._seen = self._read = _stamp(path)

    def start(self) -> None:
        """Start the thread that watches the file and finishes learning."""
        self._leave = self._console.subscribe(self._param_changed)
        self.alive_at = time.monotonic()
        self.thread.start()

    def revive(self) -> bool:
        """Start another thread because this one has ended; True."""
        self.thread = self._new_thread()
        self.thread.start()
        return True

    def close(self) -> None:
        """Stop the thread."""
        self._leave()
        self._stopped.set()
        if self.thread.is_alive():
            self.thread.join(2)

    def look(self) -> None:
        """Reload the file if it was saved and is complete, and save what was learned."""
        moved = self._learner.found(self._console.clock())
        if moved is not None:
            self._learned(moved)
        stamp, before = _stamp(self.path), self._seen
        self._seen = stamp
        if stamp == before and stamp != self._read and self.path and self.path.exists():
            self._read = stamp
            self._reload(self.path)

    # learning

    def learn_actions(self) -> dict[str, ActionSpec]:
        """The actions of learning."""
        return {
            "learn": ActionSpec(_on_press(self.learn)),
            "unlearn": ActionSpec(_on_press(self.unlearn)),
            "learn/cancel": ActionSpec(lambda args, source: self.cancel()),
        }

    @property
    def learning(self) -> bool:
        """Whether the next source that moves is learned."""
        return self._learner.request is not None

    def listen(self, kind: str, source: str, x: float) -> None:
        """While learning: a source sent x. Only MIDI is learned this way; OSC has `osc`."""
        if kind == "midi":
            with self._lock:
                self._learner.midi(source, x, self._console.clock())

    def learn(self, args: tuple[Any, ...] = (), source: str = "") -> None:
        """Bind the next source that moves to a Param or an action.

        Args:
            args: "owner.name" or an address such as "cue/next", then a mode ("absolute" unless
                given); nothing takes the Param that was changed by hand last.
            source: who asked.

        Raises:
            UsageError: there is nothing of that name, or the Param has no range.
        """
        request = self._request(args)
        with self._lock:
            self._learner.begin(request)
        self._console.say("learning", request.target)

    def cancel(self) -> None:
        """Stop learning."""
        with self._lock:
            self._learner.begin(None)
        self._console.say("learning", "")

    def unlearn(self, args: tuple[Any, ...] = (), source: str = "") -> None:
        """Remove every MIDI and OSC binding of a Param or an action, also from the file.

        Args:
            args: "owner.name" or an address; nothing takes the Param changed by hand last.
            source: who asked.

        Raises:
            UsageError: it has no such binding.
        """
        target = self._target(args)
        self.cancel()

        def unwanted(table: dict[str, Any]) -> bool:
            there = str(table.get("to", table.get("do", ""))).removeprefix("/genart/")
            return there == target and ("midi" in table or "osc" in table)

        with self._lock:
            text, removed = without_entries(self._newest(), unwanted)
            if not removed:
                raise UsageError(f"No MIDI control and no OSC address is mapped to {target}.")
            self._save(text)
        self._console.say("learned", f"{target}: nothing")

    def _learned(self, moved: MovedSource) -> None:
        with self._lock:
            request = self._learner.request
            self._learner.begin(None)
            if request is None:
                return
            if _is_switch(self._console.tree, request.target) and moved.is_button:
                request = LearnRequest(request.target, "toggle")
            try:
                self._save(with_entry(self._newest(), request.entry(moved)))
                self._console.settle("learning")
            except (GenartError, OSError) as error:
                self._console.fault("learning", error)
        self._console.say("learning", "")
        self._console.say("learned", f"{request.target}: {moved.kind} {moved.source}")

    def _request(self, args: tuple[Any, ...]) -> LearnRequest:
        target, mode = self._target(args), str(args[1]) if len(args) > 1 else "absolute"
        if mode not in MODES:
            raise UsageError(f'"{mode}" is not one of {", ".join(MODES)}.')
        if "/" not in target:
            try:
                self._console.tree[target].from_norm(0.0)
            except ParamError:
                why = f"{target} cannot be learned: it has no range. Change or name another Param."
                raise UsageError(why) from None
        return LearnRequest(target, mode)

    def _target(self, args: tuple[Any, ...]) -> str:
        named = str(args[0]) if args else self._changed_last
        if not named:
            raise UsageError("No Param was changed yet; name the one to learn.")
        address = named.removeprefix("/genart").strip("/")
        path, tree, actions = address.replace("/", ".", 1), self._console.tree, self._actions
        if path in tree:
            return path
        if address in actions or address.rpartition("/")[0] in actions:
            return address
        raise UnknownName("parameter or action", named, [*tree, *actions], "See docs/osc.md.")

    def _newest(self) -> str:
        """The text to add to: what the file contains now."""
        return read_text(self.path) if self.path and self.path.exists() else self._text

    def _save(self, text: str) -> None:
        """Use a text and write it; if it cannot be written, its bindings are used all the same."""
        self._use(text)
        if self.path is not None:
            with atomic(self.path.resolve()) as partial:
                partial.write_text(text, encoding="utf-8")
            self._seen = self._read = _stamp(self.path)

    def _reload(self, path: Path) -> None:
        try:
            with self._lock:
                self._use(read_text(path))
        except GenartError as error:
            self._console.fault("mapping", error)

    def _use(self, text: str) -> None:
        """Use the bindings of a text; MappingError, and no change, if it has a mistake."""
        waiting: list[str] = []
        bindings = self._parsed(text, waiting.append)
        self._text = text
        self._install(bindings)
        self._console.settle("mapping")
        for each in waiting:
            self._console.fault("mapping", each)
            self._console.settle("mapping")  # reported, but nothing is wrong

    def _parsed(self, text: str, waiting: Callable[[str], None]) -> Bindings:
        return parse_mapping(
            text, self._console.tree, self.path or _MEMORY,
            actions=self._actions, waiting=waiting,
        )  # fmt: skip

    def _install(self, bindings: Bindings) -> None:
        self.bindings = Bindings(bindings.entries, self._console.current, self.bindings)

    def _param_changed(self, path: str, value: Any, source: str) -> None:
        if source.startswith(_HANDS):
            self._changed_last = path

    def _work(self) -> None:
        while not self._stopped.wait(_POLL):
            self.alive_at = time.monotonic()
            try:
                self.look()
            except BaseException as error:  # no file may end this thread
                self._console.fault("mapping", error)

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._work, name="genart-mapping", daemon=True)


def _on_press(do: Run) -> Run:
    """An action that a button may run too, which sends 1 when pressed and 0 when released."""

    def done(args: tuple[Any, ...], source: str) -> None:
        if args and isinstance(args[0], (int, float)):
            args = args[1:] if args[0] else ("",)
        if args != ("",):
            do(args, source)

    return done


def _is_switch(tree: Mapping[str, Any], target: str) -> bool:
    return target in tree and isinstance(tree[target].default, bool)


def _stamp(path: Path | None) -> tuple[int, int]:
    """A file's time and size, which change when it is saved; (0, 0) if there is none."""
    try:
        found = path.stat() if path else None
    except OSError:
        found = None
    return (found.st_mtime_ns, found.st_size) if found else (0, 0)
