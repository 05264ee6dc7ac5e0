"""What the tests of films share: reading them back with ffmpeg, and sketches of their own."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe

import genart


class Drift(genart.Sketch):
    """The plainest walk there is."""

    defaults: ClassVar = {"walk.seeds": "1-3"}

    def draw(self, t: float, dt: float) -> Any:
        return self.paint(self.walk(self.phase))


class Ramp(genart.Sketch):
    """Frame i is a grey that i tells, fit to see every frame in a decoded film."""

    step = genart.Param(10, 0, 50)

    def draw(self, t: float, dt: float) -> Any:
        count = round(t / dt)
        return np.full((*self.size, 3), 20 + self.step * count, np.uint8)


@dataclass(frozen=True)
class Decoded:
    """A film as ffmpeg reads it."""

    frames: np.ndarray  # (n, h, w, 4) uint8
    codec: str
    fps: float
    said: str


def decode(path: Path, *before: str) -> Decoded:
    """Decode a film with the ffmpeg that genart brings."""
    ffmpeg = get_ffmpeg_exe()
    said = subprocess.run([ffmpeg, "-i", path], capture_output=True, text=True, check=False).stderr
    stream = next(line for line in said.splitlines() if "Video:" in line)
    size = re.search(r", (\d+)x(\d+)", stream)
    codec, fps = re.search(r"Video: (\w+)", stream), re.search(r"([\d.]+) tbr", stream)
    assert size, stream
    assert codec, stream
    assert fps, stream
    raw = subprocess.run(
        [ffmpeg, "-v", "error", *before, "-i", path, "-fps_mode", "passthrough",
         "-vf", "scale=in_color_matrix=bt709:flags=accurate_rnd+full_chroma_int",
         "-f", "rawvideo", "-pix_fmt", "rgba", "-"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    frames = np.frombuffer(raw, np.uint8).reshape(-1, int(size[2]), int(size[1]), 4)
    return Decoded(frames, codec[1], float(fps[1]), said)


def plasma(name: str = "plasma", resolution: int = 32) -> genart.Generator:
    """A small model without weights."""
    return genart.load(name, device="cpu", resolution=resolution)
