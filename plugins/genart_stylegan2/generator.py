"""The generator around the network: latents in, images out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

import genart
from genart.kernels import Inference

from .gpu import GpuEngine
from .layer_access import Changes, Inside, follows
from .network import Network, truncate
from .plan import KNOWN, make_plan
from .tf32 import exact

ARCHITECTURE = "stylegan2"
FORMAT = "1"  # of our files; a reader refuses what is newer than itself
NOISES = ("const", "random", "none")
_WIDEST = 8  # an aspect beyond this is no image any more


class StyleGAN2(Inside):
    """A StyleGAN2 or StyleGAN2-ADA model (Karras et al. 2020a, 2020b).

    Images are float32, nominally -1..1 and not clamped. They carry gradients where the latent
    does and gradients are on; otherwise none are recorded. Grey models give three equal channels,
    RGBA models four.

    Attributes:
        config: the network's shape.
        network: the network, in evaluation mode.
        metadata: texts of its file: licence, dataset, training.
        sha256: of the file it came from, or "".

    Images without gradients come from the compiled kernels, or on CUDA from an engine, which agree
    with the network to within rounding; with `engine=False` the network makes all of them.
    """

    def __init__(
        self,
        network: Network,
        *,
        name: str = ARCHITECTURE,
        metadata: Mapping[str, str] | None = None,
        sha256: str = "",
        start: tuple[int, int] = (4, 4),
        half: bool | str = True,
        top: int | None = None,
        engine: bool | Inference | GpuEngine = True,
    ) -> None:
        config = network.config
        self.name, self.network, self.config, self.sha256 = name, network, config, sha256
        self.metadata = dict(metadata or {})
        self.z_dim, self.w_dim, self.num_ws = config.z_dim, config.w_dim, config.num_ws
        self.num_classes = config.c_dim
        self.device = network.mapping.w_avg.device
        self.half: bool | str = half if self.device.type == "cuda" else False
        self._start, self._top = start, top or config.img_resolution
        self.resolution = (self._top * start[0] // 4, self._top * start[1] // 4)
        self._engine = None if isinstance(engine, bool) else engine
        if engine is True and self.device.type == "cpu":
            self._engine = Inference(network.synthesis, make_plan, KNOWN)
        elif engine is True and self.device.type == "cuda":
            self._engine = GpuEngine(network.synthesis)

    @classmethod
    def from_network(
        cls,
        network: Network,
        *,
        name: str = ARCHITECTURE,
        device: str | torch.device | None = None,
        metadata: Mapping[str, str] | None = None,
        sha256: str = "",
        half: bool = True,
        engine: bool = True,
    ) -> Self:
        """A generator around a network, which is moved and set to evaluation, not copied.

        Args:
            network: with weights.
            name: what people call it.
            device: where to move it; None leaves it where it is.
            metadata: text entries that `save` keeps, such as licence, dataset and training.
            sha256: of the file it came from.
            half: on CUDA run the blocks that `Config.num_fp16_res` names in half precision, as the
                official code does; False keeps float32 everywhere.
            engine: whether images without gradients come from kernels or an engine for inference.
        """
        device = network.mapping.w_avg.device if device is None else torch.device(device)
        network = network.eval().to(device).to(memory_format=_layout(device))
        return cls(network, name=name, metadata=metadata, sha256=sha256, half=half, engine=engine)

    def map(
        self, latent: genart.Latent, truncation: float = 1.0, cutoff: int | None = None
    ) -> genart.Latent:
        """Convert a latent of any space to w+; see `Generator.map`.

        A w serves every layer. Labels count in z alone: in w and w+ they have done their work.
        A cutoff of num_ws or more truncates every layer, as None does.

        Raises:
            UsageError: sizes that are not this model's, or a cutoff below 0.
        """
        genart.latents.check_latent(latent)
        if cutoff is not None and cutoff < 0:
            raise genart.UsageError(
                f"Cutoff {cutoff} is below 0. It is the number of truncated layers, "
                f'and "{self.name}" has {self.num_ws} layers.'
            )
        latent = latent.to(self.device)
        with genart.profiling.span("mapping"), torch.set_grad_enabled(follows(latent)):
            ws = self._to_ws(latent)
            psi = torch.full((len(latent),), float(truncation), device=self.device)
            if latent.truncation is not None:
                psi = psi * latent.truncation.to(psi)
            ws = truncate(ws, self.network.mapping.w_avg, psi, cutoff)
        return genart.Latent("w+", ws, latent.label)

    def __call__(
        self,
        latent: genart.Latent,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: str | float | Tensor = "const",
    ) -> genart.Image:
        """Make images, (n, 3, h, w) or (n, 4, h, w); see `Generator.__call__`.

        On a CPU they are made one by one unless a gradient is followed, so that an image is the
        same bit for bit in whatever batch: convolutions add up differently for each batch size.

        Raises:
            UsageError: as for `map`, or noise that is neither a known name nor phases.
        """
        genart.latents.check_latent(latent)
        return self._images(latent, truncation, cutoff, noise)

    def _images(
        self,
        latent: genart.Latent,
        truncation: float,
        cutoff: int | None,
        noise: Any,
        changes: Changes | None = None,
    ) -> genart.Image:
        kind = self._noise(noise, len(latent))
        if len(latent) > 1 and self.device.type == "cpu" and not follows(latent):
            own = [kind if isinstance(kind, str) else kind[i : i + 1] for i in range(len(latent))]
            images = [
                self._images(latent[i], truncation, cutoff, own[i], changes)
                for i in range(len(latent))
            ]
            return torch.cat(images)
        ws = self.map(latent, truncation, cutoff).values
        with genart.profiling.span("synthesis"), torch.set_grad_enabled(follows(latent)):
            made = self._synthesise(ws, kind, changes)
        return made.expand(-1, 3, -1, -1) if made.shape[1] == 1 else made

    def widened(self, size: tuple[int, int]) -> StyleGAN2:
        """The same weights with the aspect of size (h, w), to a quarter of the shorter side.

        The constant at the network's root is mirrored sideways or downwards, so an image twice
        as wide shows two images that merge into each other. The resolution is the model's own
        along the shorter side.

        Raises:
            UsageError: an empty size, or one more than 8 times as long as it is broad.
        """
        short, long = min(size), max(size)
        if short < 1 or long > _WIDEST * short:
            raise genart.UsageError(
                f"A model cannot be {size[1]}x{size[0]}: one side is at most {_WIDEST} times "
                "the other."
            )
        quarters = round(4 * long / short)
        start = (4, quarters) if size[1] >= size[0] else (quarters, 4)
        return self if start == self._start else self.like(start, self._top)

    def reduced(self, times: int) -> StyleGAN2 | None:
        """The same weights stopped `times` blocks early: each halves both sides of the image.

        A "skip" network adds up its image block by block, so what has come together so far is
        the image, coarser and without the finest noise (Karras et al. 2020a, section 4). It
        takes the same latents and shares weights and mapping; the w of layers it does not play
        are not used. Other architectures have no such image: None, as below 4 px.

        Raises:
            UsageError: a number of times below 0.
        """
        if times < 0:
            raise genart.UsageError(f"An image can be halved 0 or more times, not {times}.")
        top = self._top >> times
        if not times:
            return self
        if self.config.architecture != "skip" or top < 4:
            return None
        return self.like(self._start, top)

    def in_half(self) -> StyleGAN2 | None:
        """The same weights with every block in half precision; None but on CUDA."""
        if self.device.type != "cuda" or self.half == "all":
            return None
        return self.like(self._start, self._top, "all")

    def with_precision(self, precision: str) -> StyleGAN2:
        """The same weights in "float32", in "half", or "auto" as the model is made for.

        Half precision is that of StyleGAN2-ADA: the four highest resolutions or as many more as
        the model was made for, activations clamped to +-256, weights and styles normalised before
        they are rounded. It takes CUDA. In float32 no product is rounded to fewer bits either.

        Raises:
            UsageError: half precision elsewhere.
            UnknownName: no precision at all.
        """
        kinds: dict[str, bool | str] = {"auto": True, "float32": False, "half": "high"}
        if self.device.type != "cuda" or precision not in kinds:
            super().with_precision(precision)
            return self
        half = kinds[precision]
        return self if half == self.half else self.like(self._start, self._top, half)

    def compile_for(
        self,
        batch: int = 1,
        device: str | torch.device | None = None,
        size: tuple[int, int] | None = None,
    ) -> StyleGAN2:
        """Do ahead what the first image has to, so that it comes as fast as the others.

        The weights are packed and memory is allocated, which takes about as long as one image of
        the network itself. Without this the first image does it.

        Args:
            batch: how many images will be asked for at once.
            device: where they are to be made; only this model's own is allowed.
            size: (h, w) whose aspect they will have; None is this model's.

        Returns:
            The generator that plays: this one, or `widened(size)`.

        Raises:
            UsageError: no image at all, another device, or a size that `widened` refuses.
        """
        if batch < 1:
            raise genart.UsageError(f"A batch has at least 1 image, not {batch}.")
        if device is not None and torch.device(device).type != self.device.type:
            raise genart.UsageError(
                f'Model "{self.name}" is on {self.device}, not {device}. Use '
                f"genart.load(..., device={str(device)!r}) to load it there."
            )
        plays = self if size is None else self.widened(size)
        plays(plays.sample(range(batch)))
        return plays

    @property
    def view(self) -> tuple[tuple[int, int], int, bool | str]:
        """What `like` takes: the first map's size, the last block's resolution, the precision."""
        return self._start, self._top, self.half

    def like(self, start: tuple[int, int], top: int, half: bool | str | None = None) -> StyleGAN2:
        """The same weights with another aspect, resolution or precision."""
        other = StyleGAN2(
            self.network,
            name=self.name,
            metadata=self.metadata,
            sha256=self.sha256,
            start=start,
            half=self.half if half is None else half,
            top=top,
            engine=self._engine or False,
        )
        other.source, other.parents = self.source, self.parents
        return other

    def blended(
        self, other: genart.Generator, amounts: Callable[[], tuple[float, float]]
    ) -> genart.Generator:
        """A generator between this one and another of its shape; see `genart.blend_models`."""
        from .blending import Blended, check

        return Blended(self, check(self, other), amounts)

    def save(self, path: str | Path) -> Path:
        """Write the model as .safetensors: weights, and in the header its shape and metadata.

        Raises:
            UsageError: a folder that does not exist.
        """
        header = {
            **self.metadata,
            "genart.architecture": ARCHITECTURE,
            "genart.format": FORMAT,
            "genart.config": json.dumps(self.config.to_dict()),
        }
        return genart.checkpoints.write_safetensors(path, self.network.state_dict(), header)

    def _synthesise(
        self, ws: Tensor, noise: str | Tensor, changes: Changes | None = None
    ) -> Tensor:
        """Images (n, img_channels, h, w) by kernels or an engine, or else the network."""
        made: Tensor | None = None
        if isinstance(self._engine, Inference):
            made = self._by_kernels(self._engine, ws, noise, changes or {})
        elif self._engine is not None and not changes:
            made = self._engine(ws, noise, self._start, self._top, self.half)
        if made is None:
            after = partial(_changed, changes) if changes else None
            with exact(self.device.type == "cuda" and self.half is False):
                net = self.network.synthesis
                made = net(ws, noise, self._start, self.half, self._top, after)
        return made.float()

    def _by_kernels(
        self, engine: Inference, ws: Tensor, noise: str | Tensor, changes: Changes
    ) -> Tensor | None:
        """An image (1, img_channels, h, w), or None where the network is to make it."""
        if len(ws) != 1:
            return None
        phase = noise if isinstance(noise, str) else float(noise[0])
        return engine((self._start, self._top, frozenset(changes)), ws, phase, changes)

    def _to_ws(self, latent: genart.Latent) -> Tensor:
        """(n, num_ws, w_dim), before truncation."""
        values = latent.values.float()
        if latent.space == "w+":
            self._check_shape(values, (self.num_ws, self.w_dim))
            return values
        if latent.space == "w":
            self._check_shape(values, (self.w_dim,))
        else:
            self._check_shape(values, (self.z_dim,))
            values = self.network.mapping(values, self._label(latent))
        return values[:, None].expand(-1, self.num_ws, -1)

    def _check_shape(self, values: Tensor, wanted: tuple[int, ...]) -> None:
        if values.shape[1:] != wanted:
            sizes = ", ".join(map(str, wanted))
            raise genart.UsageError(
                f'Model "{self.name}" needs values of shape (n, {sizes}) here, not '
                f"{tuple(values.shape)}; The latent may belong to another model."
            )

    def _label(self, latent: genart.Latent) -> Tensor | None:
        """(n, num_classes), class 0 where none is given."""
        if latent.label is None:
            rows = torch.zeros(len(latent), self.num_classes, device=self.device)
            rows[:, :1] = 1
            return rows if self.num_classes else None
        if not self.num_classes:
            raise genart.UsageError(f'Model "{self.name}" has no classes. Remove the label.')
        if latent.label.ndim != 2 or latent.label.shape[1] != self.num_classes:
            raise genart.UsageError(
                f'Model "{self.name}" needs labels of shape (n, {self.num_classes}), not '
                f"{tuple(latent.label.shape)}."
            )
        return latent.label

    def _noise(self, noise: Any, n: int) -> str | Tensor:
        """A known name, or phases (n,) on the CPU."""
        if isinstance(noise, str):
            if noise in NOISES:
                return noise
            known = ", ".join(NOISES)
            raise genart.UsageError(f'Noise "{noise}" is not one of {known} and not a phase 0..1.')
        try:
            phases = torch.as_tensor(noise, dtype=torch.float64, device="cpu").reshape(-1)
        except (TypeError, ValueError, RuntimeError):
            raise genart.UsageError(f"Noise {noise!r} is neither a name nor a number.") from None
        if len(phases) not in (1, n) or not phases.isfinite().all():
            raise genart.UsageError(
                f"Noise needs 1 phase or {n} phases, each a finite number 0..1."
            )
        return phases.expand(n)


def _changed(changes: Changes, name: str, made: Tensor) -> Tensor:
    return changes[name](made) if name in changes else made


def _layout(device: torch.device) -> torch.memory_format:
    """How convolution weights lie in memory; channels_last suits oneDNN and cuDNN, not Metal."""
    return torch.contiguous_format if device.type == "mps" else torch.channels_last
