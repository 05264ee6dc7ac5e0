"""FilmControl: a mapping file that plays in a film, where a sound track and LFOs move Params.

Live, what a lead turns goes through the store; in a film it is a change at its own time, smoothed
as the Param says, so that the film is a function of time alone and the same at any frame rate:

| source  | moves                                                              |
|---------|--------------------------------------------------------------------|
| `audio` | at the time of each hop of the analysis, when its value is another |
| `lfo`   | at every whole 1/128 s                                             |
| others  | rest: nobody plays them                                            |

Of what is done once, `tempo/tap` is done, so that a sound's beat can lead the tempo. Everything
begins where its source is at time 0, without a glide.
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
    Lead,
    Mappings,
    Outcome,
    Turn,
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


class Hearing(Protocol):
    """A sound track that tells what is heard in it, such as the control "audio" makes."""

    @property
    def features(self) -> Iterable[str]:
        """The names it tells of."""
        ...

    def heard(self, t: float) -> Iterator[tuple[float, str, float]]:
        """Each new (time in seconds, feature, 0..1) up to time t, oldest first."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


class FilmControl:
    """A mapping file as a Control of a film.

    Args:
        path: the TOML file.
        sound: makes the sound track of a film, or None where there is none; it is asked only if
            an entry leads from it.
        tell: told in one line which entries rest, and why.

    Attributes:
        text: what the file holds.

    Raises:
        MappingError: a file that cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        sound: Callable[[Film], Hearing] | None = None,
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.path, self.text = Path(path), read_text(Path(path))
        self._sound, self._tell = sound, tell
        self._hearing: Hearing | None = None
        self._run: _Run | None = None

    def join(self, player: Player, film: Film) -> None:
        """Play with these: its Params are turned, from the film's start.

        Raises:
            MappingError: a mistake in the file; the message names the line.
            UsageError: a sound track that cannot be used.
        """
        from genart.playback.player import Grid

        first: SketchPlayer = player.players[0] if isinstance(player, Grid) else player  # type: ignore[assignment]
        found = parse_mapping(self.text, first.tree, self.path, waiting=self._tell)
        leads = [lead for lead in found.leads if self._plays(lead)]
        self._say_who_rests([lead for lead in found.leads if lead not in leads])
        named = {lead.source for lead in leads if lead.kind == "audio"}
        if named and self._sound:
            self._hearing = self._sound(film)
            self._check(named, self._hearing.features)
        self._run = _Run(leads, first, player.advance, self._hearing)

    def changes(self, t: float) -> Pairs:
        """The ("owner.name", value) pairs that are due at time t in seconds, oldest first."""
        return [pair for _, pairs in self.moments(t) for pair in pairs]

    def moments(self, t: float) -> Iterator[tuple[float, Iterable[tuple[str, Any]]]]:
        """Each time up to t at which something moves, with its pairs, worked out when read."""
        return iter(()) if self._run is None else self._run.moments(t)

    def close(self) -> None:
        """Read no more of the sound track."""
        if self._hearing is not None:
            self._hearing.close()

    def _plays(self, lead: Lead) -> bool:
        heard = lead.kind == "lfo" or (lead.kind == "audio" and self._sound is not None)
        return heard and lead.do in ("", _TAP)

    def _say_who_rests(self, resting: list[Lead]) -> None:
        reasons = {
            "audio": "there is no sound track; give one with --audio",
            "midi": "nobody plays MIDI in a film",
            "osc": "nobody plays OSC in a film",
        }
        done = f"what is done once, but for {_TAP}, is done live alone"
        live = [lead.do not in ("", _TAP) for lead in resting]
        why = Counter(
            done if alone else reasons[lead.kind] for lead, alone in zip(resting, live, strict=True)
        )
        for reason, count in why.items():
            entries = "1 entry rests" if count == 1 else f"{count} entries rest"
            self._tell(f"{self.path}: {entries}: {reason}.")

    def _check(self, named: Iterable[str], features: Iterable[str]) -> None:
        for name in sorted(set(named) - set(features)):
            unknown = UnknownName("audio feature", name, features, "docs/audio.md lists them.")
            raise MappingError(f"{self.path}: {unknown}")


class _Run:
    """One film's way through the mapping.

    Args:
        leads: those that play.
        player: whose Params they turn.
        advance: brings everyone who plays to a time.
        hearing: the sound track, or None.
    """

    def __init__(
        self,
        leads: list[Lead],
        player: SketchPlayer,
        advance: Callable[[Fraction], None],
        hearing: Hearing | None,
    ) -> None:
        tree = player.tree
        self._asked = tree.values_now()
        self._mappings = Mappings(leads, self._asked.__getitem__)
        self._smoothing = smoothing_of(tree)
        self._timeline: Timeline | None = None
        self._tempo, self._advance, self._hearing = player.stage.tempo, advance, hearing
        self._named = {lead.source for lead in leads if lead.kind == "audio"}
        self._swings = any(lead.kind == "lfo" for lead in leads)
        self._by_beat = any(lead.kind == "lfo" and lead.beats for lead in leads)
        rates = any(lead.do or lead.path.startswith(("transport.", "tempo.")) for lead in leads)
        self._step = 0 if self._swings or rates else math.inf
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
        """Everything where its source is at time 0."""
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
        """What is asked for at a time, where it is another value than before."""
        for outcome in [*self._sounded(now), *self._swung(now)]:
            for path, value in [outcome] if isinstance(outcome, Turn) else self._tapped(now):
                if self._asked[path] != value:
                    self._asked[path] = value
                    yield Change(path, value, now, source="mapping")

    def _tapped(self, now: float) -> Iterator[tuple[str, float]]:
        """What a tap turns: the tempo, and from the fourth on the place of the beat."""
        self._advance(Fraction(now))
        offset = float(self._asked["tempo.offset"])
        beat = self._tempo.beat - self._tempo.offset + offset
        bpm = self._taps.tap(now)
        if bpm is not None:
            yield "tempo.bpm", Tempo.bpm.clamp(bpm)
            if self._taps.count >= 4:
                yield "tempo.offset", offset + round(beat) - beat

    def _sounded(self, now: float) -> Iterator[Outcome]:
        while self._next_heard(now) <= now:
            assert self._waiting is not None
            (_, name, x), self._waiting = self._waiting, None
            yield from self._mappings.feed("audio", name, x)

    def _swung(self, now: float) -> Iterator[Outcome]:
        if now < self._step / GRID:
            return
        self._step += 1
        if self._by_beat:
            self._advance(Fraction(now))  # the tempo may have been turned since
        if self._swings:
            yield from self._mappings.swing(now, self._tempo.beat)

    def _next_heard(self, t: float) -> float:
        """When a feature that is mapped is next heard, if that is up to t."""
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
    """A moment whose pairs are worked out when they are read, and at last when it is over."""
    yield at, pairs
    for _ in pairs:
        pass
