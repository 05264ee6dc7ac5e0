"""A mapping file in a film: a sound track and LFOs change Params.

In a performance what a binding asks for goes through the store; in a film it is a change at its own
time, smoothed as the Param declares, so that the film depends on time alone and is the same at any
frame rate:

| source  | changes                                                                |
|---------|------------------------------------------------------------------------|
| `audio` | at the time of each hop of the analysis, when its value differs        |
| `lfo`   | at every whole 1/128 s                                                 |
| others  | never: there is no player                                              |

The only action is `tempo/tap`, so that the beat of a sound can set the tempo. Every Param starts at
the value of its source at time 0, without a glide.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from genart.errors import UnknownName
from genart.mapping.bindings import (
    Binding,
    Bindings,
    Outcome,
)
from genart.mapping.mapping_file import MappingError, parse_mapping, read_text
from genart.playback.tap_tempo import Taps
from genart.playback.timeline import (
    GRID,
    Change,
    Pairs,
    Timeline,
    smoothing_of,
)
from genart.playback.transport import Tempo

if TYPE_CHECKING:
    from genart.media.film_spec import Film
    from genart.playback.player import Player, SketchPlayer


_TAP = "tempo/tap"


class SoundTrack(Protocol):
    """A sound track and what is heard in it, such as the control "audio" makes."""

    @property
    def features(self) -> Iterable[str]:
        """The names of what it reports."""
        ...

    def heard(self, t: float) -> Iterator[tuple[float, str, float]]:
        """Each new (time in seconds, feature, 0..1) up to time t, oldest first."""
        ...

    def close(self) -> None:
        """Stop reading."""
        ...


class FilmControl:
    """A mapping file as a Control of a film.

    Args:
        path: the TOML file.
        sound: returns the sound track of a film; None if there is none. It is called only if an
            entry uses it.
        tell: called with one line for each reason why entries have no effect.

    Attributes:
        text: the content of the file.

    Raises:
        MappingError: a file that cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        sound: Callable[[Film], SoundTrack] | None = None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.path, self.text = Path(path), read_text(Path(path))
        self._sound, self._tell = sound, tell
        self._hearing: SoundTrack | None = None
        self._run: _Run | None = None

    def join(self, player: Player, film: Film) -> None:
        """Change the Params of this player, from the start of this film.

        Raises:
            MappingError: a mistake in the file; the message names the line.
            UsageError: a sound track that cannot be used.
        """
        from genart.playback.player import Grid

        first: SketchPlayer = player.players[0] if isinstance(player, Grid) else player  # type: ignore[assignment]
        found = parse_mapping(self.text, first.tree, self.path, waiting=self._tell)
        entries = [entry for entry in found.entries if self._has_effect(entry)]
        self._report_without_effect([entry for entry in found.entries if entry not in entries])
        named = {entry.source for entry in entries if entry.kind == "audio"}
        if named and self._sound:
            self._hearing = self._sound(film)
            self._check(named, self._hearing.features)
        self._run = _Run(entries, first, player.advance, self._hearing)

    def changes(self, t: float) -> Pairs:
        """The ("owner.name", value) pairs that are due at time t in seconds, oldest first."""
        return [pair for _, pairs in self.moments(t) for pair in pairs]

    def moments(self, t: float) -> Iterator[tuple[float, Iterable[tuple[str, Any]]]]:
        """Each time up to t at which something changes, with its pairs, computed when read."""
        return iter(()) if self._run is None else self._run.moments(t)

    def close(self) -> None:
        """Stop reading the sound track."""
        if self._hearing is not None:
            self._hearing.close()

    def _has_effect(self, entry: Binding) -> bool:
        heard = entry.kind == "lfo" or (entry.kind == "audio" and self._sound is not None)
        return heard and entry.do in ("", _TAP)

    def _report_without_effect(self, resting: list[Binding]) -> None:
        reasons = {
            "audio": "there is no sound track; give one with --audio",
            "midi": "a film has no MIDI input",
            "osc": "a film has no OSC input",
        }
        done = f"actions other than {_TAP} run only in a performance"
        live = [entry.do not in ("", _TAP) for entry in resting]
        why = Counter(
            done if alone else reasons[entry.kind]
            for entry, alone in zip(resting, live, strict=True)
        )
        for reason, count in why.items():
            these = "1 entry has" if count == 1 else f"{count} entries have"
            self._tell(f"{self.path}: {these} no effect: {reason}.")

    def _check(self, named: Iterable[str], features: Iterable[str]) -> None:
        for name in sorted(set(named) - set(features)):
            unknown = UnknownName("audio feature", name, features, "docs/audio.md lists them.")
            raise MappingError(f"{self.path}: {unknown}")


class _Run:
    """The mapping during one film.

    Args:
        entries: the bindings that have an effect.
        player: the player whose Params they change.
        advance: moves transport and tempo of every player to a time.
        hearing: the sound track, or None.
    """

    def __init__(
        self,
        entries: list[Binding],
        player: SketchPlayer,
        advance: Callable[[Fraction], None],
        hearing: SoundTrack | None,
    ) -> None:
        tree = player.tree
        self._asked = tree.values_now()
        self._bindings = Bindings(entries, self._asked.__getitem__)
        self._smoothing = smoothing_of(tree)
        self._timeline: Timeline | None = None
        self._tempo, self._advance, self._hearing = player.settings.tempo, advance, hearing
        self._named = {entry.source for entry in entries if entry.kind == "audio"}
        self._has_lfos = any(entry.kind == "lfo" for entry in entries)
        self._by_beat = any(entry.kind == "lfo" and entry.beats for entry in entries)
        rates = any(
            entry.do or entry.path.startswith(("transport.", "tempo.")) for entry in entries
        )
        self._step = 0 if self._has_lfos or rates else math.inf
        self._waiting: tuple[float, str, float] | None = None
        self._taps = Taps()

    def moments(self, t: float) -> Iterator[tuple[float, Iterable[tuple[str, Any]]]]:
        """See `FilmControl.moments`."""
        if self._timeline is None:
            yield 0.0, self._begun()
        while (now := min(self._next_heard(t), self._step / GRID)) <= t:
            yield from _read(now, self._at(now))
        yield from _read(t, self._glided(t))

    def _begun(self) -> Pairs:
        """Every Param at the value of its source at time 0."""
        before = dict(self._asked)
        changes = list(self._moved(0.0))
        self._timeline = Timeline({**before, **self._asked}, self._smoothing)
        return [(change.path, change.value) for change in changes]

    def _at(self, now: float) -> Iterator[tuple[str, Any]]:
        assert self._timeline is not None
        self._timeline.add(self._moved(now))
        yield from self._glided(now)

    def _glided(self, t: float) -> Iterator[tuple[str, Any]]:
        assert self._timeline is not None
        yield from self._timeline.changes(t)

    def _moved(self, now: float) -> Iterator[Change]:
        """The changes at a time: what is asked for, where the value differs."""
        for outcome in [*self._from_sound(now), *self._from_lfos(now)]:
            asked = (
                [(outcome.path, outcome.value)]
                if isinstance(outcome, Change)
                else self._tapped(now)
            )
            for path, value in asked:
                if self._asked[path] != value:
                    self._asked[path] = value
                    yield Change(path, value, now, source="mapping")

    def _tapped(self, now: float) -> Iterator[tuple[str, float]]:
        """What a tap changes: the tempo, and from the fourth tap on the position of the beat."""
        self._advance(Fraction(now))
        offset = float(self._asked["tempo.offset"])
        beat = self._tempo.beat - self._tempo.offset + offset
        bpm = self._taps.tap(now)
        if bpm is not None:
            yield "tempo.bpm", Tempo.bpm.clamp(bpm)
            if self._taps.count >= 4:
                yield "tempo.offset", offset + round(beat) - beat

    def _from_sound(self, now: float) -> Iterator[Outcome]:
        while self._next_heard(now) <= now:
            assert self._waiting is not None
            (_, name, x), self._waiting = self._waiting, None
            yield from self._bindings.feed("audio", name, x)

    def _from_lfos(self, now: float) -> Iterator[Outcome]:
        if now < self._step / GRID:
            return
        self._step += 1
        if self._by_beat:
            self._advance(Fraction(now))  # the tempo may have changed since
        if self._has_lfos:
            yield from self._bindings.run_lfos(now, self._tempo.beat)

    def _next_heard(self, t: float) -> float:
        """The time of the next mapped feature up to t; infinity if there is none."""
        while self._hearing is not None and self._waiting is None:
            self._waiting = next(self._hearing.heard(t), None)
            if self._waiting is None:
                break
            if self._waiting[1] not in self._named:
                self._waiting = None
        return math.inf if self._waiting is None else self._waiting[0]


def _read(
    at: float, pairs: Iterator[tuple[str, Any]]
) -> Iterator[tuple[float, Iterator[tuple[str, Any]]]]:
    """A moment whose pairs are computed when they are read, at the latest when it is over."""
    yield at, pairs
    for _ in pairs:
        pass
