"""One image by the compiled kernels: a plan like `engine.plan.Plan`, run in one call."""

from __future__ import annotations

import ctypes
import math
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from genart_stylegan2.layers import FullyConnected
from genart_stylegan2.synthesis import (
    Noise,
    StyledConv,
    Synthesis,
    ToRGB,
    mirror_tile,
)

from .library import MAX_TAPS, Affine, Spec
from .noise import NoiseMaps

_DIRECT, _MINIMAL = 0, 1
_FEW = 64  # pixels read, up to which a layer takes every tap


class Kernels:
    """Weights as a library wants them, made when first asked for; shared by plans.

    Args:
        library: as `library.load` gives it.
    """

    def __init__(self, library: Any) -> None:
        self.library = library
        self._packed: dict[tuple[StyledConv, int], _Handle] = {}

    def packed(self, layer: StyledConv, kind: int) -> int:
        """The address of a layer's packed weights."""
        if (layer, kind) not in self._packed:
            weight = layer.weight.detach().contiguous()
            out, channels = weight.shape[:2]
            made = self.library.genart_weights_new(
                weight.data_ptr(), channels, out, layer.up, kind, torch.get_num_threads()
            )
            self._packed[layer, kind] = _Handle(made, self.library.genart_weights_free)
        return self._packed[layer, kind].address


class NativePlan:
    """What `Plan` does for one size, by a library.

    Args:
        synthesis: the network, one that `is_possible`.
        kernels: its weights.
        start: size (h, w) of the first map.
        top: the last block's resolution.

    Raises:
        MemoryError: there is too little.
    """

    def __init__(
        self, synthesis: Synthesis, kernels: Kernels, start: tuple[int, int], top: int
    ) -> None:
        self._kernels = kernels
        self._kept: list[Tensor] = []
        layers = list(_layers(synthesis, start, top))
        self._noise = NoiseMaps([(conv, size) for conv, _, size in layers])
        specs = [self._spec(n, *layer) for n, layer in enumerate(layers)]
        _take_images(specs, [synthesis.block(r).resample_filter for r in _sides(synthesis, top)])
        const = mirror_tile(synthesis.block(4).const.detach(), start).contiguous()
        made = kernels.library.genart_plan_new(
            (Spec * len(specs))(*specs), len(specs), const.data_ptr()
        )
        self._plan = _Handle(made, kernels.library.genart_plan_free)
        self._ws = (len(specs) + 1, synthesis.config.w_dim)
        self._shape = (1, specs[-1].colors, specs[-1].h, specs[-1].w)

    @torch.no_grad()
    def __call__(self, ws: Tensor, noise: Noise, threads: int | None = None) -> Tensor:
        """From ws (1, num_ws, w_dim) to a fresh image (1, img_channels, h, w).

        Args:
            ws: as `Synthesis` takes them.
            noise: as `Synthesis` takes it.
            threads: how many; as many as torch has unless given.

        Raises:
            MemoryError: there is too little.
            ValueError: ws of another shape or kind.
        """
        if ws.shape[1] < self._ws[0] or ws.shape[2] != self._ws[1] or ws.dtype != torch.float32:
            raise ValueError(f"w of shape {tuple(ws.shape)} do not belong to this network.")
        self._noise.take(noise)
        ws, image = ws.contiguous(), torch.empty(self._shape)
        run, threads = self._kernels.library.genart_plan_run, threads or torch.get_num_threads()
        if run(self._plan.address, ws.data_ptr(), image.data_ptr(), threads):
            raise MemoryError("Too little memory for an image.")
        return image

    def _spec(self, n: int, conv: StyledConv, rgb: ToRGB | None, size: tuple[int, int]) -> Spec:
        below = size[0] * size[1] // (4 if conv.up else 1)
        kind = _DIRECT if below <= _FEW else _MINIMAL
        spec = Spec(
            weights=self._kernels.packed(conv, kind), form=kind, up=conv.up, h=size[0], w=size[1],
            bias=self._at(conv.bias), noise=self._at(self._noise.parts[n]),
            style=self._affine(conv.affine, n), limit=_limit(conv.clamp),
        )  # fmt: skip
        _take_filter(spec, "filter", "taps", conv.resample_filter)
        if rgb is not None:
            spec.colors, spec.rgb_limit = len(rgb.weight), _limit(rgb.clamp)
            spec.rgb_weight, spec.rgb_bias = self._at(rgb.weight), self._at(rgb.bias)
            spec.rgb_style = self._affine(rgb.affine, n + 1, rgb.weight_gain)
        return spec

    def _affine(self, affine: FullyConnected, at: int, gain: float = 1.0) -> Affine:
        return Affine(
            weight=self._at(affine.weight), bias=self._at(affine.bias),
            gain=gain * affine.weight_gain, bias_gain=gain * affine.bias_gain,
            w_dim=affine.weight.shape[1], at=at,
        )  # fmt: skip

    def _at(self, tensor: Tensor) -> int:
        """The address of a tensor that is kept from now on."""
        whole = tensor.detach().contiguous()
        self._kept.append(whole)
        return whole.data_ptr()


def is_possible(synthesis: Synthesis) -> bool:
    """Whether the kernels know this kind of network: no resnet, filters of 8 taps at most."""
    blocks = [synthesis.block(r) for r in synthesis.config.resolutions]
    filters = [conv.resample_filter for _, conv in synthesis.convolutions()]
    filters += [block.resample_filter for block in blocks]
    few = all(len(kernel) <= MAX_TAPS for kernel in filters)
    return few and synthesis.config.architecture != "resnet"


class _Handle:
    """An object made by a library, freed with this one."""

    def __init__(self, address: int | None, free: Any) -> None:
        if not address:
            raise MemoryError("Too little memory for the kernels.")
        self.address = address
        weakref.finalize(self, free, address).atexit = False


def _sides(synthesis: Synthesis, top: int) -> list[int]:
    return [r for r in synthesis.config.resolutions if r <= top]


def _layers(
    synthesis: Synthesis, start: tuple[int, int], top: int
) -> Iterator[tuple[StyledConv, ToRGB | None, tuple[int, int]]]:
    """Every convolution, the layer to RGB behind it, and the size (h, w) of what it makes."""
    for n, side in enumerate(_sides(synthesis, top)):
        block, size = synthesis.block(side), (start[0] << n, start[1] << n)
        if n:
            yield block.conv0, None, size
        yield block.conv1, getattr(block, "torgb", None), size


def _take_images(specs: list[Spec], filters: list[Tensor]) -> None:
    """Give the layers to RGB their blocks' filters; a block ends with every second layer."""
    for spec, kernel in zip(specs[::2], filters, strict=True):
        _take_filter(spec, "image_filter", "image_taps", kernel)


def _limit(clamp: float | None) -> float:
    return math.inf if clamp is None else clamp


def _take_filter(spec: Spec, name: str, count: str, kernel: Tensor) -> None:
    """Put the taps of a separable kernel (k, k) where a spec has them."""
    taps = kernel.double().sum(0).tolist()
    setattr(spec, count, len(taps))
    setattr(spec, name, (ctypes.c_float * MAX_TAPS)(*taps))
