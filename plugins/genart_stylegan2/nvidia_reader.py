"""NVIDIA's pickles: StyleGAN2-ADA, and StyleGAN3's release of the StyleGAN2 configuration.

Networks are known by the names of their tensors, never by what a file calls its classes. What
file's own settings (its init arguments) are checked against them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

import torch

import genart
from genart_stylegan2 import reader_common

from .discriminator import Discriminator
from .generator import StyleGAN2

if TYPE_CHECKING:
    from torch import Tensor

_POSITIONAL = ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")
_MAPPING = {"num_layers": "mapping_layers", "lr_multiplier": "mapping_lr_multiplier"}
_SYNTHESIS = (
    "channel_base",
    "channel_max",
    "num_fp16_res",
    "conv_clamp",
    "architecture",
    "resample_filter",
    "use_noise",
)
#: Settings that do not change an image in float32, or that follow from the tensors' shapes.
_QUIET = {
    "class_name",
    "embed_features",
    "fp16_channels_last",
    "freeze_layers",
    "fused_modconv_default",
    "kernel_size",
    "layer_features",
    "magnitude_ema_beta",
    "w_avg_beta",
}
_TF_ERA = (
    "it is a TensorFlow-era pickle (StyleGAN or StyleGAN2); convert it to PyTorch with the "
    "official legacy.py of StyleGAN2-ADA or StyleGAN3 first."
)


class NvidiaReader:
    """Reads generators from NVIDIA pickles; `G_ema` unless asked for `G`."""

    def recognise(self, checkpoint: genart.checkpoints.Checkpoint) -> dict[str, Any] | None:
        """A summary; for networks that are known but not run, with the reason in "refused"."""
        if checkpoint.format == "nvidia-tf-pickle":
            return _refused("stylegan-tensorflow", _TF_ERA)
        networks = generators(checkpoint)
        if not networks:
            return None
        record = networks[_pick(checkpoint, networks, None)]
        state = record.state_dict()
        if _is_stylegan3(state):
            return _refused(*_stylegan3(state))
        facts = {"release": _release(record), "networks": _named(checkpoint)}
        try:
            config = reader_common.make_config(checkpoint, _settings(checkpoint, record, state))
        except genart.errors.CheckpointError as error:
            return _refused("stylegan2", str(error)) | facts
        return reader_common.summarise(config, **facts, **_dataset(checkpoint))

    def load(
        self,
        checkpoint: genart.checkpoints.Checkpoint,
        *,
        name: str,
        device: torch.device,
        network: str | None = None,
    ) -> genart.Generator:
        """The generator.

        Args:
            checkpoint: a recognised file.
            name: what to call it.
            device: where to.
            network: "G_ema" (the averaged weights, taken where it is there) or "G".

        Raises:
            CheckpointError: a network that is not run here, or tensors that do not fit.
        """
        if checkpoint.format == "nvidia-tf-pickle":
            genart.checkpoints.fail(checkpoint, _TF_ERA)
        networks = generators(checkpoint)
        picked = _pick(checkpoint, networks, network)
        state = networks[picked].state_dict()
        if _is_stylegan3(state):
            genart.checkpoints.fail(checkpoint, _stylegan3(state)[1])
        config = reader_common.make_config(
            checkpoint, _settings(checkpoint, networks[picked], state)
        )
        made = reader_common.build(checkpoint, config, state)
        facts = {"source": f"{_release(networks[picked])} pickle, {picked}", **_dataset(checkpoint)}
        return StyleGAN2.from_network(
            made, name=name, device=device, metadata=facts, sha256=checkpoint.sha256
        )


def read_discriminator(checkpoint: genart.checkpoints.Checkpoint) -> Discriminator | None:
    """The discriminator of an NVIDIA pickle, frozen, on the CPU; None where there is none.

    Raises:
        CheckpointError: settings out of range, or tensors that do not fit.
    """
    record = _records(checkpoint).get("D")
    if record is None:
        return None
    facts = _arguments(record)
    blocks, end = _dict(facts, "block_kwargs"), _dict(facts, "epilogue_kwargs")
    group = end.get("mbstd_group_size", 4)
    if group is not None and not (isinstance(group, int) and 1 <= group <= 1024):
        genart.checkpoints.fail(checkpoint, f"mbstd_group_size is {group!r}; allowed: 1..1024.")
    kept = ("channel_base", "channel_max", "num_fp16_res", "conv_clamp", *_POSITIONAL)
    values = {"architecture": "resnet", **{key: facts[key] for key in kept if key in facts}}
    values |= {key: facts[key] for key in ("architecture",) if key in facts}
    values |= {key: blocks[key] for key in ("resample_filter",) if key in blocks}
    config = reader_common.make_config(checkpoint, values)
    with torch.device("meta"):
        made = Discriminator(config, 2**30 if group is None else group)
    return genart.checkpoints.fill_module(checkpoint, made, record.state_dict())


def generators(checkpoint: genart.checkpoints.Checkpoint) -> dict[str, genart.checkpoints.Record]:
    """The generators in a file by name, those of StyleGAN3 included."""
    found = {}
    for name, record in _records(checkpoint).items():
        state = record.state_dict()
        if "synthesis.b4.const" in state or _is_stylegan3(state):
            found[name] = record
    return found


def _records(checkpoint: genart.checkpoints.Checkpoint) -> dict[str, genart.checkpoints.Record]:
    """The records at the top of a file; one that stands alone counts as G_ema."""
    if isinstance(checkpoint.tree, genart.checkpoints.Record):
        return {"G_ema": checkpoint.tree}
    if checkpoint.format != "nvidia-pickle" or not isinstance(checkpoint.tree, dict):
        return {}
    return {
        name: value
        for name, value in checkpoint.tree.items()
        if isinstance(name, str) and isinstance(value, genart.checkpoints.Record)
    }


def _pick(
    checkpoint: genart.checkpoints.Checkpoint,
    networks: Mapping[str, genart.checkpoints.Record],
    wanted: str | None,
) -> str:
    if wanted is None:
        return next((name for name in ("G_ema", "G") if name in networks), next(iter(networks)))
    if wanted not in networks:
        genart.checkpoints.fail(
            checkpoint, f'it has no "{wanted}"; its generators: {", ".join(networks)}.'
        )
    return wanted


def _arguments(record: genart.checkpoints.Record) -> dict[str, Any]:
    """The arguments of a network, by name; {} if the file does not contain them."""
    args, named = record.state.get("_init_args"), record.state.get("_init_kwargs")
    placed = zip(_POSITIONAL, args, strict=False) if isinstance(args, list | tuple) else ()
    return {**dict(placed), **(named if isinstance(named, dict) else {})}


def _dict(arguments: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = arguments.get(name)
    return dict(value) if isinstance(value, dict) else {}


def _settings(
    checkpoint: genart.checkpoints.Checkpoint,
    record: genart.checkpoints.Record,
    state: Mapping[str, Tensor],
) -> dict[str, Any]:
    """Config values: from the shapes, overridden by the settings in the file."""
    facts = _arguments(record)
    mapping = _dict(facts, "mapping_kwargs")
    # StyleGAN3's release has the synthesis settings beside z_dim and the rest
    flat = {key: value for key, value in facts.items() if not key.endswith("_kwargs")}
    synthesis = {**flat, **_dict(facts, "synthesis_kwargs"), **_dict(facts, "block_kwargs")}
    for of in (mapping, synthesis):
        if of.get("activation", "lrelu") != "lrelu":
            genart.checkpoints.fail(
                checkpoint, f"its activation is {of['activation']!r}; only lrelu is supported."
            )
    known = {*_POSITIONAL, *_MAPPING, *_SYNTHESIS, *_QUIET, "activation"}
    strange = sorted(str(key) for key in (mapping.keys() | synthesis.keys()) - known)
    if strange:
        genart.checkpoints.fail(
            checkpoint, f"its settings {', '.join(strange)} are not StyleGAN2's."
        )
    return {
        **_inferred(checkpoint, state),
        **{key: synthesis[key] for key in (*_POSITIONAL, *_SYNTHESIS) if key in synthesis},
        **{ours: mapping[theirs] for theirs, ours in _MAPPING.items() if theirs in mapping},
    }


def _inferred(
    checkpoint: genart.checkpoints.Checkpoint, state: Mapping[str, Tensor]
) -> dict[str, Any]:
    """Config values from names and shapes."""
    blocks = {int(found[1]) for name in state if (found := _BLOCK.match(name))}
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    try:
        top = max(blocks)
        widths = {res: shapes[f"synthesis.b{res}.conv1.weight"][0] for res in blocks}
        w_dim = shapes["synthesis.b4.conv1.affine.weight"][1]
        c_dim = shapes["mapping.embed.weight"][1] if "mapping.embed.weight" in shapes else 0
        values = {
            "img_resolution": top,
            "img_channels": shapes[f"synthesis.b{top}.torgb.weight"][0],
            "w_dim": w_dim,
            "c_dim": c_dim,
            "z_dim": shapes["mapping.fc0.weight"][1] - (w_dim if c_dim else 0),
            "mapping_layers": sum(bool(_LAYER.match(name)) for name in shapes),
            "architecture": _architecture(shapes, top),
            "use_noise": "synthesis.b4.conv1.noise_const" in shapes,
        }
    except (KeyError, IndexError, ValueError) as error:
        genart.checkpoints.fail(checkpoint, f"a tensor is missing or has too few axes: {error}.")
    taps = reader_common.infer_taps(state.get("synthesis.b4.resample_filter"))
    return (
        values
        | (reader_common.infer_channels(widths) or {})
        | ({"resample_filter": taps} if taps else {})
    )


_BLOCK = re.compile(r"synthesis\.b(\d{1,5})\.")
_LAYER = re.compile(r"mapping\.fc\d+\.weight$")


def _architecture(names: Mapping[str, Any], top: int) -> str:
    if "synthesis.b8.skip.weight" in names:
        return "resnet"
    return "skip" if top == 4 or "synthesis.b4.torgb.weight" in names else "orig"


def _release(record: genart.checkpoints.Record) -> str:
    facts = _arguments(record)
    return "StyleGAN2-ADA" if "synthesis_kwargs" in facts or not facts else "StyleGAN3's StyleGAN2"


def _named(checkpoint: genart.checkpoints.Checkpoint) -> list[str]:
    return sorted(_records(checkpoint))


def _dataset(checkpoint: genart.checkpoints.Checkpoint) -> dict[str, str]:
    """The name of the dataset, without its folders."""
    tree = checkpoint.tree if isinstance(checkpoint.tree, dict) else {}
    facts = tree.get("training_set_kwargs")
    path = facts.get("path") if isinstance(facts, dict) else None
    return {"dataset": PureWindowsPath(path).name} if isinstance(path, str) and path else {}


def _is_stylegan3(state: Mapping[str, Tensor]) -> bool:
    return "synthesis.input.freqs" in state


def _stylegan3(state: Mapping[str, Tensor]) -> tuple[str, str]:
    """Which StyleGAN3 it is, and why it is not run."""
    kernels = {t.shape[-1] for name, t in state.items() if _ALIAS_FREE.match(name) and t.ndim == 4}
    kind = "r" if kernels == {1} else "t"
    return f"stylegan3-{kind}", (
        f"it is an alias-free StyleGAN3-{kind} network, which is not supported; StyleGAN2, "
        "StyleGAN2-ADA and StyleGAN3's stylegan2 configuration are."
    )


_ALIAS_FREE = re.compile(r"synthesis\.L\d+_\d+_[1-9]\d\d*\.weight$")


def _refused(architecture: str, why: str) -> dict[str, Any]:
    return {"kind": "generator", "architecture": architecture, "refused": why}
