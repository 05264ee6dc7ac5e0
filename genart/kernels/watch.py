"""Checks of a call and of a network: whether kernels may compute what the network would.

The network is looked at in every call, so only where a change leaves a mark: which tensors there
are, where they lie and how often they were written to, hooks, and a few numbers of each tensor for
what writes without a mark (`.data`, NumPy).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.modules import module as _modules

#: Where each tensor of a network lies, and how often it was written to.
Marks = list[tuple[int, int]]
_PROBES = 8  # numbers looked at of each tensor


def is_ordinary(*given: object) -> bool:
    """Whether the tensors among these are float32 on the CPU, without gradients or transforms."""
    if torch.is_autocast_enabled("cpu") or forward_ad._current_level >= 0:
        return False
    return all(_is_ordinary(each) for each in given if isinstance(each, Tensor))


def _is_ordinary(tensor: Tensor) -> bool:
    return (
        type(tensor) is Tensor
        and tensor.dtype == torch.float32
        and tensor.device.type == "cpu"
        and not (tensor.requires_grad and torch.is_grad_enabled())
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    )


def marks(network: nn.Module, known: frozenset[type[nn.Module]]) -> Marks | None:
    """What a change of weights would change; None where only the network itself will do.

    That is the case if a module is of another class than the known ones, is in training, or has a
    hook or another `forward`; and if a gradient of the weights is wanted.
    """
    if _modules._has_any_global_hook():  # type: ignore[no-untyped-call]
        return None
    found: Marks = []
    followed = torch.is_grad_enabled()
    waiting: list[nn.Module | None] = [network]
    while waiting:
        module = waiting.pop()
        if module is None:
            continue
        own = module.__dict__
        if type(module) not in known or "forward" in own or own["training"]:
            return None
        if own["_forward_hooks"] or own["_forward_pre_hooks"]:
            return None
        for tensor in (*own["_parameters"].values(), *own["_buffers"].values()):
            if tensor is None:
                continue
            if (followed and tensor.requires_grad) or tensor.is_inference():
                return None
            found.append((tensor.data_ptr(), tensor._version))
        waiting.extend(own["_modules"].values())
    return found


def is_plain(network: nn.Module) -> bool:
    """Whether all weights are float32 in ordinary memory."""
    return all(
        type(tensor) in (Tensor, nn.Parameter)
        and tensor.dtype == torch.float32
        and tensor.device.type == "cpu"
        and (tensor.is_contiguous() or tensor.is_contiguous(memory_format=torch.channels_last))
        for tensor in _tensors(network)
    )


class Probe:
    """A few values of every tensor, spread over it, to detect whether it was rewritten."""

    def __init__(self, network: nn.Module) -> None:
        self._seen = [_spread(tensor.detach()) for tensor in _tensors(network) if tensor.numel()]
        self._then = torch.cat(self._seen)
        on_cpu = self._then.device.type == "cpu"
        self._arrays = [each.numpy() for each in self._seen] if on_cpu else []

    def holds(self) -> bool:
        """Whether they are what they were, bit for bit."""
        if self._arrays:  # ten times as fast as torch
            return bool((np.concatenate(self._arrays) == self._then.numpy()).all())
        return torch.equal(torch.cat(self._seen), self._then)


def _spread(tensor: Tensor) -> Tensor:
    """Numbers of a tensor, a fixed step apart in memory, as their bits."""
    flat = tensor.as_strided((tensor.numel(),), (1,)).view(torch.int32)
    return flat[:: max(1, len(flat) // _PROBES)]


def _tensors(network: nn.Module) -> Iterator[Tensor]:
    yield from network.parameters()
    yield from network.buffers()
