"""Checks whether a network is unchanged since the engine was made, and supported by it.

Asked at every image, so it looks only where a change leaves a mark: which tensors there are,
where they lie and how often they were written to, hooks, and a few numbers of each tensor for
what writes behind autograd's back (`.data`, NumPy).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.modules import module as _modules

from genart_stylegan2.layers import Conv, FullyConnected
from genart_stylegan2.synthesis import (
    StyledConv,
    Synthesis,
    SynthesisBlock,
    ToRGB,
)

Marks = list[tuple[int, int]]
_KNOWN = frozenset({Synthesis, SynthesisBlock, StyledConv, ToRGB, Conv, FullyConnected})
_PROBES = 8  # numbers looked at of each tensor


def marks(synthesis: Synthesis) -> Marks | None:
    """What a change of weights would change; None where only the network itself will do.

    That is the case if a module is not genart's, or has a hook or another `forward`.
    """
    if _modules._has_any_global_hook():  # type: ignore[no-untyped-call]
        return None
    found: Marks = []
    waiting: list[nn.Module | None] = [synthesis]
    while waiting:
        module = waiting.pop()
        if module is None:
            continue
        own = module.__dict__
        if type(module) not in _KNOWN or "forward" in own:
            return None
        if own["_forward_hooks"] or own["_forward_pre_hooks"]:
            return None
        for of in (own["_parameters"], own["_buffers"]):
            for tensor in of.values():
                if tensor is not None:
                    found.append((tensor.data_ptr(), tensor._version))
        waiting.extend(own["_modules"].values())
    return found


def is_plain(synthesis: Synthesis) -> bool:
    """Whether all is float32 in ordinary memory, with a count of its changes, and filters fit."""
    if not all(_is_separable(conv.resample_filter) for _, conv in synthesis.convolutions()):
        return False
    return all(
        type(tensor) in (Tensor, nn.Parameter)
        and tensor.dtype == torch.float32
        and tensor.device.type == "cpu"
        and not tensor.is_inference()
        and (tensor.is_contiguous() or tensor.is_contiguous(memory_format=torch.channels_last))
        for tensor in _tensors(synthesis)
    )


def _is_separable(kernel: Tensor) -> bool:
    """Whether a filter (k, k) is one of taps (k,) that sum to 1, in both directions."""
    taps = kernel.sum(0)
    return torch.allclose(torch.outer(taps, taps), kernel, rtol=0, atol=1e-6)


class Probe:
    """A few values of every tensor, spread over it, to detect whether it was rewritten."""

    def __init__(self, synthesis: Synthesis) -> None:
        self._seen = [_spread(tensor.detach()) for tensor in _tensors(synthesis)]
        self._then = torch.cat(self._seen)

    def holds(self) -> bool:
        """Whether they are what they were, bit for bit."""
        return torch.equal(torch.cat(self._seen), self._then)


def _spread(tensor: Tensor) -> Tensor:
    """Numbers of a tensor, a fixed step apart in memory, as their bits."""
    flat = tensor.as_strided((tensor.numel(),), (1,)).view(torch.int32)
    return flat[:: max(1, len(flat) // _PROBES)]


def _tensors(synthesis: Synthesis) -> Iterator[Tensor]:
    yield from synthesis.parameters()
    yield from synthesis.buffers()
