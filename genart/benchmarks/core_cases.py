"""The rows of the core: an image to a frame, a hundred frames of a film, one second live."""

from __future__ import annotations

from collections.abc import Iterator

from genart.contracts import BenchCase, BenchOptions, BenchRow
from genart.errors import GenartError

_MODEL = "pomona"  # the shipped one
_FRAMES = 100


def rows(options: BenchOptions) -> Iterator[BenchRow]:
    """Rows that need no plug-in's own code."""
    for side in (512,) if options.quick else (256, 512, 1024):
        yield BenchRow(f"frame {side}px", lambda side=side: _frame(side, options))  # type: ignore[misc]
    yield BenchRow(f"model {_MODEL}", lambda: _model(options))
    frames = 20 if options.quick else _FRAMES
    yield BenchRow(f"render {frames} frames {_MODEL}", lambda: _film(frames, options), rounds=3)
    yield BenchRow(f"live 1 second {_MODEL}", lambda: _live(options), rounds=3)
    for seconds in (2, 8) if options.quick else (10, 60, 300):
        yield BenchRow(f"memory film {seconds} s", lambda s=seconds: _memory(s), rounds=1)  # type: ignore[misc]


def _frame(side: int, options: BenchOptions) -> BenchCase:
    """An image on the device to a frame on the host."""
    import torch

    from genart.media.frames import to_frames

    image = torch.rand(1, 3, side, side, device=options.device) * 2 - 1
    return BenchCase(lambda: to_frames(image), moved=15 * side * side)


def _model(options: BenchOptions) -> BenchCase:
    """An image of the shipped model, from z."""
    from genart.models.loading import load

    model = load(_MODEL, device=options.device)
    latent = model.sample(1)
    return BenchCase(lambda: model(latent))


def _film(frames: int, options: BenchOptions) -> BenchCase:
    """A film of the default sketch by the shipped model, a frame of it, encoding included."""
    import tempfile
    from pathlib import Path

    from genart.models.loading import load
    from genart.rendering.render_film import render

    model = load(_MODEL, device=options.device)

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            render(
                "drift", Path(folder) / "film.mp4", model=model, seconds=frames / 30, fps=30,
                device=options.device,
            )  # fmt: skip

    return BenchCase(work, per=frames)


def _memory(seconds: int) -> BenchCase:
    """The memory growth of a process that renders a film, without the encoder's process."""
    import subprocess
    import sys

    command = [sys.executable, "-m", "genart.benchmarks.memory", str(seconds)]

    def work() -> float:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise GenartError(f"No memory figure: {done.stderr.strip()[-200:]}")
        return float(done.stdout.split()[-1])

    return BenchCase(work, unit="MB", timed=False)


def _live(options: BenchOptions) -> BenchCase:
    """The time between the shipped model's frames, live, as fast as they come."""
    from genart.live.performance import Live
    from genart.media.sinks import MemorySink
    from genart.models.loading import load

    model = load(_MODEL, device=options.device)

    def work() -> float:
        report = Live("drift", model=model, fps=120, seconds=1, blend=False).run([MemorySink()])
        return 1e3 / max(report.fps, 1e-3)

    return BenchCase(work, timed=False)
