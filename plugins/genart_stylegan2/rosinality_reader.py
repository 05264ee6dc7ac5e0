"""Rosinality's stylegan2-pytorch files (`.pt`): their names converted to genart's.

The network is the same; what differs is naming, a leading axis of 1 on convolutions, the filter
kept with its gain of 4, and the file does not describe the architecture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

import genart
from genart_stylegan2 import reader_common

from .config import Config
from .generator import StyleGAN2
from .layers import low_pass

if TYPE_CHECKING:
    from torch import Tensor

    from .network import Network

_SIGNS = ("input.input", "style.1.weight", "conv1.conv.weight", "to_rgb1.conv.weight")
_LAYER = re.compile(r"style\.\d+\.weight$")
_THEIRS = {"G_ema": "g_ema", "G": "g"}
_SEEDS = 4096  # for the average of w where the file has none
_NOISE_SEED = 0  # of noise maps that a file does not have


class RosinalityReader:
    """Reads `g_ema`, or `g` where asked for "G"."""

    def recognise(self, checkpoint: genart.checkpoints.Checkpoint) -> dict[str, Any] | None:
        """A summary from names and shapes; None for other files."""
        networks = _networks(checkpoint)
        if not networks:
            return None
        config = _config(checkpoint, next(iter(networks.values())))
        return reader_common.summarise(
            config,
            release="rosinality",
            networks=sorted(networks),
            average="stored" if _average(checkpoint) is not None else "estimated when loaded",
        )

    def load(
        self,
        checkpoint: genart.checkpoints.Checkpoint,
        *,
        name: str,
        device: torch.device,
        network: str | None = None,
    ) -> genart.Generator:
        """The generator.

        Where the file keeps no `latent_avg`, the average of w is taken over seeds 0 to 4095, and
        the generator's metadata records it. Older files, such as the published `550000.pt`, have no
        noise maps: they are drawn from seed 0, which the metadata records too.

        Args:
            checkpoint: a recognised file.
            name: what to call it.
            device: where to.
            network: "G_ema" (the averaged weights, taken where it is there) or "G".

        Raises:
            CheckpointError: tensors that do not fit each other.
        """
        networks = _networks(checkpoint)
        picked = _THEIRS.get(network, network) if network else next(iter(networks))
        if picked not in networks:
            genart.checkpoints.fail(
                checkpoint, f'it has no "{network}"; it has {", ".join(networks)}.'
            )
        config = _config(checkpoint, networks[picked])
        average = _average(checkpoint)
        state = _renamed(networks[picked], config)
        state["mapping.w_avg"] = torch.zeros(config.w_dim) if average is None else average
        facts = {"source": f"rosinality checkpoint, {picked}"}
        if not any(name.startswith("noises.") for name in networks[picked]):
            state |= _drawn_noise(config)
            facts["noise"] = f"drawn from seed {_NOISE_SEED}, because the file has none"
        made = reader_common.build(checkpoint, config, state)
        if average is None:
            _estimate_average(made)
            facts["average"] = f"estimated from seeds 0-{_SEEDS - 1}"
        return StyleGAN2.from_network(
            made, name=name, device=device, metadata=facts, sha256=checkpoint.sha256
        )


def _networks(checkpoint: genart.checkpoints.Checkpoint) -> dict[str, dict[str, Tensor]]:
    """Generators by their own names, the averaged one first."""
    tree, found = checkpoint.tree, {}
    for name in ("g_ema", "g"):
        state = tree.get(name) if isinstance(tree, dict) else None
        if isinstance(state, dict):
            plain = {
                key.removeprefix("module."): value
                for key, value in state.items()
                if isinstance(key, str) and isinstance(value, torch.Tensor)
            }
            if all(sign in plain for sign in _SIGNS):
                found[name] = plain
    return found


def _average(checkpoint: genart.checkpoints.Checkpoint) -> Tensor | None:
    value = checkpoint.tree.get("latent_avg")
    return value.reshape(-1) if isinstance(value, torch.Tensor) else None


def _config(checkpoint: genart.checkpoints.Checkpoint, state: Mapping[str, Tensor]) -> Config:
    """The shape, from names and shapes of tensors."""
    steps = sum(name.startswith("to_rgbs.") and name.endswith(".conv.weight") for name in state)
    widths = {4: state["input.input"].shape}
    for step in range(min(steps, 10)):
        widths[2 ** (3 + step)] = state.get(
            f"convs.{2 * step}.activate.bias", state["conv1.conv.weight"]
        ).shape
    try:
        channels = {res: shape[1 if res == 4 else 0] for res, shape in widths.items()}
        values: dict[str, Any] = {
            "img_resolution": 2 ** (2 + min(steps, 10)),
            "img_channels": state["to_rgb1.conv.weight"].shape[1],
            "z_dim": state["style.1.weight"].shape[1],
            "w_dim": state["conv1.conv.modulation.weight"].shape[1],
            "mapping_layers": sum(bool(_LAYER.match(name)) for name in state),
        }
    except (KeyError, IndexError) as error:
        genart.checkpoints.fail(checkpoint, f"a tensor is missing or has too few axes: {error}.")
    taps = _taps(state)
    if taps is None:
        genart.checkpoints.fail(checkpoint, "its blur kernels are not one separable filter.")
    return reader_common.make_config(
        checkpoint,
        values | (reader_common.infer_channels(channels) or {}) | {"resample_filter": taps},
    )


def _taps(state: Mapping[str, Tensor]) -> tuple[float, ...] | None:
    """The one filter all kernels hold, or None."""
    kernels = [tensor for name, tensor in state.items() if name.endswith(".kernel")]
    taps = reader_common.infer_taps(kernels[0] if kernels else None)
    if taps is None:
        return None
    wanted = 4 * low_pass(taps)
    same = all(k.shape == wanted.shape and torch.allclose(k.float(), wanted) for k in kernels)
    return taps if same else None


def _renamed(state: Mapping[str, Tensor], config: Config) -> dict[str, Tensor]:
    """Their tensors under genart's names; unknown ones keep their name and are reported later."""
    names = dict(_names(config))
    renamed = {
        names.get(name, name): _squeezed(name, tensor)
        for name, tensor in state.items()
        if not name.endswith(".kernel")
    }
    default, chosen = low_pass((1, 3, 3, 1)), low_pass(config.resample_filter)
    for resolution in config.resolutions:
        block = f"synthesis.b{resolution}"
        renamed[f"{block}.resample_filter"] = chosen
        renamed[f"{block}.conv1.resample_filter"] = default
        if resolution > 4:
            renamed[f"{block}.conv0.resample_filter"] = chosen
    return renamed


def _names(config: Config) -> Iterator[tuple[str, str]]:
    """(their name, our name)."""
    for i in range(config.mapping_layers):
        for part in ("weight", "bias"):
            yield f"style.{i + 1}.{part}", f"mapping.fc{i}.{part}"
    yield "input.input", "synthesis.b4.const"
    yield from _block("conv1", "to_rgb1", 0, "synthesis.b4", "conv1")
    for step, resolution in enumerate(config.resolutions[1:]):
        block = f"synthesis.b{resolution}"
        yield from _conv(f"convs.{2 * step}", 2 * step + 1, f"{block}.conv0")
        yield from _block(f"convs.{2 * step + 1}", f"to_rgbs.{step}", 2 * step + 2, block, "conv1")


def _block(conv: str, rgb: str, noise: int, block: str, ours: str) -> Iterator[tuple[str, str]]:
    yield from _conv(conv, noise, f"{block}.{ours}")
    yield from _modulated(rgb, f"{block}.torgb")
    yield f"{rgb}.bias", f"{block}.torgb.bias"


def _conv(theirs: str, noise: int, ours: str) -> Iterator[tuple[str, str]]:
    yield from _modulated(theirs, ours)
    yield f"{theirs}.activate.bias", f"{ours}.bias"
    yield f"{theirs}.noise.weight", f"{ours}.noise_strength"
    yield f"noises.noise_{noise}", f"{ours}.noise_const"


def _modulated(theirs: str, ours: str) -> Iterator[tuple[str, str]]:
    yield f"{theirs}.conv.weight", f"{ours}.weight"
    yield f"{theirs}.conv.modulation.weight", f"{ours}.affine.weight"
    yield f"{theirs}.conv.modulation.bias", f"{ours}.affine.bias"


def _squeezed(name: str, tensor: Tensor) -> Tensor:
    """Without the axes of size 1 that genart does not use."""
    if name.endswith(".noise.weight") and tensor.numel() == 1:
        return tensor.reshape(())
    if name.startswith("noises.") and tensor.ndim == 4:
        return tensor[0, 0] if tensor.shape[:2] == (1, 1) else tensor
    if name.endswith(".bias") and tensor.ndim == 4:
        return tensor.flatten()
    if tensor.ndim in (4, 5) and tensor.shape[0] == 1:
        return tensor[0]
    return tensor


def _drawn_noise(config: Config) -> dict[str, Tensor]:
    """Noise maps (side, side) of every layer, from one seed."""
    draw = torch.Generator().manual_seed(_NOISE_SEED)
    return {
        f"synthesis.{layer}.noise_const": torch.randn(side, side, generator=draw)
        for layer in config.layer_names
        for side in [int(layer.removeprefix("b").partition(".")[0])]
    }


def _estimate_average(network: Network) -> None:
    """Set w_avg to the mean w of the first seeds."""
    size = network.config.z_dim
    z = np.concatenate([np.random.RandomState(n).randn(1, size) for n in range(_SEEDS)])
    with torch.no_grad():
        network.mapping.w_avg.copy_(network.mapping(torch.from_numpy(z).float()).mean(0))
