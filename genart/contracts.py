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
from collections.abc import Callable, Iterable, Sequence
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
    """What was asked for.

    Args:
        device: "cpu", "cuda" or "mps".
        quick: whether small sizes and few rounds will do.
        checkouts: other people's code to run beside ours, by name: "official" (NVIDIA's
            StyleGAN2-ADA or StyleGAN3), "neural-style" and "cyclegan".
    """

    device: str = "cpu"
    quick: bool = False
    checkouts: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class BenchCase:
    """A piece of work, ready to be done again and again.

    Args:
        ours: does it once. Where `unit` is "MB" or `timed` is False it returns the figure itself,
            in that unit; otherwise it is timed.
        baseline: the same by other people's code, or None.
        per: how many things are made at once; figures are for one of them.
        flop: floating-point operations of one of them, as the plain method counts them.
        moved: bytes that one of them has to read and write at least.
        difference: gives the largest difference between the two results, or None.
        unit: what the figures are.
        timed: whether the work is timed from outside.
    """

    ours: Callable[[], Any]
    baseline: Callable[[], Any] | None = None
    per: int = 1
    flop: float = 0.0
    moved: float = 0.0
    difference: Callable[[], float] | None = None
    unit: Literal["ms", "MB"] = "ms"
    timed: bool = True


@dataclass(frozen=True)
class BenchRow:
    """A row by name; `make` prepares its case when it is its turn.

    Args:
        name: what is measured, such as "synthesis 64px base 4096 batch 1".
        make: gives the case.
        threads: how many threads it wants on a CPU; None is what was asked for.
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
        sha256: of that file, or "" if nobody computed it.
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
        """Make images, (n, 3, h, w) float in -1..1, (n, 4, h, w) with alpha.

        Args:
            latent: n latents in z, w or w+.
            truncation: as for `map`.
            cutoff: as for `map`.
            noise: "const" (stored maps), "random" (fresh each call), "none", or a phase 0..1
                (a float, or n of them) on a closed walk through noise that starts at "const".
        """

    def widened(self, size: tuple[int, int]) -> Generator:
        """Return a generator whose images have the aspect of size (h, w), or self if it cannot."""
        return self

    def reduced(self, times: int) -> Generator | None:
        """Return one that costs less: the same latents, each side halved `times` times.

        None where there is no such generator; 0 times is this one.
        """
        return None if times else self

    def in_half(self) -> Generator | None:
        """Return one that computes in half precision, or None where that is not faster."""
        return None

    def with_precision(self, precision: str) -> Generator:
        """Return one that computes in "float32", in "half", or "auto" as it is made for.

        Raises:
            UnknownName: another word.
            UsageError: half precision where there is none.
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
        """Save the model in genart's own format.

        Args:
            path: a .safetensors file.

        Returns:
            The path.

        Raises:
            UsageError: a model without weights, such as a formula, or a folder that does not exist.
        """
        raise UsageError(f'Model "{self.name}" has no weights to save.')

    def __repr__(self) -> str:
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
    """What an inverter found.

    Args:
        latent: the place, n = 1 or more.
        image: what the generator makes of it, (n, 3, h, w) in -1..1.
        losses: the loss at every step.
        path: places on the way, where they were kept.
        features: the network whose features pictures were compared by, or "".
        generator: a tuned copy of the generator, whose picture this is; None where the one that
            was given makes it. `genart.models.save_tuned` keeps it.

    A notebook shows the image.
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
    """Finds the latent of a picture."""

    def __call__(
        self,
        generator: Generator,
        target: Image,
        *,
        steps: int,
        seed: int,
        progress: ProgressCallback | None = None,
    ) -> Inversion:
        """Search for `steps` steps; target is (n, 3, h, w) in -1..1."""
        ...


class Interpolator(Protocol):
    """Turns keys and a phase into a latent."""

    def __call__(self, keys: Latent, phase: float, loop: bool) -> Latent:
        """One place, n = 1, at phase 0..1; with loop, phase 0 and 1 are the same bit for bit."""
        ...


class Stylizer(Protocol):
    """Repaints images: neural style, CycleGAN, pix2pix.

    It may declare `Param`s, read at every call: each becomes `style.<name>`, an OSC address and a
    slider. It may have `reset()`, called before a new film, to forget the last one's frames, and
    `progress`, a callback or None, for one that takes long over a picture.
    """

    def __call__(self, image: Image) -> Image:
        """Repaint images, (n, 3, h, w) in -1..1 of any size, on the image's device.

        `genart.to_image(image)` as the first line makes a stylizer take files, PIL images and
        numpy arrays too, as those that come with genart do.
        """
        ...


class Trainer(Protocol):
    """Makes a model from a dataset."""

    def fit(
        self,
        dataset: str | Path,
        out: str | Path,
        *,
        resume: str | Path | None = None,
        progress: ProgressCallback | None = None,
    ) -> Path:
        """Train into the folder `out`; returns the finished model's file.

        `dataset` is "" only for a trainer that makes its own, see `training.takes_data`.
        `resume` is a snapshot's path, "auto" for the newest in `out`, or None to start anew.
        """
        ...


@runtime_checkable
class Sink(Protocol):
    """Shows or keeps frames, and may do so from a thread of its own."""

    def write(self, frame: Frame) -> None:
        """Take one frame, uint8 (h, w, 3) sRGB; it must not be changed afterwards."""
        ...

    def close(self) -> None:
        """Finish: after this the file is whole under its final name."""
        ...


class Control(Protocol):
    """A source of parameter changes: OSC, MIDI, audio, a recorded show."""

    def changes(self, t: float) -> Iterable[tuple[str, Any]]:
        """The ("owner.name", value) pairs that are due at time t in seconds, oldest first.

        Asked once a frame. In a performance the pairs go through the store like a fader's, so
        the page follows them and a show keeps them.
        """
        ...


class Reader(Protocol):
    """Opens one family of model files, given as inert data that nothing has executed."""

    def recognise(self, checkpoint: Checkpoint) -> dict[str, Any] | None:
        """A summary for `genart info`, without building a network; None if it is no file of ours.

        The summary has at least "kind" and "architecture", and is JSON-ready.
        """
        ...

    def load(self, checkpoint: Checkpoint, *, name: str, device: torch.device) -> Generator:
        """Build the network and assign the weights.

        Raises:
            CheckpointError: names or shapes that do not fit, or values out of range.
        """
        ...
