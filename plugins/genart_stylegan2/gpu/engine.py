"""The engine on CUDA: the synthesis network's images with one launch per batch."""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from genart.kernels import Marks, Probe, marks
from genart_stylegan2.plan import KNOWN
from genart_stylegan2.synthesis import Noise, Synthesis, turned
from genart_stylegan2.tf32 import exact

from .flow import Flow
from .graphs import (
    CAPTURING,
    CudaRecorder,
    Recorded,
    Shelf,
    Work,
    in_turn,
)

log = logging.getLogger("genart.stylegan2")


class GpuEngine:
    """Makes what a synthesis network makes, to within rounding, by CUDA graphs.

    Each shape is recorded once: size, batch, precision. The engine looks at the network at every
    image: when weights have changed everything is recorded again, and what it cannot do faithfully
    it leaves to the network: gradients, hooks, other architectures than "skip", other devices.

    May be used from several threads, one at a time.

    Args:
        synthesis: the network; not copied.
        device: the kind of device it works on.
        record: makes of work what plays it again; CUDA graphs unless given.
    """

    def __init__(
        self,
        synthesis: Synthesis,
        device: str = "cuda",
        record: Callable[[Work], Work] | None = None,
    ) -> None:
        self._synthesis, self._device = synthesis, device
        self._record = record or CudaRecorder()
        self._turn = threading.Lock()
        self._shelf = Shelf()
        self._refused: set[Hashable] = set()
        self._marks: Marks | None = None
        self._probe: Probe | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> GpuEngine:
        return GpuEngine(copy.deepcopy(self._synthesis, memo), self._device)

    def __reduce__(self) -> tuple[type[GpuEngine], tuple[Synthesis, str]]:
        return GpuEngine, (self._synthesis, self._device)

    def __call__(
        self, ws: Tensor, noise: Noise, start: tuple[int, int], top: int, half: bool | str = False
    ) -> Tensor | None:
        """From ws (n, num_ws, w_dim) to fresh images, or None where the network is to be asked.

        Args:
            ws: as `Synthesis` takes them.
            noise: "const", "random", "none" or phases (n,).
            start: size (h, w) of the first map.
            top: the last block's resolution.
            half: which blocks are in half precision, see `Config.is_half`.
        """
        if not self._is_plain_call(ws):
            return None
        with self._turn, torch.inference_mode(False), torch.no_grad(), _here(ws.device):
            picture = self._picture(ws.detach(), start, top, half)
            if picture is None:
                return None
            with in_turn(ws.device):
                return picture(ws.detach(), noise)

    def _picture(
        self, ws: Tensor, start: tuple[int, int], top: int, half: bool | str
    ) -> _Picture | None:
        """The recorded graph of a shape; None if it cannot be recorded, which is logged once."""
        if not self._is_current():
            return None
        key = (start, top, half, len(ws))
        if key in self._refused:
            return None
        try:
            made: _Picture = self._shelf.get(key, lambda: self._made(ws, start, top, half))
        except torch.OutOfMemoryError:
            raise  # the caller handles it
        except Exception as error:
            log.warning("Recording a CUDA graph failed; the network makes the images: %s", error)
            self._refused.add(key)
            return None
        return made

    def _made(self, ws: Tensor, start: tuple[int, int], top: int, half: bool | str) -> _Picture:
        with exact(half is False):  # a recording keeps how it was made
            return _Picture(Flow(self._synthesis, start, top, half), ws.detach(), self._record)

    def _is_current(self) -> bool:
        """Forget recordings if weights changed; False if the engine cannot use them."""
        found = marks(self._synthesis, frozenset(KNOWN))
        if found is None or self._synthesis.config.architecture != "skip":
            return False
        if found != self._marks or self._probe is None or not self._probe.holds():
            self._forget()
            if not all(map(self._is_plain, self._tensors())):
                return False
            self._marks, self._probe = found, Probe(self._synthesis)
        return True

    def _forget(self) -> None:
        """Let all recordings go, once what plays them on any stream has read their memory."""
        if len(self._shelf) and self._device == "cuda":
            torch.cuda.synchronize()
        self._shelf.clear()
        self._refused.clear()
        self._marks = self._probe = None

    def _tensors(self) -> list[Tensor]:
        return [*self._synthesis.parameters(), *self._synthesis.buffers()]

    @property
    def _home(self) -> torch.device:
        """Where the first weight is, and all else has to be."""
        return next(self._synthesis.parameters()).device

    def _is_plain(self, tensor: Tensor) -> bool:
        """Whether it is float32 in ordinary memory here, with a count of its changes."""
        return (
            type(tensor) in (Tensor, nn.Parameter)
            and tensor.dtype == torch.float32
            and tensor.device == self._home
            and not tensor.is_inference()
            and (tensor.is_contiguous() or tensor.is_contiguous(memory_format=torch.channels_last))
        )

    def _is_plain_call(self, ws: Tensor) -> bool:
        """Whether these are ordinary numbers that nothing is watching."""
        return (
            type(ws) is Tensor
            and len(ws) > 0
            and ws.dtype == torch.float32
            and ws.device.type == self._device
            and ws.device == self._home
            and not (ws.is_cuda and torch.cuda.is_current_stream_capturing())
            and not (ws.requires_grad and torch.is_grad_enabled())
            and not torch.is_autocast_enabled(self._device)
            and forward_ad._current_level < 0
            and not torch._C._functorch.is_functorch_wrapped_tensor(ws)
        )


def _here(device: torch.device) -> AbstractContextManager[object]:
    """Have what is launched go to a device, where there may be several."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


class _Picture:
    """One shape: a flow, its recording, and the noise that it reads."""

    def __init__(self, flow: Flow, ws: Tensor, record: Callable[[Work], Work]) -> None:
        self._flow = flow
        own = [torch.zeros(len(ws), 1, *size, device=ws.device) for size in flow.sizes]
        self._play = Recorded(lambda ws, *noise: flow(ws, list(noise)), [ws, *own], record)
        self._noise = self._play.inputs[1:]
        self._kind: Noise | None = "none"

    def __call__(self, ws: Tensor, noise: Noise) -> Tensor:
        if isinstance(noise, Tensor) or noise == "random" or noise != self._kind:
            self._take(noise if isinstance(noise, str) else turned(noise).to(ws))
        return self._play(ws, *self._noise)

    def _take(self, noise: Noise) -> None:
        """Write the noise of every layer where the recording reads it."""
        self._kind = None  # until all of it is there
        with CAPTURING:  # versions of torch refuse chance while another thread captures
            self._write(noise)
        self._kind = noise if isinstance(noise, str) else None

    def _write(self, noise: Noise) -> None:
        for layer, kept in zip(self._flow.layers, self._noise, strict=True):
            drawn = layer.noise_map(len(kept), (kept.shape[2], kept.shape[3]), noise)
            if drawn is None:
                kept.zero_()
            else:
                kept.copy_(drawn)
