"""SketchPlayer: a sketch with its settings, which makes the frame of each tick."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import lru_cache
from inspect import signature
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch

from genart.contracts import (
    Frame,
    Generator,
    Image,
)
from genart.errors import GenartError, ParamError, SketchError
from genart.latent import Latent
from genart.latents.constant_speed import even
from genart.latents.keys import Key, make_keys, parse_keys
from genart.latents.walks import Walk, walk
from genart.media.frames import (
    PendingFrame,
    as_image,
    begin_frame,
)
from genart.models.loading import in_aspect
from genart.params import params_of
from genart.playback.clock import Tick
from genart.playback.param_sources import PARAM_SOURCES
from genart.playback.second_model import SecondModel
from genart.playback.settings import Settings
from genart.playback.sketch import Sketch, blame
from genart.playback.style_mix import StyleMix
from genart.plugins import registry
from genart.profiling import span

if TYPE_CHECKING:
    from genart.params import ParamTree


class Player(Protocol):
    """Something that makes the frame of a tick and has Params to turn."""

    def set(self, path: str, value: Any) -> None:
        """Turn a Param, by "owner.name"."""
        ...

    def advance(self, t: Fraction) -> None:
        """Bring what time turns to t in seconds, before something is set at that time."""
        ...

    def frame(self, tick: Tick) -> Frame:
        """The frame of one tick."""
        ...


class SketchPlayer:
    """One sketch on its stage: it makes what the sketch needs when settings change, and draws.

    Args:
        sketch: what draws.
        stage: the owners of every other Param.
        load: gives the generator of a name.
        size: (h, w) of the frames; None takes the generator's.
        seed: 0..2**32 - 1, what the sketch's own chance comes from.
        strict: whether an image that holds NaN or infinity is an error, instead of grey.
        keys: the keys of the walk, see `use_keys`; None takes those of the settings.

    Attributes:
        keys: the keys of the walk.
        lighten: gives what draws in a model's stead; keys and walks stay those of the model.
        pace: makes a walk even, from (walk, model, truncation, cutoff).
        second: gives the model to blend in by name, or None while it is not here yet.
        pairing: blends it in.
    """

    def __init__(
        self,
        sketch: Sketch,
        stage: Settings,
        *,
        load: Callable[[str], Generator],
        size: tuple[int, int] | None = None,
        seed: int = 0,
        strict: bool = False,
        keys: Sequence[Key] | None = None,
    ) -> None:
        self.sketch, self.stage = sketch, stage
        self.tree: ParamTree = stage.tree(sketch)
        self._size, self._strict = size, strict
        self._load = load
        self._model = lru_cache(maxsize=1)(lambda name: in_aspect(load(name), size))
        self._precise = lru_cache(maxsize=1)(precise)
        self.pairing, self._mixing = SecondModel(), StyleMix()
        self._latents = lru_cache(maxsize=1)(make_keys)
        self.keys: tuple[Key, ...] = ()
        self._keys_text = ""  # the text of the settings that `keys` stand for
        if keys is not None:
            self.use_keys(keys)
        self._walk = lru_cache(maxsize=1)(self._make_walk)
        self._ready = False
        self._held: PendingFrame | None = None
        self._frozen = False
        self.lighten: Callable[[Generator], Generator] = lambda model: model
        self.pace: Callable[[Walk, Generator, float, int | None], Walk] = _even
        self.second: Callable[[str], Generator | None] = lambda name: in_aspect(load(name), size)
        sketch.stage, sketch.seed = stage, seed
        sketch.random = np.random.default_rng(seed)

    def set(self, path: str, value: Any) -> None:
        """Turn a Param, by "owner.name"; some bring others, and the tree is another one then."""
        if self.stage.set(self.tree, path, value):
            self.tree = self.stage.tree(self.sketch)

    def assign(self, path: str, value: Any) -> None:
        """Set a Param to a value that was checked already; `set` is for values that were not.

        Raises:
            UnknownName: no such Param.
            ParamError: a text from which no Params can be made.
        """
        if path in PARAM_SOURCES:
            self.set(path, value)
        else:
            self.tree.assign(path, value)

    def use_keys(self, keys: Sequence[Key]) -> None:
        """Walk past these keys until `walk.seeds` or `walk.keys` is set to another text."""
        self.keys, self._keys_text = tuple(keys), self._text_of_keys()

    def advance(self, t: Fraction) -> None:
        """Bring transport and tempo to time t in seconds."""
        self.stage.advance(t)

    def frame(self, tick: Tick) -> Frame:
        """The frame of one tick, uint8 (h, w, 3 or 4); see `begin`."""
        return self.begin(tick)()

    def begin(self, tick: Tick) -> PendingFrame:
        """The frame of one tick, which may still be on its way from a GPU.

        Raises:
            SketchError: the sketch failed; the message names its line.
        """
        self.stage.advance(tick.t)
        frozen = self.stage.output.freeze
        if self._held is None or not (frozen and self._frozen):
            self.refresh()
            self._held = self._drawn(tick)
        self._frozen = frozen  # from its own tick on, whatever ticks were skipped before
        is_black = self.stage.output.blackout
        return PendingFrame(np.zeros_like(self._held())) if is_black else self._held

    def recast(self, sketch: Sketch) -> SketchPlayer:
        """A performer of another sketch on the same stage, with the models and walks made so far.

        Params of the sketch that were set keep their values where the new one still takes them.
        """
        fresh = SketchPlayer(
            sketch, self.stage, load=self._load, size=self._size, seed=self.sketch.seed,
            strict=self._strict,
        )  # fmt: skip
        fresh._model, fresh._latents, fresh._walk = self._model, self._latents, self._walk
        fresh.keys, fresh._keys_text = self.keys, self._keys_text
        fresh.pairing, fresh.second = self.pairing, self.second
        fresh.lighten, fresh.pace = self.lighten, self.pace
        for name in params_of(self.sketch):
            if name in vars(self.sketch) and f"sketch.{name}" in fresh.tree:
                with suppress(ParamError):
                    fresh.set(f"sketch.{name}", vars(self.sketch)[name])
        return fresh

    def copy(self, size: tuple[int, int] | None, seed: int) -> SketchPlayer:
        """Return a player of another instance of the sketch, with settings of its own."""
        sketch = type(self.sketch)()
        return SketchPlayer(
            sketch, Settings(self.tree.assigned(), sketch), load=self._load, size=size, seed=seed,
            strict=self._strict, keys=self.keys,
        )  # fmt: skip

    def forget(self) -> None:
        """Ask for the model anew at the next frame, and make keys and walk of it."""
        for kept in (self._model, self._precise, self._latents, self._walk):
            kept.cache_clear()
        self.pairing.forget()

    def refresh(self) -> None:
        """Make the model, keys and walk anew if what they are made of has changed.

        An even walk is paced for the truncation it begins with: turning that later never makes
        the picture jump.
        """
        sketch, walks, models = self.sketch, self.stage.walk, self.stage.model
        model = self._model(models.name)
        whole = self.pairing.on(model, models, self.second)
        edited = self.stage.edited(self.lighten(self._precise(whole, models.precision)))
        sketch.model = self._mixing.on(edited, model, self.stage)
        sketch.size = self._size or model.resolution
        label = None if models.label < 0 else models.label
        if (text := self._text_of_keys()) != self._keys_text:
            self.keys, self._keys_text = tuple(parse_keys(text)), text
        sketch.keys = self._latents(model, self.keys, label, walks.space)
        taken = signature(registry("interpolator")[walks.kind].factory).parameters
        options = walks.options(taken)
        sketch.walk = self._walk(
            model, sketch.keys, walks.kind, walks.loop, walks.easing, walks.even, options
        )
        if not self._ready:
            self._ready = True
            self._guarded(sketch.setup)

    def _text_of_keys(self) -> str:
        return self.stage.walk.keys or self.stage.walk.seeds

    def _make_walk(
        self,
        model: Generator,
        keys: Latent,
        kind: str,
        loop: bool,
        easing: str,
        even: bool,
        options: tuple[tuple[str, Any], ...],
    ) -> Walk:
        made = walk(keys, kind, loop=loop, easing=easing, **dict(options))
        chosen = self.stage.model
        if not even:
            return made
        with span("pacing", whole=True):
            return self.pace(made, model, chosen.truncation, chosen.cutoff or None)

    def _drawn(self, tick: Tick) -> PendingFrame:
        with torch.no_grad(), chance(self.sketch.seed, tick.index, self.sketch.model.device):
            with span("sketch"):
                picture = self._guarded(self.sketch.draw, float(tick.t), float(tick.dt))
            if self._strict:
                _check_finite(picture)
            if self.stage.style.chain:
                picture = self._painted(picture)
            return begin_frame(picture, self.sketch.size)

    def _painted(self, picture: Image | Frame) -> Image:
        with span("style"):
            image = as_image(picture).to(self.sketch.model.device)
            return self.stage.painted(image, self.sketch.size)

    def _guarded(self, step: Callable[..., Any], *args: float) -> Any:
        try:
            return step(*args)
        except GenartError:
            raise
        except Exception as error:
            file = step.__func__.__code__.co_filename  # type: ignore[attr-defined]
            raise SketchError(blame(error, file)) from error


def _check_finite(picture: Any) -> None:
    """SketchError for an image with a value that is not finite; one sum looks at all of them."""
    if isinstance(picture, torch.Tensor) and not picture.sum(dtype=torch.float32).isfinite():
        raise SketchError("The picture holds values that are not finite (NaN or infinity).")


def _even(made: Walk, model: Generator, truncation: float, cutoff: int | None) -> Walk:
    return even(made, model, truncation=truncation, cutoff=cutoff)


def precise(model: Generator, precision: str) -> Generator:
    """The model as it computes in a precision; "auto" leaves it alone."""
    return model if precision == "auto" else model.with_precision(precision)


@contextmanager
def chance(seed: int, index: int, device: torch.device) -> Iterator[None]:
    """Chance that belongs to a frame: torch's draws depend on seed and index, on nothing before."""
    on_cpu = device.type == "cpu"
    with torch.random.fork_rng(
        [] if on_cpu else [device], device_type="cuda" if on_cpu else device.type
    ):
        number = (seed << 32) + index
        torch.default_generator.manual_seed(number)  # torch.manual_seed looks for every device
        if not on_cpu:
            kind = torch.get_device_module(device)
            getattr(kind, "manual_seed_all", kind.manual_seed)(number)
        yield


class Grid:
    """Several players in one picture, in rows from the top left.

    Args:
        players: as many as there are cells, whose frames fit together.
        columns: how many cells a row has.
    """

    def __init__(self, players: Sequence[Player], columns: int) -> None:
        self.players, self.columns = players, columns

    def set(self, path: str, value: Any) -> None:
        """Turn a Param of every player."""
        for player in self.players:
            player.set(path, value)

    def advance(self, t: Fraction) -> None:
        """Bring every player to time t."""
        for player in self.players:
            player.advance(t)

    def frame(self, tick: Tick) -> Frame:
        """The cells' frames joined."""
        cells = [player.frame(tick) for player in self.players]
        rows = [cells[i : i + self.columns] for i in range(0, len(cells), self.columns)]
        return np.concatenate([np.concatenate(row, axis=1) for row in rows])
