"""Writes StyleGAN2 networks as other programs' files would hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genart_stylegan2.config import Config
from genart_stylegan2.discriminator import Discriminator
from genart_stylegan2.network import Network
from support import nvidia_format
from support.stylegan2_cases import CASES, fill


class Generator(nn.Module):
    """A bare tree of parameters and buffers, under the official class's name."""

    def __init__(self, source: nn.Module | None = None, **told: Any) -> None:
        super().__init__()
        if source is None:
            return
        for name, parameter in source.named_parameters(recurse=False):
            self.register_parameter(name, nn.Parameter(parameter.detach().clone()))
        for name, buffer in source.named_buffers(recurse=False):
            self.register_buffer(name, buffer.clone())
        for name, child in source.named_children():
            self.add_module(name, type(self)(child))
        if told:
            self._init_args, self._init_kwargs = (), told


def network(case: str = "16px", **changes: Any) -> Network:
    """A network of a case, with weights by formula."""
    return fill(Network(Config.from_dict(CASES[case] | changes)))  # type: ignore[return-value]


def ada_kwargs(case: str = "16px", **changes: Any) -> dict[str, Any]:
    """The arguments a StyleGAN2-ADA generator was made with, nested as they are there."""
    given = CASES[case] | changes
    top = ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels")
    rest = {name: value for name, value in given.items() if name not in (*top, "mapping_layers")}
    return {
        **{name: given[name] for name in top if name in given},
        "mapping_kwargs": nvidia_format.EasyDict(num_layers=given["mapping_layers"]),
        "synthesis_kwargs": nvidia_format.EasyDict(rest),
    }


def nvidia(path: Path, case: str = "16px", told: dict[str, Any] | None = None) -> Path:
    """An official-format pickle of a case; `told` are the arguments it claims, by default true.

    G differs from G_ema in that its constant is 0.
    """
    given = ada_kwargs(case) if told is None else told
    source = network(case)
    averaged = Generator(source, **given)
    with torch.no_grad():
        source.synthesis.b4.const.zero_()  # type: ignore[union-attr, operator]
    tree = nvidia_format.snapshot(Generator(source, **given), _critic(case)) | {"G_ema": averaged}
    tree["training_set_kwargs"]["path"] = "/home/somebody/data/fruit.zip"
    return nvidia_format.dump(tree, path)


def _critic(case: str) -> Generator:
    settings = {"architecture": "resnet"} | CASES[case]
    told = {name: settings[name] for name in ("img_resolution", "channel_base", "channel_max")}
    optional = {"c_dim": settings.get("c_dim", 0), "img_channels": settings.get("img_channels", 3)}
    return Generator(Discriminator(Config.from_dict(settings)), **told, **optional)


def rosinality(path: Path, case: str = "32px", *, trained: bool = False) -> Path:
    """A rosinality checkpoint of a case; `trained` has no latent_avg but optimisers."""
    tensors = network(case).state_dict()
    state = {theirs: shaped for ours in tensors for theirs, shaped in _theirs(ours, tensors[ours])}
    tree: dict[str, Any] = {"g_ema": state}
    if trained:
        tree |= {"g": state, "d": {}, "g_optim": {}, "ada_aug_p": 0.0}
    else:
        tree["latent_avg"] = tensors["mapping.w_avg"]
    torch.save(tree, path)
    return path


def _theirs(name: str, tensor: Tensor) -> list[tuple[str, Tensor]]:
    """Their names and shapes for one of our tensors."""
    if name.startswith("mapping.fc"):
        number, part = name.removeprefix("mapping.fc").split(".")
        return [(f"style.{int(number) + 1}.{part}", tensor)]
    if name == "synthesis.b4.const":
        return [("input.input", tensor[None])]
    if name == "mapping.w_avg":
        return []
    block, layer, *rest = name.removeprefix("synthesis.b").split(".")
    step = int(block).bit_length() - 4  # 8 px is 0
    if layer == "resample_filter":
        return [(f"to_rgbs.{step}.upsample.kernel", 4 * tensor)] if step >= 0 else []
    first = step < 0
    index = 2 * step + (layer == "conv1")
    of = {
        "torgb": "to_rgb1" if first else f"to_rgbs.{step}",
        "conv0": f"convs.{index}",
        "conv1": "conv1" if first else f"convs.{index}",
    }[layer]
    return _part(of, layer, index, ".".join(rest), tensor)


def _part(of: str, layer: str, index: int, part: str, tensor: Tensor) -> list[tuple[str, Tensor]]:
    if part == "resample_filter":
        return [(f"{of}.conv.blur.kernel", 4 * tensor)] if layer == "conv0" else []
    if part == "noise_strength":
        return [(f"{of}.noise.weight", tensor.reshape(1))]
    if part == "noise_const":
        return [(f"noises.noise_{index + 1}", tensor[None, None])]
    if part == "bias" and layer == "torgb":
        return [(f"{of}.bias", tensor.reshape(1, -1, 1, 1))]
    if part == "weight":
        return [(f"{of}.conv.weight", tensor[None])]
    name = "activate.bias" if part == "bias" else part.replace("affine", "conv.modulation")
    return [(f"{of}.{name}", tensor)]
