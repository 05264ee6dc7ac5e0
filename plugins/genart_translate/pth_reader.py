"""The public `*_net_G*.pth` files: architecture from the weights alone.

Those files contain named tensors and no description. A ResNet's layers are numbered in
one row (`model.1`, `model.10.conv_block.5`), a U-Net's levels nest (`model.model.1.model.3...`), so
that what lies between two convolutions shows in their numbers: dropout, padding, resizing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from torch import Tensor

import genart

from .architecture import Shape

State = Mapping[str, Tensor]
_PREFIXES = ("module.", "netG.", "generator.")
_PLAIN = re.compile(r"model\.(\d+)\.weight$")
_BLOCK = re.compile(r"model\.(\d+)\.conv_block\.(\d+)\.weight$")
#: Numbers of a block's two convolutions, to its padding and whether it drops out.
_BLOCKS = {(1, 5): ("reflect", 0), (1, 6): ("reflect", 1), (0, 3): ("zero", 0), (0, 4): ("zero", 1)}
#: Modules before an enlarging convolution, to how it is done.
_UPS = {0: ("transposed", "reflect"), 1: ("bilinear", "zero"), 2: ("bilinear", "reflect")}
_DROPPED = 5  # levels of a U-Net that never drop out: the four outer ones and the lowest


class UnknownWeights(Exception):
    """Weights that are not a known generator; the message says what is missing."""


@dataclass(frozen=True)
class Found:
    """A generator in a public file.

    Args:
        shape: the architecture found in the weights.
        names: their names to genart's.
        assumed: properties that the weights do not contain, as text.
    """

    shape: Shape
    names: dict[str, str]
    assumed: tuple[str, ...] = ()

    def renamed(self, state: State) -> dict[str, Tensor]:
        """Their tensors under our names; statistics of old instance norms are left out."""
        batch = self.shape.norm == "batch"
        return {
            self.names.get(name, name): tensor
            for name, tensor in state.items()
            if not name.endswith("num_batches_tracked")
            and (batch or not name.endswith(("running_mean", "running_var")))
        }


@dataclass
class _Names:
    """Their names to genart's, as they are found."""

    state: State
    found: dict[str, str] = field(default_factory=dict)

    def layer(self, theirs: str, ours: str) -> None:
        """Weight and bias of a layer, or the numbers of a norm."""
        for part in ("weight", "bias", "running_mean", "running_var"):
            self.found[f"{theirs}.{part}"] = f"{ours}.{part}"

    def has(self, name: str) -> bool:
        return name in self.state


def tensors_of(checkpoint: genart.checkpoints.Checkpoint) -> dict[str, Tensor]:
    """The tensors of a file by plain names; those of the one dictionary in it where it nests."""
    tree = checkpoint.tree
    for _ in range(2):
        own = _named(tree)
        if own or not isinstance(tree, dict):
            break
        inner = [value for value in tree.values() if _named(value)]
        tree = inner[0] if len(inner) == 1 else {}
    return {_stripped(name): tensor for name, tensor in _named(tree).items()}


def _named(tree: object) -> dict[str, Tensor]:
    items = tree.items() if isinstance(tree, dict) else ()
    return {name: value for name, value in items if isinstance(name, str)
            and isinstance(value, Tensor)}  # fmt: skip


def _stripped(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def find(state: State) -> Found:
    """The generator that these weights are.

    Raises:
        UnknownWeights: no generator; the message says what is missing and what the file is.
    """
    if any(name.endswith(".filt") for name in state):
        raise UnknownWeights(
            "it is an anti-aliased generator (CUT's blur layers), which is a different "
            "architecture. "
            "Use one without anti-aliasing."
        )
    if "model.model.0.weight" in state:
        return _unet(state)
    if "model.1.weight" in state and state["model.1.weight"].ndim == 4:
        return _resnet(state)
    raise UnknownWeights(_other(state))


def _resnet(state: State) -> Found:
    plain = _numbers(state)
    blocks = _blocks(state)
    first = min(blocks, default=None)
    before = [n for n in plain if first is None or n < first]
    after = [n for n in plain if n not in before]
    if first is None:
        half = len(plain) // 2
        before, after = plain[:half], plain[half:]
    if len(before) != len(after) or not after:
        raise UnknownWeights(
            f"it has {len(before)} downsampling and {len(after)} upsampling convolutions; "
            f"a ResNet generator has equal numbers of both."
        )
    kinds = {_BLOCKS.get(pair) for pair in blocks.values()}
    if len(kinds) > 1 or None in kinds:
        raise UnknownWeights(
            f"its residual blocks have convolutions {sorted(set(blocks.values()))}; known are "
            f"{', '.join(map(str, _BLOCKS))}."
        )
    padding, dropout = kinds.pop() or ("reflect", 0) if kinds else ("reflect", 0)
    end = before[-1] + 3 + len(blocks)
    how = _UPS.get(after[0] - end) if len(after) > 1 else _UPS[0]
    if how is None:
        raise UnknownWeights(f'it lacks "model.{end}.weight", the first upsampling layer.')
    up_bias = f"model.{after[0]}.bias" in state if len(after) > 1 else True
    shape = _checked(
        kind="resnet",
        widths=tuple(int(state[f"model.{n}.weight"].shape[0]) for n in before),
        blocks=len(blocks),
        norm=_norm(state, "model.1", "model.2"),
        dropout=dropout,
        padding=padding,
        up=how[0],
        up_padding=how[1],
        bias="model.1.bias" in state,
        up_bias=up_bias,
        channels_in=int(state["model.1.weight"].shape[1]),
        channels_out=int(state[f"model.{after[-1]}.weight"].shape[0]),
    )
    assumed = () if how[0] == "transposed" else (_RESIZED,)
    return Found(shape, _resnet_names(state, shape, before, blocks, after), assumed)


_RESIZED = "resizing is bilinear without aligned corners (not visible in the weights)"


def _resnet_names(
    state: State, shape: Shape, before: list[int], blocks: dict[int, tuple[int, int]],
    after: list[int],
) -> dict[str, str]:  # fmt: skip
    names = _Names(state)
    for place, n in enumerate(before):
        ours = f"down.{place - 1}" if place else "stem"
        names.layer(f"model.{n}", f"{ours}.layer")
        names.layer(f"model.{n + 1}", f"{ours}.norm")
    for place, (n, pair) in enumerate(sorted(blocks.items())):
        for inner, ours in zip(pair, ("first", "second"), strict=True):
            names.layer(f"model.{n}.conv_block.{inner}", f"blocks.{place}.{ours}.layer")
            names.layer(f"model.{n}.conv_block.{inner + 1}", f"blocks.{place}.{ours}.norm")
    within = "layer" if shape.up == "transposed" else "layer.conv"
    for place, n in enumerate(after[:-1]):
        names.layer(f"model.{n}", f"up.{place}.{within}")
        names.layer(f"model.{n + 1}", f"up.{place}.norm")
    names.layer(f"model.{after[-1]}", "head")
    return names.found


def _numbers(state: State) -> list[int]:
    """The numbers of the plain convolutions of a row."""
    found = (_PLAIN.match(name) for name, tensor in state.items() if tensor.ndim == 4)
    return sorted(int(match[1]) for match in found if match)


def _blocks(state: State) -> dict[int, tuple[int, int]]:
    """The residual blocks by number, each with the numbers of its convolutions."""
    inner: dict[int, list[int]] = {}
    for name, tensor in state.items():
        if (match := _BLOCK.match(name)) and tensor.ndim == 4:
            inner.setdefault(int(match[1]), []).append(int(match[2]))
    for n, pair in inner.items():
        if len(pair) != 2:
            raise UnknownWeights(f'its block "model.{n}" has {len(pair)} of two convolutions.')
    return {n: (min(pair), max(pair)) for n, pair in inner.items()}


def _unet(state: State) -> Found:
    levels = list(_levels(state))
    depth = len(levels)
    shift = _shift(state, levels)
    how = _UPS[shift]
    names = _Names(state)
    for i, level in enumerate(levels):
        lowest = i == depth - 1
        names.layer(f"{level}.{0 if i == 0 else 1}", f"down.{i}.layer")
        if i > 0 and not lowest:
            names.layer(f"{level}.2", f"down.{i}.norm")
        up = (3 if i == 0 or lowest else 5) + shift
        names.layer(f"{level}.{up}", f"up.{i}.layer" + (".conv" if shift else ""))
        names.layer(f"{level}.{up + 1}", f"up.{i}.norm")
    last = levels[-1]
    widths = tuple(
        int(state[f"{level}.{0 if i == 0 else 1}.weight"].shape[0])
        for i, level in enumerate(levels)
    )
    outer = state[f"{levels[0]}.{3 + shift}.weight"]
    norm = _norm(state, f"{last}.1", f"{last}.{4 + shift}")
    shape = _checked(
        kind="unet",
        widths=widths,
        blocks=0,
        norm=norm,
        dropout=max(depth - _DROPPED, 0) if norm == "batch" else 0,
        up=how[0],
        up_padding=how[1],
        bias=f"{levels[0]}.0.bias" in state,
        up_bias=f"{last}.{3 + shift}.bias" in state,
        channels_in=int(state[f"{levels[0]}.0.weight"].shape[1]),
        channels_out=int(outer.shape[0 if shift else 1]),
    )
    assumed = [_RESIZED] if shift else []
    if depth > _DROPPED:
        who = "pix2pix has" if norm == "batch" else "CycleGAN has"
        assumed.append(
            f"dropout in {shape.dropout} levels, as {who} it (not visible in the weights)"
        )
    return Found(shape, names.found, tuple(assumed))


def _levels(state: State) -> Iterator[str]:
    """The names of the levels of a U-Net, from the outermost to the lowest."""
    level, inner = "model.model", "model.model.1.model"
    while True:
        yield level
        if f"{inner}.1.weight" not in state:
            return
        level, inner = inner, f"{inner}.3.model"


def _shift(state: State, levels: list[str]) -> int:
    """How many modules stand before the outermost enlarging convolution."""
    if len(levels) < 2:
        raise UnknownWeights('it lacks "model.model.1.model.1.weight", a U-Net\'s second level.')
    for shift in _UPS:
        name = f"{levels[0]}.{3 + shift}.weight"
        if name in state and state[name].ndim == 4:
            for i, level in enumerate(levels):
                up = f"{level}.{(3 if i in (0, len(levels) - 1) else 5) + shift}.weight"
                if up not in state:
                    raise UnknownWeights(f'it lacks "{up}" upsampling from level {i + 1}.')
            return shift
    raise UnknownWeights(f'it lacks "{levels[0]}.3.weight", a U-Net\'s last layer.')


def _norm(state: State, conv: str, norm: str) -> str:
    """The kind of norm: by its own numbers, or by whether the convolution has a bias."""
    if f"{norm}.weight" in state:
        return "batch" if f"{norm}.running_mean" in state else "affine"
    return "instance" if f"{conv}.bias" in state else "none"


def _checked(**values: object) -> Shape:
    try:
        return Shape.from_dict(values)
    except genart.UsageError as error:
        raise UnknownWeights(f"it is not a generator of images: {error}") from error


def _other(state: State) -> str:
    """What the weights are if not a generator, and what is missing."""
    convolutions = [t for name, t in state.items() if name.endswith("weight") and t.ndim == 4]
    if convolutions and len(convolutions[-1]) == 1:
        for start, kind in (("model.0.weight", "patches"), ("net.0.weight", "pixels")):
            if start in state and state[start].ndim == 4:
                return (
                    f"it is a discriminator (of {kind}), which makes no images. "
                    f"Use the file beside it whose name contains net_G."
                )
    if "conv1.conv2d.weight" in state:
        return 'it is a network of fast neural style. Use it with the style "fast".'
    if any(name.startswith(("synthesis.", "mapping.", "style.", "to_rgb")) for name in state):
        return "it is a StyleGAN, which makes images from latents. Load it as a model."
    held = ", ".join(list(state)[:4]) + (", ..." if len(state) > 4 else "")
    return (
        'it lacks "model.1.weight" (a ResNet generator\'s first convolution) and '
        f'"model.model.0.weight" (a U-Net\'s). It contains {held or "no tensors by name"}.'
    )
