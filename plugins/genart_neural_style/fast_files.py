"""Files of fast styles: genart's .safetensors, and the .pth files of the PyTorch examples."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import genart

from .transform import Layout, TransformNet

KIND = "fast-style"
_STATISTICS = re.compile(r"(^|\.)in\d+\.(running_mean|running_var|num_batches_tracked)$")


@dataclass
class FastModel:
    """A network that was read, ready to paint.

    Args:
        net: frozen, on the CPU, channels last.
        styles: names, one for each style it holds.
        metadata: the header's texts; empty for others' files.
    """

    net: TransformNet
    styles: tuple[str, ...]
    metadata: dict[str, str] = field(default_factory=dict)


def save_fast(
    path: str | Path, net: TransformNet, styles: Sequence[str], metadata: Mapping[str, str]
) -> Path:
    """Write a network as float16 .safetensors, atomically."""
    texts = {
        "kind": KIND,
        "architecture": net.layout.describe(),
        "layout": json.dumps(asdict(net.layout)),
        "styles": json.dumps(list(styles)),
        **metadata,
    }
    halves = {name: value.half() for name, value in net.state_dict().items()}
    return genart.checkpoints.write_safetensors(path, halves, texts)


def read_fast(path: str | Path) -> FastModel:
    """Read a network; the architecture comes from the header, or from the weights alone.

    Args:
        path: a .safetensors file of genart, or a .pth whose names are those of the PyTorch
            examples'
            `fast_neural_style`. Running statistics of old instance norms are left out.

    Raises:
        CheckpointError: the file cannot be read or is not a fast style; the error says why.
    """
    checkpoint = genart.checkpoints.read_checkpoint(path)
    state = _weights(checkpoint.tree, path)
    texts = checkpoint.metadata
    if texts.get("kind") == KIND:
        layout, styles = _described(texts, path)
    else:
        layout, styles = _recognised(state, path), (style_name(Path(path).stem) or "style",)
        state = {name: value[None] if _is_norm(name) else value for name, value in state.items()}
    net = _filled(layout, state, path)
    if texts.get("kind") != KIND:
        _to_unit_range(net)
    net = net.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return FastModel(net, styles, dict(texts))


class FastReader:
    """Recognises files of fast styles, which are not generators."""

    def recognise(self, checkpoint: genart.checkpoints.Checkpoint) -> dict[str, Any] | None:
        """The header texts of a genart file, or the shape of a PyTorch example's network."""
        if checkpoint.metadata.get("kind") == KIND:
            layout, styles = _described(checkpoint.metadata, checkpoint.path)
            facts = {k: v for k, v in checkpoint.metadata.items() if k not in ("layout", "styles")}
            return {**facts, "architecture": layout.describe(), "styles": list(styles)}
        tree = checkpoint.tree
        if not isinstance(tree, dict) or not {"conv1.conv2d.weight", "in1.weight"} <= tree.keys():
            return None
        layout = _recognised(_weights(tree, checkpoint.path), checkpoint.path)
        return {"kind": KIND, "architecture": layout.describe()}

    def load(
        self, checkpoint: genart.checkpoints.Checkpoint, *, name: str, device: torch.device
    ) -> genart.Generator:
        """Refuse: a stylizer is not a generator.

        Raises:
            CheckpointError: always.
        """
        raise genart.errors.CheckpointError(
            f'"{checkpoint.path}" is a fast style, not a generator. Use it with --style '
            f"fast:{checkpoint.path}."
        )


def _weights(tree: Any, path: str | Path) -> dict[str, Tensor]:
    for inner in ("state_dict", "model"):
        if isinstance(tree, dict) and isinstance(tree.get(inner), dict):
            tree = tree[inner]
    if not isinstance(tree, dict):
        raise genart.errors.CheckpointError(
            f'"{path}" is not a fast style: it contains no named weights.'
        )
    named = {str(name).removeprefix("module."): value for name, value in tree.items()}
    return {
        name: value.float()
        for name, value in named.items()
        if isinstance(value, Tensor) and not _STATISTICS.search(name)
    }


def _described(texts: Mapping[str, str], path: str | Path) -> tuple[Layout, tuple[str, ...]]:
    try:
        given, styles = json.loads(texts["layout"]), json.loads(texts["styles"])
        encoder, decoder = (_steps(given[name]) for name in ("encoder", "decoder"))
        layout = Layout(encoder, decoder, given["blocks"], given["styles"], given["direct"])
        fits = all(_sane(step) for step in (*layout.encoder, *layout.decoder))
        fits &= 0 <= layout.blocks <= 32 and layout.styles == len(styles) > 0
    except (KeyError, TypeError, ValueError) as error:
        raise genart.errors.CheckpointError(
            f'"{path}": its header is damaged ({error!r}).'
        ) from error
    if not fits or layout.decoder[-1][2] != 3:
        raise genart.errors.CheckpointError(
            f'"{path}": its header does not describe a usable network.'
        )
    return layout, tuple(map(str, styles))


def _steps(given: Any) -> tuple[tuple[int, int, int], ...]:
    return tuple((int(kernel), int(factor), int(wide)) for kernel, factor, wide in given)


def _sane(step: tuple[int, int, int]) -> bool:
    kernel, factor, channels = step
    return kernel in (1, 3, 5, 7, 9) and factor in (1, 2) and 0 < channels <= 512


def _recognised(state: Mapping[str, Tensor], path: str | Path) -> Layout:
    """The shape of a network of the PyTorch examples, from the shapes of its weights."""
    ends = [f"conv{i}.conv2d.weight" for i in (1, 2, 3)]
    ends += [f"deconv{i}.conv2d.weight" for i in (1, 2, 3)]
    missing = [
        name for name in (*ends, "in1.weight", "res1.conv1.conv2d.weight") if name not in state
    ]
    if missing:
        raise genart.errors.CheckpointError(
            f'"{path}" is not a fast style: {_some(missing)} missing. Use a .safetensors file of '
            "`genart train fast`, or a .pth of the PyTorch examples' fast_neural_style."
        )
    shapes = [state[name].shape for name in ends]
    if any(len(shape) != 4 for shape in shapes):
        raise genart.errors.CheckpointError(
            f'"{path}" is not a fast style: {ends[0]} is not a convolution.'
        )
    steps = [(shape[2], factor, shape[0]) for shape, factor in zip(shapes, _FACTORS, strict=True)]
    blocks = len({name.split(".")[0] for name in state if name.startswith("res")})
    return Layout(tuple(steps[:3]), tuple(steps[3:]), blocks)


_FACTORS = (1, 2, 2, 2, 2, 1)  # strides and enlargements of the paper's network
_ENDS = ("conv1", "deconv3")  # its first and last convolution


def _filled(layout: Layout, state: dict[str, Tensor], path: str | Path) -> TransformNet:
    with torch.random.fork_rng([]):  # torch's meta device takes seconds to import
        net = TransformNet(layout)
    wanted = {name: value.shape for name, value in net.state_dict().items()}
    missing = [name for name in wanted if name not in state]
    strange = [name for name in state if name not in wanted]
    wrong = [n for n in wanted if n in state and state[n].shape != wanted[n]]
    says = [f"{_some(missing)} missing"] if missing else []
    says += [f"{_some(strange)} unknown"] if strange else []
    says += [f"{n} has shape {tuple(state[n].shape)}, not {tuple(wanted[n])}" for n in wrong[:1]]
    if says:
        raise genart.errors.CheckpointError(f'"{path}" does not fit: {"; ".join(says)}.')
    if any(not value.isfinite().all() for value in state.values()):
        raise genart.errors.CheckpointError(
            f'"{path}" contains weights that are not finite numbers.'
        )
    net.load_state_dict(state, assign=True)
    return net


def _some(names: Sequence[str]) -> str:
    """The first names and how many more, with their verb."""
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} {'is' if len(names) == 1 else 'are'}"


def _is_norm(name: str) -> bool:
    return re.search(r"(^|\.)in\d+\.(weight|bias)$", name) is not None


def _to_unit_range(net: TransformNet) -> None:
    """Take and give -1..1 instead of 0..255, by changing the first and the last convolution."""
    weights = dict(net.named_parameters())
    first, last = ([weights[f"{n}.conv2d.{part}"] for part in ("weight", "bias")] for n in _ENDS)
    with torch.no_grad():
        first[1].add_(127.5 * first[0].sum((1, 2, 3)))
        first[0].mul_(127.5)
        last[0].div_(127.5)
        last[1].div_(127.5).sub_(1)


def style_name(text: str) -> str:
    """Return the name of a style: letters of any script, in lower case and NFC, digits and _."""
    composed = unicodedata.normalize("NFC", text.lower())
    return "".join(c if c.isalnum() else "_" for c in composed).strip("_")
