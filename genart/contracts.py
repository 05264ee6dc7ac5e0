"""The contracts between the parts: generator, walk, stylizer, sink, control, trainer, on one page.

| name          | is          | shape                                      | range     |
|---------------|-------------|--------------------------------------------|-----------|
| latent values | torch float | (n, z_dim), (n, w_dim), (n, num_ws, w_dim) | z: normal |
| image         | torch float | (n, 3, h, w), or (n, 4, h, w) with alpha   | -1..1     |
| frame         | numpy uint8 | (h, w, 3), or (h, w, 4) with alpha         | sRGB      |

Latents and images live on their generator's device.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

from genart.errors import UnknownName, UsageError
from genart.media.image_types import Frame as Frame
from genart.media.image_types import Image as Image
from genart.progress import ProgressCallback

if TYPE_CHECKING:
    import torch

    from genart.checkpoints.records import Checkpoint
    from genart.latent import Latent


@dataclass(frozen=True)
class BenchOptions:
    """What `genart bench` was asked for.

    Args:
        device: "cpu", "cuda" or "mps".
        quick: small sizes and few rounds.
        checkouts: folders of other projects' code to measure beside genart's, by name: "official"
            (NVIDIA's StyleGAN2-ADA or StyleGAN3), "neural-style" and "cyclegan".
    """

    device: str = "cpu"
    quick: bool = False
    checkouts: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class BenchCase:
    """One piece of work that can be repeated and timed, by genart and by others.

    Args:
        ours: does genart's work once. If `unit` is "MB" or `timed` is False it returns the figure,
            in that unit; otherwise it is timed.
        others: the same work by other code, by the name of the code. The first one is the baseline
            of the row.
        per: how many items one call makes; figures are for one item.
        flop: floating-point operations of one item by the direct method.
        moved: bytes that one item has to read and write at least.
        difference: the largest difference between two results, genart's and another's; or None.
        unit: of the figures: "ms" or "MB".
        timed: whether the work is timed from outside.
    """

    ours: Callable[[], Any]
    others: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    per: int = 1
    flop: float = 0.0
    moved: float = 0.0
    difference: Callable[[Any, Any], float] | None = None
    unit: Literal["ms", "MB"] = "ms"
    timed: bool = True


@dataclass(frozen=True)
class BenchRow:
    """One row of `genart bench`: a name, and how to prepare its case.

    Args:
        name: what is measured, such as "synthesis 64px base 4096 batch 1".
        make: prepares the case just before the row is measured.
        threads: how many CPU threads it needs; None for what the command was given.
        rounds: how often each side is measured; None leaves it to the command.
    """

    name: str
    make: Callable[[], BenchCase]
    threads: int | None = None
    rounds: int | None = None


#: "const", "random" or "none"; or a phase 0..1 (or n of them) on a closed walk through noise.
Noise: TypeAlias = "str | float | torch.Tensor"

#: What `Generator.with_precision` takes.
PRECISIONS = ("auto", "float32", "half")


class Generator(ABC):
    """Makes images from latents: StyleGAN2, the decoder of a VAE, a formula.

    A notebook shows four images of it, seeds 1 to 4.

    Attributes:
        name: the name of the model.
        resolution: (h, w) of its images in pixels.
        z_dim: size of z.
        w_dim: size of w; equal to z_dim where the two spaces are one.
        num_ws: how many vectors w a latent in w+ holds.
        num_classes: how many classes it knows, 0 if it has none.
        device: where its weights and images are.
        source: the file it was read from, None if there is none.
        sha256: of that file, or "" if it was not computed.
        inner: the generator that this one wraps, None for a model itself.
        parents: names of models that share its w space, because it was tuned from them.
    """

    name: str
    resolution: tuple[int, int]
    z_dim: int
    w_dim: int
    num_ws: int
    num_classes: int
    device: torch.device
    source: Path | None = None
    sha256: str = ""
    inner: Generator | None = None
    parents: tuple[str, ...] = ()

    def sample(self, seeds: str | int | Iterable[int | str], label: Any = None) -> Latent:
        """Draw latents by seed: seed n gives `numpy.random.RandomState(n).randn(1, z_dim)`.

        Args:
            seeds: one seed or several, each 0..2**32 - 1, or a text such as "1,2,5-9".
            label: a class index, a list of them, a float tensor (n or 1, num_classes), or None.
                A conditional generator without a label takes class 0.

        Returns:
            A Latent in z on the generator's device, values (n, z_dim), in the order of the seeds.

        Raises:
            UsageError: no seeds, something else than seeds, or a seed or class out of range.
        """
        from genart.latent import sample_z

        return sample_z(self, seeds, label)

    def map(self, latent: Latent, truncation: float = 1.0, cutoff: int | None = None) -> Latent:
        """Map a latent of any space to w+.

        This default is for generators whose z and w are one space with its average at 0; a
        generator with a mapping network overrides it.

        Args:
            latent: n latents in z, w or w+.
            truncation: psi; 1 leaves w as it is, 0 gives the average image.
            cutoff: only the first `cutoff` layers are truncated; None truncates all.

        Returns:
            A Latent in w+, values (n, num_ws, w_dim).
        """
        from genart.latent import draw_in

        return draw_in(latent, self.num_ws, truncation, cutoff)

    @abstractmethod
    def __call__(
        self,
        latent: Latent,
        *,
        truncation: float = 1.0,
        cutoff: int | None = None,
        noise: Noise = "const",
    ) -> Image:
        """Make images of latents.

        Args:
            latent: n latents in z, w or w+.
            truncation: as for `map`.
            cutoff: as for `map`.
            noise: "const" (stored maps), "random" (new in each call), "none", or a phase 0..1 (a
                float, or n of them) on a closed walk through noise that starts at "const".

        Returns:
            torch float (n, 3, h, w) in -1..1, (n, 4, h, w) with alpha, on the generator's device;
            grey models give three equal channels.

        Raises:
            UsageError: a latent of other sizes.
        """

    def widened(self, size: tuple[int, int]) -> Generator:
        """Return one for the aspect ratio of size (h, w), or this one if there is none."""
        return self

    def reduced(self, times: int) -> Generator | None:
        """Return one for smaller images of the same latents, each side halved `times` times.

        It costs less to compute. 0 times is this generator, None means that there is none.
        """
        return None if times else self

    def in_half(self) -> Generator | None:
        """Return one that computes in half precision, or None if that is not faster."""
        return None

    def with_precision(self, precision: str) -> Generator:
        """Return one that computes in "float32", in "half", or "auto" as the model was made for.

        Raises:
            UnknownName: another word.
            UsageError: half precision, if the model or device has none.
        """
        if precision not in PRECISIONS:
            hint = f"Precisions are {', '.join(PRECISIONS)}."
            raise UnknownName("precision", precision, PRECISIONS, hint)
        if precision == "half":
            raise UsageError(
                f'Model "{self.name}" does not compute in half precision on "{self.device}"; use '
                "auto or float32."
            )
        return self

    def save(self, path: str | Path) -> Path:
        """Save the model in genart's own format, a .safetensors file; returns the path.

        Raises:
            UsageError: a model without weights, such as a formula, or a folder that does not exist.
        """
        raise UsageError(f'Model "{self.name}" has no weights to save.')

    def __repr__(self) -> str:
        if not hasattr(self, "device"):  # not made yet: an error in its own __init__ shows it
            return object.__repr__(self)
        height, width = self.resolution
        classes = f", {self.num_classes} classes" if self.num_classes else ""
        return (
            f'<{type(self).__name__} "{self.name}": {width}x{height} px, z {self.z_dim}, '
            f"w {self.num_ws}x{self.w_dim}{classes}, on {self.device}>"
        )

    def _repr_png_(self) -> bytes:
        from genart.media.display import sample_png

        return sample_png(self)


@dataclass(frozen=True)
class Inversion:
    """The result of an inversion; a notebook shows the image.

    Args:
        latent: n latents, n = 1 or more.
        image: the generator's images of them, (n, 3, h, w) in -1..1.
        losses: the loss of every step.
        path: latents of steps between, if they were kept.
        features: the name of the network whose features were compared, or "".
        generator: a tuned copy of the generator, which made `image`; None if the given generator
            made it. `genart.models.save_tuned` saves it.
    """

    latent: Latent
    image: Image
    losses: Sequence[float]
    path: Sequence[Latent] = ()
    features: str = ""
    generator: Generator | None = None

    def __repr__(self) -> str:
        last = f", last loss {self.losses[-1]:.4g}" if len(self.losses) else ""
        return f"<Inversion: {self.latent!r}, {len(self.losses)} steps{last}>"

    def _repr_png_(self) -> bytes:
        from genart.media.display import png

        return png(self.image)


class Inverter(Protocol):
    """Finds the latents of images."""

    def __call__(
        self,
        generator: Generator,
        target: Image,
        *,
        steps: int,
        seed: int,
        progress: ProgressCallback | None = None,
    ) -> Inversion:
        """Search n latents whose images look like the target.

        Args:
            generator: whose latents.
            target: torch float (n, 3, h, w) in -1..1, of the generator's size.
            steps: how many steps the search has; 0 may be an estimate without a search.
            seed: of the random numbers, 0..2**32 - 1.
            progress: called after every step.
        """
        ...


class Interpolator(Protocol):
    """Computes a latent from keys and a phase: the kind of a walk."""

    def __call__(self, keys: Latent, phase: float, loop: bool) -> Latent:
        """Compute the latent at a phase, n = 1, in the space of the keys.

        Args:
            keys: n latents in one space.
            phase: 0..1 is the whole walk.
            loop: the last key leads to the first; phases 0 and 1 give the same latent bit for bit.
        """
        ...


class Stylizer(Protocol):
    """Repaints images: neural style, CycleGAN, pix2pix.

    Its `Param`s are read at every call: each becomes `style.<name>`, an OSC address and a slider.
    It may have `reset()`, which is called before a new film, so that the frames of the last one are
    forgotten, and an attribute `progress`, a callback or None, if one image takes long.
    """

    def __call__(self, image: Image) -> Image:
        """Repaint images: torch float (n, 3, h, w) in -1..1, of any size, to the same.

        `genart.to_image(image)` as the first line makes a stylizer take files, PIL images and numpy
        arrays too, as all included stylizers do.
        """
        ...


class Trainer(Protocol):
    """Trains a model on a dataset."""

    def fit(
        self,
        dataset: str | Path,
        out: str | Path,
        *,
        resume: str | Path | None = None,
        progress: ProgressCallback | None = None,
    ) -> Path:
        """Train a model; returns its file.

        Args:
            dataset: a folder or zip of images; "" for a trainer that generates its own images.
            out: the folder for snapshots, logs and the model.
            resume: the path of a snapshot, "auto" for the newest in `out`, None to start again.
            progress: called after every step.
        """
        ...


@runtime_checkable
class Sink(Protocol):
    """Receives frames: a file, a window, a stream."""

    def write(self, frame: Frame) -> None:
        """Receive one frame, numpy uint8 (h, w, 3) sRGB, which is not changed afterwards."""
        ...

    def close(self) -> None:
        """Finish: a file is complete under its final name. A second call does nothing."""
        ...


class Control(Protocol):
    """A source of Param changes: OSC, MIDI, audio, a recorded show."""

    def changes(self, t: float) -> Iterable[tuple[str, Any]]:
        """Return the changes ("owner.name", value) that are due at time t in seconds, oldest first.

        Called once per frame. In a performance the changes go through the store like those of a
        fader: the page follows them and a show records them.
        """
        ...


class Reader(Protocol):
    """Loads one family of model files, which were read as data and never executed."""

    def recognise(self, checkpoint: Checkpoint) -> dict[str, Any] | None:
        """Return a summary for `genart info`, without building a network; None for another family.

        The summary has at least "kind" and "architecture", and is JSON-ready.
        """
        ...

    def load(self, checkpoint: Checkpoint, *, name: str, device: torch.device) -> Generator:
        """Build the network of a file that `recognise` knows, and assign the weights.

        Raises:
            CheckpointError: names or shapes that do not fit, or values out of range.
        """
        ...
