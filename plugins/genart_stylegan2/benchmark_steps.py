"""Rows of `genart bench`: a training step and the cost of its regularisers, an inversion step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor

import genart

from .config import Config
from .generator import StyleGAN2
from .network import Network

_SHAPE, _BATCH = (64, 4096), 8
_LARGE = (256, 16384)  # the inversion step alone
_STEPS = 6  # of an inversion, the first of which does not count
_SAMPLES = 64  # random w whose average an inversion begins at


def rows(options: genart.benchmarks.BenchOptions) -> Iterator[genart.benchmarks.BenchRow]:
    """A training step bare and augmented, R1 and path lengths alone, an inversion step."""
    name = f"{_SHAPE[0]}px base {_SHAPE[1]}"
    rounds = 1 if options.quick else 5
    step = f"training {{}} {name} batch {_BATCH}"
    yield genart.benchmarks.BenchRow(
        step.format("step"), partial(_training, options, 0.0), rounds=rounds
    )
    yield genart.benchmarks.BenchRow(
        step.format("step augmented"), partial(_training, options, 0.5), rounds=rounds
    )
    yield genart.benchmarks.BenchRow(
        step.format("R1"), partial(_regulariser, options, "Dreg"), rounds=rounds
    )
    yield genart.benchmarks.BenchRow(
        step.format("path"), partial(_regulariser, options, "Greg"), rounds=rounds
    )
    for shape in (_SHAPE,) if options.quick else (_SHAPE, _LARGE):
        yield genart.benchmarks.BenchRow(
            f"inversion step {shape[0]}px base {shape[1]}",
            partial(_inversion, shape, options),
            rounds=rounds,
        )


def _training(options: genart.benchmarks.BenchOptions, p: float) -> genart.benchmarks.BenchCase:
    """A step of discriminator and generator without regularisers; times per image."""
    run, reals = _run(options, p), _reals(options)
    others: dict[str, Callable[[], None]] = {}
    if (checkout := options.checkouts.get("official")) is not None:
        from .official_step import OfficialStep

        official = OfficialStep(checkout, run.config, _BATCH, p, options.device)
        others["official"] = _followed(lambda: official.step(reals))
    return genart.benchmarks.BenchCase(_followed(run.step), others, per=_BATCH)


def _regulariser(
    options: genart.benchmarks.BenchOptions, phase: str
) -> genart.benchmarks.BenchCase:
    """What a step costs more when a regulariser is due; figures an image of the batch."""
    run, reals = _run(options, 0.0), _reals(options)
    ours = (lambda: run.r1_step(reals, None)) if phase == "Dreg" else run.path_step
    others: dict[str, Callable[[], None]] = {}
    if (checkout := options.checkouts.get("official")) is not None:
        from .official_step import OfficialStep

        official = OfficialStep(checkout, run.config, _BATCH, device=options.device)
        others["official"] = _followed(lambda: official.regularise(phase, reals))
    return genart.benchmarks.BenchCase(_followed(ours), others, per=_BATCH)


def _run(options: genart.benchmarks.BenchOptions, p: float) -> Any:
    from .data import Dataset
    from .settings import Settings
    from .training import Training

    settings = Settings(
        resolution=_SHAPE[0], channel_base=_SHAPE[1], batch=_BATCH, gamma=0.0, pl_weight=0.0,
        aug="fixed" if p else "none", p=p,
    )  # fmt: skip
    draw = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (64, 3, *_SHAPE[:1] * 2), dtype=torch.uint8, generator=draw)
    return Training(settings, Dataset(pictures, None, 0), torch.device(options.device))


def _reals(options: genart.benchmarks.BenchOptions) -> Tensor:
    draw = torch.Generator().manual_seed(0)
    reals = torch.rand(_BATCH, 3, *_SHAPE[:1] * 2, generator=draw)
    return (reals * 2 - 1).to(options.device)


def _followed(work: Callable[[], Any]) -> Callable[[], None]:
    """The same with gradients on."""

    def run() -> None:
        with torch.enable_grad():
            work()

    return run


def _inversion(
    shape: tuple[int, int], options: genart.benchmarks.BenchOptions
) -> genart.benchmarks.BenchCase:
    """A step of the projector in w+; the other takes the same step through the official network."""
    config = Config(shape[0], channel_base=shape[1])
    torch.manual_seed(0)
    net = Network(config).eval().requires_grad_(False)
    model = StyleGAN2.from_network(net, device=options.device, half=False)
    target = model(model.sample(1)).clamp(-1, 1)
    others: dict[str, Callable[[], float]] = {}
    if (checkout := options.checkouts.get("official")) is not None:
        from .official import official

        theirs = official(checkout, config)
        theirs.load_state_dict(net.state_dict())
        synthesis = partial(theirs.to(options.device).synthesis, noise_mode="const")
        others["official"] = partial(_searched, synthesis, model, target)
    return genart.benchmarks.BenchCase(partial(_projected, model, target), others, timed=False)


def _projected(model: StyleGAN2, target: Tensor) -> float:
    """Milliseconds of a step of the projector."""
    times: list[float] = []
    search = genart.registry("inverter").create(
        "projector", space="w+", start="average", samples=_SAMPLES, tries=1
    )
    with torch.enable_grad():
        search(model, target, steps=_STEPS, progress=lambda _: times.append(time.perf_counter()))
    return 1e3 * (times[-1] - times[0]) / (len(times) - 1)


def _searched(synthesis: Callable[[Tensor], Tensor], model: StyleGAN2, target: Tensor) -> float:
    """Milliseconds of the same step, with images from another network."""
    compare = genart.perception.perceptual_loss(target)
    w = model.map(model.sample(1)).values.clone().requires_grad_()
    adam = torch.optim.Adam([w], lr=0.01)
    times: list[float] = []
    for _ in range(_STEPS):
        with torch.enable_grad():
            image = synthesis(w)
            pixels = (image - target).square().mean((1, 2, 3))
            loss = compare(image) + 0.1 * pixels
            adam.zero_grad(set_to_none=True)
            loss.sum().backward()
        adam.step()
        float(loss.detach().mean())
        times.append(time.perf_counter())
    return 1e3 * (times[-1] - times[0]) / (len(times) - 1)
