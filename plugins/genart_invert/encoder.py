"""A small network that estimates the w of an image in one pass, and its file format.

It looks at an image through EfficientNet-Lite0's frozen features, so that only a head of a
million weights is its own. It was shown one generator's images and serves that one alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import genart

ARCHITECTURE, FORMAT = "encoder", "1"
SUFFIX = ".encoder.safetensors"
SEEN = 128  # pixels a side of what it looks at
_TAPS, _DEPTH = (2, 4, 10, 15), 24 + 40 + 112 + 320  # Lite0's blocks, and their channels together
_SPREAD = 3.0  # the usual deviation of the features, by which they are divided
_PLACES, _COLOURS = 4, 16  # pixels a side of the features, and of the image itself
SUMMARY = _DEPTH * _PLACES**2 + 3 * _COLOURS**2  # numbers that describe an image


@dataclass(frozen=True)
class Shape:
    """What an encoder is built from.

    Args:
        w_dim: size of w.
        width: of the hidden layers.
        narrow: channels of the reduced features at one position.
    """

    w_dim: int
    width: int = 512
    narrow: int = 64


class Head(nn.Module):
    """From an image's summary to w; `average` and `spread` are those of the generator's w."""

    average: Tensor
    spread: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.squeeze = nn.Linear(_DEPTH, shape.narrow)
        facts = shape.narrow * _PLACES**2 + 3 * _COLOURS**2
        self.first = nn.Linear(facts, shape.width)
        self.second = nn.Linear(shape.width, shape.width)
        self.last = nn.Linear(shape.width, shape.w_dim)
        nn.init.zeros_(self.last.weight)  # it begins at the average
        nn.init.zeros_(self.last.bias)
        self.register_buffer("average", torch.zeros(shape.w_dim))
        self.register_buffer("spread", torch.ones(()))

    def forward(self, summary: Tensor) -> Tensor:
        """(n, SUMMARY) to w as (w - average) / spread, (n, w_dim)."""
        facts = _DEPTH * _PLACES**2
        features, colours = summary[:, :facts], summary[:, facts:]
        places = features.reshape(-1, _PLACES**2, _DEPTH)
        narrow = F.leaky_relu(self.squeeze(places), 0.2).flatten(1)
        x = F.leaky_relu(self.first(torch.cat([narrow, colours], 1)), 0.2)
        x = x + F.leaky_relu(self.second(x), 0.2)
        made: Tensor = self.last(x)
        return made

    def guess(self, image: Tensor) -> Tensor:
        """The w of images (n, 3, h, w) in -1..1, (n, w_dim)."""
        made: Tensor = self(summarise(image))
        return made * self.spread + self.average


@torch.no_grad()
def summarise(image: Tensor) -> Tensor:
    """What an encoder sees of images (n, 3, h, w) in -1..1, (n, SUMMARY)."""
    seen = _resized(image[:, :3].float(), SEEN)
    maps = genart.perception.features(str(image.device))(seen, _TAPS)
    pooled = torch.cat([F.adaptive_avg_pool2d(each, _PLACES) for each in maps], 1) / _SPREAD
    places = pooled.flatten(2).transpose(1, 2).flatten(1)  # (n, positions * depth)
    return torch.cat([places, _resized(seen, _COLOURS).flatten(1)], 1)


def _resized(image: Tensor, side: int) -> Tensor:
    if image.shape[-2:] == (side, side):
        return image
    return F.interpolate(image, (side, side), mode="bilinear", antialias=True, align_corners=False)


def fingerprint(generator: genart.Generator) -> str:
    """Return the SHA-256 of a generator's file, "" if it has none."""
    return genart.models.file_hash(generator.source) or ""


def save_encoder(path: Path, head: Head, header: dict[str, str]) -> Path:
    """Save an encoder in half precision; `header` names its generator and its training."""
    state = {name: value.half() for name, value in head.state_dict().items()}
    facts = {
        **header, "genart.architecture": ARCHITECTURE, "genart.format": FORMAT,
        "genart.config": json.dumps(asdict(head.shape)),
    }  # fmt: skip
    return genart.checkpoints.write_safetensors(path, state, facts)


def load_encoder(path: Path, generator: genart.Generator) -> Head:
    """The encoder in a file, on its generator's device.

    Raises:
        CheckpointError: no encoder, or a damaged one.
        UsageError: the encoder of another generator.
    """
    checkpoint = genart.checkpoints.read_checkpoint(path)
    facts = checkpoint.metadata
    if facts.get("genart.architecture") != ARCHITECTURE:
        raise genart.errors.CheckpointError(
            f'"{path}" is not an encoder. `genart train encoder` makes one.'
        )
    if facts.get("genart.format") != FORMAT:
        raise genart.errors.CheckpointError(
            f'"{path}" has the format of another genart version. Update genart.'
        )
    if facts.get("generator.sha256") != fingerprint(generator):
        raise genart.UsageError(
            f'"{path}" is the encoder of "{facts.get("generator.name", "")}" (sha256 '
            f'{facts.get("generator.sha256", "")[:12]}) and does not match "{generator.name}"; '
            f"train one: genart train encoder --model {generator.source or generator.name}."
        )
    return _built(path, facts, checkpoint.tree).to(generator.device)


def _built(path: Path, facts: dict[str, str], state: Any) -> Head:
    try:
        head = Head(Shape(**json.loads(facts["genart.config"])))
        head.load_state_dict({name: value.float() for name, value in state.items()})
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise genart.errors.CheckpointError(
            f'"{path}" is a damaged encoder file: {error}'
        ) from error
    return head.eval().requires_grad_(False)


def find_encoder(generator: genart.Generator) -> Path | None:
    """The encoder that belongs to a generator: beside its file, or one that comes with genart."""
    if generator.source is None:
        return None
    beside = generator.source.with_name(generator.source.stem + SUFFIX)
    known = fingerprint(generator)
    for path in (beside, *sorted(Path(__file__).parent.glob(f"*{SUFFIX}"))):
        if path.is_file() and _generator_hash(path) == known:
            return path
    return None


def _generator_hash(path: Path) -> str:
    try:
        return genart.checkpoints.read_checkpoint(path).metadata.get("generator.sha256", "?")
    except genart.errors.CheckpointError:
        return "?"
