"""Stage: the owners of the parameter tree that every sketch shares, and its time.

| owner       | holds                                              |
|-------------|----------------------------------------------------|
| `transport` | play, speed, the length of one turn, the phase     |
| `tempo`     | beats a minute, beats a bar, what nudges the beat  |
| `walk`      | which seeds, and how to walk through them          |
| `model`     | which generator, truncation, cutoff, noise, label  |
| `bend`      | the amounts of the bends of `model.bend`           |
| `edit`      | a handle for each direction of `model.directions`  |
| `style`     | what is painted over the picture, and how          |
| `output`    | blackout, freeze                                   |
| `sketch`    | what the sketch itself declares                    |
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from genart.latents.easing import EASINGS
from genart.param_groups import ParamGroup
from genart.params import Param, ParamTree
from genart.playback.param_sources import PARAM_SOURCES, sources_first
from genart.playback.transport import Tempo, Transport
from genart.styling.settings import StyleSettings

if TYPE_CHECKING:
    from genart.contracts import Generator, Image
    from genart.styling.chain import Chain


def _names(kind: str) -> Callable[[], Iterable[str]]:
    """Gives the names in a registry, once all plug-ins are loaded."""

    def names() -> Iterable[str]:
        from genart.plugins import registry

        return registry(kind)

    return names


def _presets() -> Iterable[str]:
    """The names of the presets of bends."""
    from genart.bending.bend import presets

    return presets()


class WalkSettings:
    """How to walk, and past which keys; `genart plugins` lists the kinds."""

    kind = Param("slerp", choices=_names("interpolator"), help="The interpolator.")
    seeds = Param("1-9", help="The keys, such as 1,2,5-9.")
    keys = Param(
        "", help="Latent files and seeds in place of walk.seeds, such as apple.npz,7,pear.npz."
    )
    space = Param("z", choices=("z", "w", "w+"), help="The space the walk is in.")
    easing = Param(
        "linear",
        choices=tuple(EASINGS),
        help="How a step between two keys speeds up and slows down.",
    )
    even = Param(False, help="Whether the picture changes at a constant rate.")
    loop = Param(True, help="Whether the last key leads back to the first.")
    seed = Param(0, 0, 2**32 - 1, help="Which circle or which noise.")
    radius = Param(1.0, 0.0, 8.0, help="How far a circle or noise strays from its keys.")
    smoothness = Param(0.6, 0.05, 4.0, help="0.2 trembles, 0.6 wanders, 2 is nearly a circle.")
    pulses = Param(0, 0, 1000, help="Breaths of truncation in the whole walk; 0 is one a key.")
    low = Param(0.3, -2.0, 2.0, help="The factor on truncation between breaths.")
    high = Param(1.0, -2.0, 2.0, help="The factor on truncation at a breath's height.")
    mix_keys = Param("", help="Keys that some layers come from, such as 12 or apple.npz.")
    mix = Param(1.0, 0.0, 1.0, help="How far these layers lean to those keys.")
    mix_first = Param(
        8.0, 0.0, 64.0, unit="layers", help="The first of these layers; 3.5 is half of layer 3."
    )
    mix_last = Param(
        64.0, -1.0, 64.0, unit="layers", help="The last of these layers; 7.5 is half of layer 8."
    )

    def options(self, taken: Container[str]) -> tuple[tuple[str, Any], ...]:
        """Those of a kind of walk, as far as somebody set them and it takes them."""
        names = ("seed", "radius", "smoothness", "pulses", "low", "high")
        return tuple(
            (name, vars(self)[name]) for name in names if name in vars(self) and name in taken
        )


class ModelSettings:
    """Which generator plays, and how."""

    name = Param(
        "pomona", suggest=_names("generator"), help="A shipped model's name, a file or a URL."
    )
    truncation = Param(0.7, -2.0, 2.0, help="1 is the whole space, 0 the average picture.")
    cutoff = Param(0, 0, 64, unit="layers", help="How many layers are truncated; 0 for all.")
    noise = Param(
        "const",
        choices=("const", "random", "none", "walk"),
        help="Grain: still, fresh each frame, none, or a closed walk of its own.",
    )
    label = Param(-1, -1, 1_000_000, help="The class; -1 leaves it to the model.")
    precision = Param(
        "auto", choices=("auto", "float32", "half"),
        help="What the network computes in; auto is what it is made for.",
    )  # fmt: skip
    other = Param(
        "", suggest=_names("generator"), help="A second model of the same shape to blend in."
    )
    blend = Param(0.0, 0.0, 1.0, help="How much of the second model there is.")
    swap = Param(
        2.0, 2.0, 2048.0, unit="px", curve="log",
        help="From which resolution on the second one is blended in; 2 is everything.",
    )  # fmt: skip
    directions = Param("", help="A file of directions, each of which becomes a Param edit.<name>.")
    bend = Param(
        "", suggest=_presets,
        help="Bends, such as 16:rotate@0.3, a preset or a .toml file, which become bend.<name>.",
    )  # fmt: skip


class Output:
    """What may be done to the finished picture."""

    blackout = Param(False, help="Show black.")
    freeze = Param(False, help="Hold the last picture.")


class Settings:
    """The owners that every sketch shares, each an object that holds its Params' values.

    Args:
        values: the first values, by "owner.name"; those that bring other Params are set first.
        sketch: the sketch whose Params are among them.

    Raises:
        UnknownName: no such owner or name.
        ParamError: a value that its Param does not take.
    """

    def __init__(
        self, values: Mapping[str, Any] | None = None, sketch: object | None = None
    ) -> None:
        self.transport = Transport()
        self.tempo = Tempo()
        self.walk = WalkSettings()
        self.model = ModelSettings()
        self.style = StyleSettings()
        self.output = Output()
        self._brought: dict[str, ParamGroup] = {}
        tree = self.tree(sketch)
        for path, value in sorted((values or {}).items(), key=sources_first):
            if self.set(tree, path, value):
                tree = self.tree(sketch)

    def tree(self, sketch: object = None) -> ParamTree:
        """The one tree of parameters, with a sketch's own if one is given."""
        owners = {name: held for name, held in vars(self).items() if not name.startswith("_")}
        owners |= {PARAM_SOURCES[path].owner: kit.owner for path, kit in self._brought.items()}
        return ParamTree({**owners, **({} if sketch is None else {"sketch": sketch})})

    def set(self, tree: ParamTree, path: str, value: Any) -> bool:
        """Set a Param of a tree of this stage; whether the tree is another one now.

        Raises:
            UnknownName: no such owner or name.
            ParamError: a value that its Param does not take, or that brings nothing.
        """
        if path not in PARAM_SOURCES:
            tree.set(path, value)
            return False
        if value == tree.value(path):
            return False
        self._bring(path, tree[path].check(value), tree)
        self.tree().set(path, value)
        return True

    def _bring(self, path: str, text: str, tree: ParamTree) -> None:
        bringer = PARAM_SOURCES[path]
        kit = bringer.make(text, tree.owners.get(bringer.owner))
        kits = {**self._brought, path: kit}
        self._brought = {path: kit for path in PARAM_SOURCES if (kit := kits.get(path)) is not None}
        if kit is not None and bringer.owner in vars(self):
            setattr(self, bringer.owner, kit.owner)

    def edited(self, model: Generator) -> Generator:
        """What draws in a model's stead: the model with all that was brought for it."""
        for kit in self._brought.values():
            model = kit.on(model)
        return model

    def painted(self, image: Image, size: tuple[int, int]) -> Image:
        """An image painted over by the chain there is; see `genart.styling.chain.Chain`."""
        chain = self._brought.get("style.chain")
        return image if chain is None else cast("Chain", chain)(image, size)

    def advance(self, t: Fraction) -> None:
        """Bring transport and tempo to time t in seconds."""
        self.tempo.advance(t)
        self.transport.advance(t, self.walk.loop, self.tempo.exact)
