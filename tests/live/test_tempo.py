"""Tempo by hand: taps, nudges, and whole beats."""

from __future__ import annotations

from fractions import Fraction

import pytest

from genart.contracts import Control, Frame
from genart.errors import ParamError, UnknownName
from genart.live.osc.service import OscService
from genart.live.store import Store
from genart.live.tempo import TempoControl, next_beat
from genart.playback.loop import turn
from genart.playback.settings import Settings
from genart.playback.tap_tempo import Taps
from genart.playback.timeline import Change, Timeline, smoothing_of


def tapped(*times: float) -> float | None:
    taps = Taps()
    bpm = None
    for t in times:
        bpm = taps.tap(t)
    return bpm


def test_one_tap_is_no_tempo_and_two_are() -> None:
    assert tapped(0.0) is None
    assert tapped(0.0, 0.5) == pytest.approx(120)


def test_small_errors_even_out() -> None:
    assert tapped(0.0, 0.49, 1.01, 1.49, 2.0) == pytest.approx(120)


@pytest.mark.parametrize(
    "times",
    [(0.0, 0.5, 1.0, 2.0, 2.5, 3.0), (0.0, 0.5, 0.75, 1.0, 1.5, 2.0), (0, 0.5, 0.53, 1.0, 1.5)],
    ids=["missed", "doubled", "bounced"],
)
def test_one_wrong_tap_changes_nothing(times: tuple[float, ...]) -> None:
    assert tapped(*times) == pytest.approx(120, rel=0.01)


def test_intervals_that_all_differ_still_mean_something() -> None:
    assert tapped(0.0, 0.2, 1.2) is not None


def test_after_a_pause_taps_begin_anew() -> None:
    assert tapped(0.0, 0.5, 1.0, 10.0) is None
    assert tapped(0.0, 0.5, 1.0, 10.0, 10.4) == pytest.approx(150)


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def desk() -> tuple[TempoControl, Settings, Time]:
    time, stage = Time(), Settings()
    stage.advance(Fraction(0))
    return TempoControl(Store(stage.tree(), clock=time)), stage, time


def test_taps_turn_the_tempo_and_then_put_whole_beats_under_themselves() -> None:
    tempo, stage, time = desk()
    store = tempo.store
    for i in range(8):
        time.now = 0.2 + 0.4 * i
        stage.advance(Fraction(time.now))
        tempo.observe(time.now, stage.tempo.beat)
        tempo.tap()
        for change in store.take().changes:
            stage.tree().set(change.path, change.value)
        stage.advance(Fraction(time.now))
    assert stage.tempo.bpm == pytest.approx(150)
    assert stage.tempo.beat == pytest.approx(round(stage.tempo.beat), abs=1e-6)


def test_nudges_add_up_and_are_bounded() -> None:
    tempo, _, _ = desk()
    tempo.nudge((0.25,))
    tempo.nudge((-1,))
    assert tempo.store.current("tempo.offset") == -0.75
    for bad in ((), ("x",), (True,), (5.0,)):
        with pytest.raises(ParamError, match="nudge"):
            tempo.nudge(bad)


def test_the_beat_goes_on_between_ticks() -> None:
    tempo, _, _ = desk()
    assert tempo.beat(1.0) is None
    tempo.observe(1.0, 8.0)
    assert tempo.beat(1.25) == pytest.approx(8.5)


def test_the_next_beat_and_bar() -> None:
    assert next_beat(3.2) == 4
    assert next_beat(4.0) == 5
    assert next_beat(4.0, every=4) == 8
    assert next_beat(-0.5, every=0.25) == -0.25
    with pytest.raises(ParamError):
        next_beat(1.0, every=0)


def advanced(
    tempo: TempoControl, stage: Settings, time: Time, t: float, theirs: float | None = None
) -> float:
    """Make the frame of time t, as the engine does; the beat it shows."""
    time.now = t
    tempo.changes(t)
    if theirs is not None:
        tempo.follow(t, theirs, source="link")
    stage.advance(Fraction(t))
    for change in tempo.store.take(t).changes:
        stage.tree().set(change.path, change.value)
    stage.advance(Fraction(t))
    tempo.observe(t, stage.tempo.beat)
    return stage.tempo.beat


def test_what_is_launched_waits_for_its_beat_and_newest_wins() -> None:
    tempo, stage, time = desk()
    done: list[str] = []
    advanced(tempo, stage, time, 0.5)  # beat 1
    tempo.launch("a", lambda: done.append("a"), 4)
    tempo.launch("b", lambda: done.append("b"), 4)
    assert tempo.waiting == "b"
    advanced(tempo, stage, time, 1.9)
    assert done == []
    advanced(tempo, stage, time, 2.0)  # beat 4
    assert (done, tempo.waiting) == (["b"], "")
    advanced(tempo, stage, time, 4.0)
    assert done == ["b"], "once"


def test_a_wait_follows_a_tempo_that_is_changed_meanwhile() -> None:
    tempo, stage, time = desk()
    done: list[float] = []
    advanced(tempo, stage, time, 0.5)
    tempo.launch("a", lambda: done.append(time.now), 4)
    tempo.store.put("tempo.bpm", 60.0)
    for quarter in range(3, 16):
        advanced(tempo, stage, time, quarter / 4)
    assert done == [3.25], "changed in the frame at 0.75 s, 2.5 beats before"


def test_launch_without_beats_does_as_the_param_says() -> None:
    tempo, stage, time = desk()
    done: list[str] = []
    tempo.launch("before any beat", lambda: done.append("now"), 4)
    advanced(tempo, stage, time, 0.25)
    tempo.launch("at once", lambda: done.append("now"))
    assert done == ["now", "now"]
    tempo.store.put("tempo.launch", 2.0)
    tempo.launch("at two", lambda: done.append("two"))
    advanced(tempo, stage, time, 0.9)
    assert len(done) == 2
    advanced(tempo, stage, time, 1.0)
    assert done[2:] == ["two"]
    with pytest.raises(ParamError):
        tempo.launch("never", lambda: None, -1.0)


def test_cues_wait_for_the_bar() -> None:
    tempo, stage, time = desk()
    store = tempo.store
    control = OscService(store, port=0, tempo=tempo)
    try:
        advanced(tempo, stage, time, 0.5)
        act = control.actions.run
        store.put("model.truncation", 0.25)
        act("cue/save", ("low",), "test")
        store.put("model.truncation", 0.75)
        act("cue/save", ("high",), "test")
        act("cue/recall", ("low", 0.0, 4.0), "test")
        assert store.current("model.truncation") == 0.75
        with pytest.raises(UnknownName):
            act("cue/recall", ("lw", 0.0, 4.0), "test")
        advanced(tempo, stage, time, 2.0)
        assert store.current("model.truncation") == 0.75, "a wrong name is reported, nothing waits"
        act("cue/recall", ("low", 0.0, 4.0), "test")
        advanced(tempo, stage, time, 4.0)
        assert store.current("model.truncation") == 0.25
        store.put("tempo.launch", 1.0)
        act("cue/next", (), "test")
        assert store.current("model.truncation") == 0.25
        advanced(tempo, stage, time, 4.5)
        assert store.current("model.truncation") == 0.75
        with pytest.raises(ParamError, match="wait"):
            act("cue/recall", ("low", 1.0, "soon"), "test")
    finally:
        control.close()


def test_a_cue_leaves_the_tempo_of_a_followed_beat_alone() -> None:
    tempo, stage, time = desk()
    control = OscService(tempo.store, port=0, tempo=tempo)
    try:
        for name, bpm in (("slow", 90.0), ("fast", 150.0)):
            tempo.store.put("tempo.bpm", bpm)
            control.actions.run("cue/save", (name,), "test")
        advanced(tempo, stage, time, 1.0, theirs=3.0)
        control.actions.run("cue/recall", ("slow",), "test")
        assert tempo.store.current("tempo.bpm") == 150.0
        time.now = 10.0
        control.actions.run("cue/recall", ("slow",), "test")
        assert tempo.store.current("tempo.bpm") == 90.0
    finally:
        control.close()


def test_a_beat_from_outside_is_jumped_to_once_then_glided_after() -> None:
    tempo, stage, time = desk()
    fades: list[float | None] = []
    tempo.store.subscribe(lambda path, value, source: fades.append(None))
    for frame in range(200):
        t = frame / 50
        theirs = 101.3 + t * 90 / 60 + (0.05 if frame >= 100 else 0.0)
        time.now = t
        stage.advance(Fraction(t))
        tempo.follow(t, theirs, 90.0, "link")
        waiting = tempo.store.take(t).changes
        fades += [change.fade for change in waiting if change.path == "tempo.offset"]
        for change in waiting:
            stage.tree().set(change.path, change.value)
        stage.advance(Fraction(t))
        tempo.observe(t, stage.tempo.beat)
    assert (stage.tempo.beat - theirs + 2) % 4 - 2 == pytest.approx(0, abs=0.002)
    assert stage.tempo.bpm == 90.0
    assert [fade for fade in fades if fade is not None] == [0.0, 0.5], "a jump, later a glide"
    assert len(fades) == 5, "a tempo and two offsets were changed, nothing else"


def test_a_nudge_stays_while_a_beat_is_followed_and_a_tap_does_not() -> None:
    tempo, stage, time = desk()

    def play(frames: range) -> float:
        for frame in frames:
            t = frame / 10
            beat = advanced(tempo, stage, time, t, theirs=2 * t)
        return (beat - 2 * t + 2) % 4 - 2

    assert play(range(1, 20)) == pytest.approx(0.0, abs=0.002)
    tempo.nudge((0.1,))
    assert play(range(20, 40)) == pytest.approx(0.1, abs=0.002)
    tempo.store.put("tempo.offset", 7.3, "web")
    assert play(range(40, 60)) == pytest.approx(0.1, abs=0.002), "only a nudge stays"
    assert play(range(100, 120)) == pytest.approx(0.0, abs=0.002), "while it is followed"


def phases(*turns: tuple[float, str, float], fps: int = 8, seconds: int = 4) -> list[float]:
    """The phase of each frame, with Params changed at their times."""
    stage, found = Settings({"transport.beats": 4.0}), []
    for frame in range(fps * seconds):
        t = Fraction(frame, fps)
        for at, path, value in turns:
            if at == t:
                stage.tree().set(path, value)
        stage.advance(t)
        found.append(stage.transport.phase)
    return found


def test_a_turn_may_take_so_many_beats() -> None:
    assert phases() == [frame % 16 / 16 for frame in range(32)], "4 beats at 120 are 2 s"
    half = phases((1.0, "tempo.bpm", 60.0))
    assert half[8:16] == [0.5 + i / 32 for i in range(8)], "the tempo turns it, too"
    nudged = phases((1.0, "tempo.offset", 1.0))
    assert nudged[8] == 0.75


def test_beats_put_the_phase_where_the_bar_is_and_speed_never_jumps() -> None:
    late = phases((0.0, "transport.beats", 0.0), (1.5, "transport.beats", 4.0))
    assert late[12] == 0.75, "beat 3 of 4"
    back = phases((1.0, "transport.beats", 0.0))
    assert back[8] == 0.5
    assert back[9] == 0.5 + 1 / 64, "on by the seconds from where it was"
    fast = phases((1.0, "transport.speed", 2.0))
    assert fast[8:11] == [0.5, 0.625, 0.75]
    held = phases((1.0, "transport.play", False), (2.0, "transport.play", True))
    assert held[8:18] == [0.5] * 9 + [0.5625]


def test_beats_count_the_same_at_any_frame_rate() -> None:
    turns = ((1.0, "tempo.bpm", 137.0), (2.0, "transport.speed", -1.5))
    assert phases(*turns, fps=2) == phases(*turns, fps=16)[::8]


class OnStage:
    """A player without an image: settings and a time."""

    def __init__(self) -> None:
        self.settings = Settings({"transport.beats": 8.0})
        self.set, self.advance = self.settings.tree().set, self.settings.advance
        self.start = self.settings.tree().values_now(), smoothing_of(self.settings.tree())

    def frame(self, tick: object) -> Frame:
        raise NotImplementedError

    def now(self, control: Control, t: Fraction) -> tuple[float, float]:
        turn(self, [control], t)
        self.advance(t)
        return self.settings.tempo.beat, self.settings.transport.phase


def test_a_show_repeats_a_followed_beat_and_cues_on_it_at_any_rate() -> None:
    time, player = Time(), OnStage()
    store = Store(player.settings.tree(), clock=time)
    tempo, timeline = TempoControl(store), Timeline(*player.start)
    kept: list[Change] = []
    played = []
    for frame in range(120):
        t = Fraction(frame, 30)
        time.now = float(t)
        theirs = 2.3 + min(time.now, 3) * 97 / 60 + max(time.now - 3, 0) * 140 / 60
        theirs += 0.0 if frame < 60 else 0.06
        tempo.changes(time.now)
        tempo.follow(time.now, theirs, 97.0 if frame < 90 else 140.0, "link")
        if frame == 70:
            tempo.launch("cue", lambda: store.put("transport.speed", -2.0, fade=0.5), 1)
        taken = store.take(time.now).changes
        kept += taken
        timeline.add(taken)
        played.append(player.now(timeline, t))
        tempo.observe(time.now, player.settings.tempo.beat, player.settings.tempo.offset)
    assert sorted(change.path for change in kept) == [
        *["tempo.bpm"] * 2, *["tempo.offset"] * 2, "transport.speed",
    ]  # fmt: skip
    for rate in (30, 120):
        again = OnStage()
        show = Timeline(*again.start)
        show.add(kept)
        seen = [again.now(show, Fraction(i, rate)) for i in range(4 * rate)]
        assert seen[:: rate // 30] == played
