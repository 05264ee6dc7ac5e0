"""The patchbay: where the sources of a performance meet its Params.

It holds the mappings while they are played, learned and edited::

    patchbay = LiveMapping(console)
    patchbay.load(Path("mapping.toml"))       # kept in step with the file from now on
    patchbay.feed("midi", "cc/1/74 nanoKONTROL2", 64)
    patchbay.learn(("sketch.zoom",))          # the next control that moves turns it
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genart.errors import GenartError, UnknownName, UsageError
from genart.files import atomic
from genart.live.midi_learn import (
    MidiLearn,
    Moved,
    Wish,
    appended,
    without,
)
from genart.live.protocols import Light
from genart.mapping.bindings import (
    MODES,
    Mappings,
    Outcome,
    Turn,
)
from genart.mapping.mapping_file import MappingError, parse_mapping, read_text

if TYPE_CHECKING:
    from genart.live.protocols import Console

_LOOK = 0.1  # seconds between looks at the file
_MEMORY = Path("the mapping")
#: Whose turns show which Param somebody has in hand.
_HANDS = ("web", "osc", "window")


class LiveMapping:
    """Leads sources onto Params, learns new leads, and follows the mapping file as it is saved.

    Everything may be used from any thread.

    Args:
        console: what the sources play on.
        actions: what can be done once, by address under /genart; asked for when a file is read.

    Attributes:
        mappings: the leads that count now.
        path: their file; None keeps them in memory.
        swings: whether LFOs turn anything.
    """

    def __init__(self, console: Console, actions: Callable[[], Mapping[str, Any]] = dict) -> None:
        self.path: Path | None = None
        self.swings = True
        self._console, self._actions = console, actions
        self.mappings = Mappings([], self._current)
        self._text = ""
        self._lock = threading.RLock()
        self._learner = MidiLearn()
        self._in_hand = ""
        self._seen = self._read = _stamp(None)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="genart-patchbay", daemon=True)
        self._leave: Callable[[], None] = lambda: None

    # playing

    def feed(self, kind: str, source: str, x: float) -> None:
        """A source is at x now: what it leads to is turned or done."""
        if kind == "midi" and self._learner.wish:
            with self._lock:
                self._learner.midi(source, x, self._console.clock())
        self._carry_out(lambda: self.mappings.feed(kind, source, x), f"{kind} {source}")

    def osc(self, address: str, args: tuple[Any, ...]) -> list[Outcome] | None:
        """What an OSC message from outside /genart does; None if nothing waits for it.

        Raises:
            ParamError: the argument that counts is no number, or is not there.
        """
        if not self._learner.wish:
            return self.mappings.osc(address, args)
        with self._lock:
            self._learner.osc(address, args, self._console.clock())
        return self.mappings.osc(address, args) or []

    def swing(self, t: float, beat: float) -> None:
        """Bring the LFOs to a time in seconds and a beat."""
        if self.swings:
            self._carry_out(lambda: self.mappings.swing(t, beat), "lfo")

    def lights(self, kind: str) -> list[Light]:
        """Where each source of a kind would have to be for what its Param is now."""
        tree, found = self._console.tree, []
        for lead in self.mappings.leads:
            if lead.kind == kind and lead.path in tree:
                with suppress(ValueError):  # a choice that is none any more
                    x = lead.light_of(self._console.current(lead.path))
                    found.append(Light(lead.source, lead.device, lead.path, x, lead.mode))
        return found

    def new_tree(self) -> None:
        """Another sketch has taken over: leads to Params that it has wake up, others sleep."""
        with self._lock:
            try:
                self._install(self._parsed(self._text, lambda why: None))
            except MappingError:
                self.mappings = self.mappings.replanted(self._console.tree)

    # the file

    def load(self, path: Path) -> None:
        """Take the leads of a file, and follow it; one that is not there is made on learning.

        Raises:
            MappingError: a mistake in it; the message names the line.
        """
        self.path = path
        if path.exists():
            self._take(read_text(path))
            self._seen = self._read = _stamp(path)

    def start(self) -> None:
        """Begin to look at the file and to finish what is learned."""
        self._leave = self._console.subscribe(self._turned)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._leave()
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def look(self) -> None:
        """Read the file again if it was saved and has settled, and keep what was learned."""
        moved = self._learner.found(self._console.clock())
        if moved is not None:
            self._learned(moved)
        stamp, before = _stamp(self.path), self._seen
        self._seen = stamp
        if stamp == before and stamp != self._read and self.path and self.path.exists():
            self._read = stamp
            self._reread(self.path)

    # learning

    @property
    def doings(self) -> dict[str, Callable[[tuple[Any, ...], str], None]]:
        """What can be done about learning, by address under /genart."""
        return {
            "learn": _pressed(self.learn),
            "unlearn": _pressed(self.unlearn),
            "learn/cancel": lambda args, source: self.cancel(),
        }

    def learn(self, args: tuple[Any, ...] = (), source: str = "") -> None:
        """Wait for the source that moves next, and lead it to a Param or to something to do.

        Args:
            args: "owner.name" or an address such as "cue/next", and a mode if it is not plain;
                nothing takes the Param that somebody turned last.
            source: who asked.

        Raises:
            UsageError: there is nothing of that name, or no range to turn it through.
        """
        wish = self._wish(args)
        with self._lock:
            self._learner.begin(wish)
        self._console.say("learning", wish.target)

    def cancel(self) -> None:
        """Wait no longer."""
        with self._lock:
            self._learner.begin(None)
        self._console.say("learning", "")

    def unlearn(self, args: tuple[Any, ...] = (), source: str = "") -> None:
        """Take every MIDI control and OSC address off a Param, in the file, too.

        Args:
            args: "owner.name" or an address; nothing takes the Param that somebody turned last.
            source: who asked.

        Raises:
            UsageError: nothing was led there.
        """
        target = self._target(args)
        self.cancel()

        def unwanted(table: dict[str, Any]) -> bool:
            there = str(table.get("to", table.get("do", ""))).removeprefix("/genart/")
            return there == target and ("midi" in table or "osc" in table)

        with self._lock:
            text, gone = without(self._newest(), unwanted)
            if not gone:
                raise UsageError(f"No MIDI control and no OSC address leads to {target}.")
            self._save(text)
        self._console.say("learned", f"{target}: nothing")

    def _learned(self, moved: Moved) -> None:
        with self._lock:
            wish = self._learner.wish
            self._learner.begin(None)
            if wish is None:
                return
            if _is_switch(self._console.tree, wish.target) and moved.is_button:
                wish = Wish(wish.target, "toggle")
            try:
                self._save(appended(self._newest(), wish.entry(moved)))
                self._console.settle("learning")
            except (GenartError, OSError) as error:
                self._console.fault("learning", error)
        self._console.say("learning", "")
        self._console.say("learned", f"{wish.target}: {moved.kind} {moved.source}")

    def _wish(self, args: tuple[Any, ...]) -> Wish:
        target, mode = self._target(args), str(args[1]) if len(args) > 1 else "absolute"
        if mode not in MODES:
            raise UsageError(f'"{mode}" is none of {", ".join(MODES)}.')
        if "/" not in target:
            self._console.tree[target].from_norm(0.0)  # one without a range says so now
        return Wish(target, mode)

    def _target(self, args: tuple[Any, ...]) -> str:
        named = str(args[0]) if args else self._in_hand
        if not named:
            raise UsageError("Nothing was turned yet; name what is to be learned.")
        address = named.removeprefix("/genart").strip("/")
        path, tree, actions = address.replace("/", ".", 1), self._console.tree, self._actions()
        if path in tree:
            return path
        if address in actions or address.rpartition("/")[0] in actions:
            return address
        raise UnknownName("parameter or action", named, [*tree, *actions], "docs/osc.md has all.")

    def _newest(self) -> str:
        """The text to add to: what the file holds now."""
        return read_text(self.path) if self.path and self.path.exists() else self._text

    def _save(self, text: str) -> None:
        """Take a text and write it; if it cannot be written, the leads count all the same."""
        self._take(text)
        if self.path is not None:
            with atomic(self.path.resolve()) as partial:
                partial.write_text(text, encoding="utf-8")
            self._seen = self._read = _stamp(self.path)

    def _reread(self, path: Path) -> None:
        try:
            with self._lock:
                self._take(read_text(path))
        except GenartError as error:
            self._console.fault("mapping", error)

    def _take(self, text: str) -> None:
        """Let the leads of a text count; MappingError, and nothing changes, if it has a mistake."""
        asleep: list[str] = []
        mappings = self._parsed(text, asleep.append)
        self._text = text
        self._install(mappings)
        self._console.settle("mapping")
        for each in asleep:
            self._console.fault("mapping", each)
            self._console.settle("mapping")  # told, but nothing is wrong

    def _parsed(self, text: str, waiting: Callable[[str], None]) -> Mappings:
        return parse_mapping(
            text, self._console.tree, self.path or _MEMORY,
            actions=self._actions(), waiting=waiting,
        )  # fmt: skip

    def _install(self, mappings: Mappings) -> None:
        self.mappings = Mappings(mappings.leads, self._current, self.mappings)

    # below

    def _carry_out(self, outcomes: Callable[[], list[Outcome]], source: str) -> None:
        try:
            for each in outcomes():
                self._do(each, source)
        except ValueError:  # a Param that went with its sketch a moment ago, or such a choice
            return

    def _do(self, outcome: Outcome, source: str) -> None:
        if isinstance(outcome, Turn):
            self._console.put(outcome.path, outcome.value, source)
            return
        path = outcome.address.replace("/", ".", 1)
        if path in self._console.tree:
            self._console.put(path, outcome.args[0], source)
        else:
            self._console.act(outcome.address, *outcome.args)

    def _current(self, path: str) -> Any:
        return self._console.current(path)

    def _turned(self, path: str, value: Any, source: str) -> None:
        if source.startswith(_HANDS):
            self._in_hand = path

    def _work(self) -> None:
        while not self._stopped.wait(_LOOK):
            try:
                self.look()
            except Exception as error:  # whatever a file can do to it, the night goes on
                self._console.fault("mapping", error)


def _pressed(
    do: Callable[[tuple[Any, ...], str], None],
) -> Callable[[tuple[Any, ...], str], None]:
    """What a button sets off as well, which sends 1 when pressed and 0 when let go."""

    def done(args: tuple[Any, ...], source: str) -> None:
        if args and isinstance(args[0], (int, float)):
            args = args[1:] if args[0] else ("",)
        if args != ("",):
            do(args, source)

    return done


def _is_switch(tree: Mapping[str, Any], target: str) -> bool:
    return target in tree and isinstance(tree[target].default, bool)


def _stamp(path: Path | None) -> tuple[int, int]:
    """What changes when a file is saved; (0, 0) if there is none."""
    try:
        found = path.stat() if path else None
    except OSError:
        found = None
    return (found.st_mtime_ns, found.st_size) if found else (0, 0)
