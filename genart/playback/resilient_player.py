"""ResilientPlayer: holds the last good frame while something fails, and recovers."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from types import FrameType
from typing import Any

from genart.contracts import Frame, Generator
from genart.errors import GenartError, SketchError, UsageError, out_of_memory
from genart.interrupts import GivenUp
from genart.params import ParamTree
from genart.playback.background_loader import BackgroundLoader
from genart.playback.background_pacing import BackgroundPacer
from genart.playback.clock import Tick
from genart.playback.device_errors import let_go, lost_device
from genart.playback.image_limits import LONGEST_FIRST, ImageLimits, LateImage
from genart.playback.message_card import message_card
from genart.playback.param_sources import refusable_texts
from genart.playback.plain_walk import PlainWalk
from genart.playback.player import SketchPlayer
from genart.playback.quality import QualityController
from genart.playback.sketch import Sketch, blame
from genart.playback.supervisor import Supervisor

_MODEL, _OTHER = "model.name", "model.other"
_FIRST_WAIT, _LONGEST_WAIT = Fraction(1, 20), Fraction(2)  # seconds between tries
_LONGEST_REST = Fraction(30)  # seconds between tries of a sketch whose images were given up
_SHORT = 60  # out of memory twice within so many seconds: lower the quality
_SET = 10.0  # seconds that setting a Param may take, which may load a network


class ResilientPlayer:
    """Plays a sketch, and holds its last good frame while something is wrong.

    A frame that fails is tried again at the next tick, then after waits that double up to two
    seconds. A text that a walk or model refuses is reset to the last one that worked. A model or
    sketch loaded in the background is used from the next tick on, but only if its first frame is
    good. If memory runs out, cached memory is freed and the quality is lowered. If a device is
    lost, the model is loaded again on another one.

    An image that takes too long is given up, see `ImageLimits`. Params that were changed since the
    last good image are then reset; if none was, the quality is lowered. Until a sketch has made an
    image, a walk of the model is shown, or a card that says what is wrong.

    Args:
        player: plays the sketch.
        loader: loads models and sketches in the background.
        supervisor: watches how long images take; faults are reported there.
        size: (h, w) of the frames.
        quality: chooses the quality level; None never lowers it.
        pacer: makes walks constant-speed in the background; None does so at once.
        restored: called with (path, value) when a value was reset.
        changed: called when another sketch plays.
        swapped: called with its name when another model has made its first image.
        played: called with the tick after each frame; it must not raise.
        now: seconds on a monotonic clock, for frame times.

    Attributes:
        sketch_player: what plays now.
        limits: how long images may take.
    """

    def __init__(
        self,
        player: SketchPlayer,
        loader: BackgroundLoader,
        supervisor: Supervisor,
        *,
        size: tuple[int, int],
        quality: QualityController | None = None,
        pacer: BackgroundPacer | None = None,
        restored: Callable[[str, Any], None] = lambda path, value: None,
        changed: Callable[[], None] = lambda: None,
        swapped: Callable[[str], None] = lambda name: None,
        played: Callable[[Tick], None] = lambda tick: None,
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.sketch_player, self._loader = player, loader
        self._supervisor, self._faults = supervisor, supervisor.faults
        self._restored, self._changed, self._swapped = restored, changed, swapped
        self._now, self._played = now, played
        self._quality, self._pacer = quality or QualityController(1.0), pacer
        if quality is not None:
            player.at_quality = quality.choose
        if pacer is not None:
            player.make_even = pacer
        player.load_second = self._second
        self._good = refusable_texts(player.tree)
        self._size = size
        self._held: Frame = message_card(size, type(player.sketch).__name__)
        self._begun = False  # whether the sketch has made an image
        self._plain: SketchPlayer | None = None  # plays until then
        self.limits = ImageLimits()
        self._behind = 0  # images given up before this one was asked for that still hang
        self._fails, self._retry = 0, Fraction(0)
        self._wish = ""  # the model that is being loaded
        self._before: str | None = None  # the model before, until the new one's first frame
        self._short: Fraction | None = None  # when memory ran out last
        self._renewing = False  # whether the model is being loaded again after its device was lost

    @property
    def tree(self) -> ParamTree:
        """The Params of what plays."""
        return self.sketch_player.tree

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return self._fails > 0

    def set(self, path: str, value: Any) -> None:
        """Set a Param to a value that the store checked; one that fails here is reported.

        A model that is not in memory yet is loaded while the current one plays.
        """
        try:
            if path == _MODEL:
                self._want(value)
            else:
                if path == _OTHER:
                    self._loader.failed.discard(value)  # asked for again, it is loaded again
                self._change(path, value)
        except GivenUp:
            raise
        except UsageError as error:
            self._faults.refused(path, value, error)
            if path in self.tree:
                self._restored(path, self.tree.value(path))
        except BaseException as error:  # an error in a Param's owner must not stop the engine
            self._faults.add("controls", error)

    def _change(self, path: str, value: Any) -> None:
        """Set a Param, to the nearest value for which images were not given up."""
        fits = self.limits.nearest(path, value)
        if path in self.tree:
            self.limits.changed(path, self.tree.value(path))
        with self._supervisor.watch("params", _SET):
            self._turn(path, fits)
        if fits != value:
            self._restored(path, fits)

    def _turn(self, path: str, value: Any) -> None:
        tree = self.tree
        self.sketch_player.assign(path, value)
        if self.tree is not tree:  # a text added other Params
            self._changed()

    def advance(self, t: Fraction) -> None:
        """Advance transport and tempo to time t in seconds."""
        self.sketch_player.advance(t)

    def frame(self, tick: Tick) -> Frame:
        """The frame of one tick, or the last good one."""
        try:
            with self._supervisor.watch("engine", _SET):
                self._make(tick)
        except GivenUp:
            raise
        except BaseException as error:  # in what was called beside the sketch
            self._faults.add("engine", error)
        self._played(tick)
        return self._held

    def _make(self, tick: Tick) -> None:
        late = self.limits.take_late()
        if late is not None:
            self._was_given_up(tick, late)
        self._take_over(tick)
        if self._pacer is not None:
            self._pacer.advance(tick.t, getattr(self.sketch_player.sketch, "walk", None))
        if self._renewing:
            return
        if tick.t >= self._retry and self._supervisor.hanging("sketch") <= self._behind:
            self._try_image(tick)
        if self._fails and not self._begun:
            self._show_plain(tick)

    def _try_image(self, tick: Tick) -> None:
        began = self._now()
        try:
            frame = self._drawn(self.sketch_player, tick)
        except GivenUp:
            raise
        except BaseException as error:  # whatever a sketch raises is the sketch's fault
            self._failed(tick, error)
            return
        self._held, self._begun = frame, True
        took = self._now() - began
        self.limits.made(took)
        if self._counts():
            self._quality.made(float(tick.t), took)
        self._went_well()

    def _drawn(self, player: SketchPlayer, tick: Tick) -> Frame:
        """A frame of a player, given up if it takes too long."""
        with self._supervisor.watch("sketch", self.limits.limit, self.limits.note_late):
            return player.frame(tick)

    def _show_plain(self, tick: Tick) -> None:
        """Show a walk of the model while the sketch has made no image yet; else say why not."""
        try:
            if self._plain is None:
                self._plain = self.sketch_player.with_sketch(PlainWalk())
            self._held = self._drawn(self._plain, tick)
        except GivenUp:
            raise
        except BaseException:
            said = ["", *self._faults.now()][-1]
            self._held = message_card(self._size, type(self.sketch_player.sketch).__name__, said)

    def _was_given_up(self, tick: Tick, late: LateImage) -> None:
        """An image took too long, and this thread continues."""
        self._fails += 1
        self._retry = tick.t
        if self._reset(f"takes longer than {late.limit:.0f} s an image here"):
            self.limits.forgive()
        elif late.in_model and self._quality.relieve(
            float(tick.t), f"as an image took more than {late.limit:.0f} s"
        ):
            self.limits.renew()
        else:
            self._faults.add(
                "sketch", f"An image was given up after {late.limit:.0f} s at {late.line}."
            )
            self._retry = tick.t + min(Fraction(2) ** min(self._fails, 5), _LONGEST_REST)
            return  # and not before the thread that hangs in it has ended
        self._behind = self._supervisor.hanging("sketch")

    def _reset(self, why: str, *, choices: bool = True) -> bool:
        """Reset what was changed since the last good image; returns whether there was anything."""
        changed = {
            path: value
            for path, value in self.limits.take_changed().items()
            if path in self.tree and self.tree.value(path) != value
            and (choices or not self.tree[path].choices)
        }  # fmt: skip
        for path, value in changed.items():
            now = self.tree.value(path)
            self.limits.refuse(path, value, now)
            self._faults.refused(path, now, f"{path}: {now} {why}; it is {value} again.")
            with suppress(GenartError):
                self._turn(path, value)
                self._restored(path, value)
        return bool(changed)

    def _counts(self) -> bool:
        """Whether the time of this frame is typical for the next ones."""
        paces = self._pacer is not None and self._pacer.busy
        return not (paces or self.sketch_player.settings.output.freeze)

    def _want(self, name: str) -> None:
        """Play a model: at once, or when it is loaded."""
        here = self._loader.has(name) and not self._renewing
        self._wish = "" if here else name
        if self._wish:
            self._loader.want_model(name)
        else:
            self._switch(name)

    def _second(self, name: str) -> Generator | None:
        """The model to blend in; None while it is loaded, so that the first one plays alone."""
        if self._loader.has(name):
            return self._loader.get(name)
        if name not in self._loader.failed and not self._loader.loading:
            self._loader.want_model(name, _OTHER)
        return None

    def _switch(self, name: str) -> None:
        playing = self.tree.value(_MODEL)
        if name != playing:
            self._before = playing if self._before is None else self._before
            self.sketch_player.set(_MODEL, name)
            self.limits.renew()

    def _went_well(self) -> None:
        self._behind = 0
        if self._fails:
            self._fails = 0
            for where in ("sketch", "memory", "device"):
                self._faults.settle(where)
        if self._before is not None:
            self._before = None
            self._swapped(self.tree.value(_MODEL))
        pending = {_OTHER: self._good[_OTHER]} if self.sketch_player.second_model.waiting else {}
        self._good = refusable_texts(self.tree) | pending

    def _failed(self, tick: Tick, error: BaseException) -> None:
        self._fails += 1
        wait = _FIRST_WAIT * 2 ** min(self._fails - 2, 10) if self._fails > 1 else Fraction(0)
        self._retry = tick.t + min(wait, _LONGEST_WAIT)
        lost = lost_device(error)
        if lost is not None and lost not in self._loader.lost:
            self._renew(lost)
        elif out_of_memory(error):
            if self._reset("needs more memory than there is", choices=False):
                let_go(error)
            else:
                self._relieve(tick, error)
        elif self._before is not None:
            self._switch_back(error)
        else:
            if not self._set_back(error):
                self._faults.add("sketch", _blamed(error, type(self.sketch_player.sketch)))
            self._quality.failed(float(tick.t))

    def _note_refused(self, stack: list[FrameType], line: str) -> None:
        """The first image of a saved sketch is given up; called by the watching thread."""
        what = f"The first image was given up after {LONGEST_FIRST:.0f} s at {line}."
        self._faults.add("reload", what)

    def _relieve(self, tick: Tick, error: BaseException) -> None:
        """Free cached memory; if that was not enough, lower the quality."""
        self._faults.add("memory", "Memory ran out; the last frame is held.")
        self._loader.slim(self.tree.value(_MODEL), self.tree.value(_OTHER), self._before)
        let_go(error)
        again = self._short is not None and tick.t - self._short < _SHORT
        self._short = tick.t
        if again and not self._quality.relieve(float(tick.t)) and self._before is not None:
            self._switch_back(error)

    def _renew(self, lost: str) -> None:
        """Load the model on another device; until then the last good frame is held."""
        name, device = self.tree.value(_MODEL), self._loader.lose(lost)
        self._faults.add("device", f'Device "{lost}" was lost; "{name}" is loaded on "{device}".')
        self._renewing, self._wish, self._before = True, name, None
        self._loader.want_model(name)

    def _switch_back(self, error: BaseException) -> None:
        """Return to the model before, because the first frame of the new one failed."""
        self._faults.refused(_MODEL, self.tree.value(_MODEL), error)
        before, self._before = self._before, None
        assert before is not None
        self.sketch_player.set(_MODEL, before)
        self._restored(_MODEL, before)
        self._retry = Fraction(0)

    def _set_back(self, error: BaseException) -> bool:
        """Reset the texts that a walk or model refused; returns whether there are any."""
        now = {path: self.tree.value(path) for path in self._good if path in self.tree}
        refused = isinstance(error, GenartError) and not isinstance(error, SketchError)
        texts = [p for p, x in now.items() if x != self._good[p]] * refused
        for path in texts:
            self._faults.refused(path, now[path], error)
            with suppress(GenartError):
                self._turn(path, self._good[path])
                self._restored(path, self._good[path])
        return bool(texts)

    def _take_over(self, tick: Tick) -> None:
        for name in self._loader.models_ready():
            if name == self._wish:  # otherwise another one was requested since
                self._wish = ""
                self._arrived(name, tick)
            elif name == self.tree.value(_OTHER) and name in self._loader.failed:
                before = "" if self._good[_OTHER] == name else self._good[_OTHER]
                self._turn(_OTHER, before)
                self._restored(_OTHER, before)
        for kind in self._loader.sketches_ready():
            self._try(kind, tick)

    def _arrived(self, name: str, tick: Tick) -> None:
        if name in self._loader.failed:
            self._restored(_MODEL, self.tree.value(_MODEL))
        elif self._renewing:
            self._renewing = False
            self.sketch_player.set(_MODEL, name)
            self.sketch_player.forget()
            self._try(type(self.sketch_player.sketch), tick)
        else:
            self._switch(name)

    def _try(self, kind: type[Sketch], tick: Tick) -> None:
        try:
            fresh = self.sketch_player.with_sketch(kind())
            with self._supervisor.watch("reload", LONGEST_FIRST, self._note_refused):
                self._held = fresh.frame(tick)
        except GivenUp:
            raise
        except BaseException as error:
            self._faults.add("reload", _blamed(error, kind))
            return
        self.sketch_player, self._begun, self._plain = fresh, True, None
        self._behind = self._supervisor.hanging("sketch")
        self.limits.renew()
        self._quality.renew()
        self._quality.restore()
        self._faults.settle("reload")
        self._retry = Fraction(0)
        self._changed()


def _blamed(error: BaseException, kind: type[Sketch]) -> str:
    """An error as text, with the line in the file of a sketch."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", "")
    return str(error) if isinstance(error, GenartError) else blame(error, file or "")
