"""Memory of many images of changing sizes: `python benchmarks/kernels_memory.py [images]`.

StyleGAN2 networks of several sizes and aspects, a translation and a fast style make images in turn,
at sizes drawn at random; networks are made new and dropped all the time. Printed is the resident
memory of the process, as Linux counts it, at every tenth of the way. The exit code is 1 if it grows
after the first fifth by more than 5 % or 16 MB.

    python benchmarks/kernels_memory.py               # 10,000 images by the compiled kernels
    GENART_NATIVE=off python benchmarks/kernels_memory.py
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

import genart
from genart.kernels.library import describe
from genart_stylegan2.config import Config
from genart_stylegan2.generator import StyleGAN2
from genart_stylegan2.network import Network
from genart_translate.architecture import resnet, unet
from genart_translate.networks import build
from genart_translate.translator import Translator

IMAGES = 10_000
_LIFE = 50  # images that a network makes before it is replaced
_SHARE, _MB = 0.05, 16.0  # growth that is allowed

Maker = Callable[[], object]


def main() -> int:
    """Make the images; see the module."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    print("kernels:", describe())
    taken: list[float] = []
    begin = time.perf_counter()
    for n, make in enumerate(makers(random.Random(0)), 1):
        make()
        if n % max(count // 10, 1) == 0:
            taken.append(resident())
            print(f"{n:>6} images  {taken[-1]:7.1f} MB  {time.perf_counter() - begin:6.0f} s")
        if n == count:
            break
    grown = max(taken[2:]) - max(taken[:2])
    print(f"growth after the first fifth: {grown:.1f} MB")
    return int(grown > max(_SHARE * max(taken[:2]), _MB))


def makers(draw: random.Random) -> Iterator[Maker]:
    """What makes one image, without end."""
    kinds = [_synthesis, _synthesis, _translation, _fast_style]
    while True:
        networks = [kind(draw) for kind in kinds]
        for _ in range(_LIFE):
            for network in networks:
                yield network()


def _synthesis(draw: random.Random) -> Callable[[], Maker]:
    """A new network, whose images change their aspect and their resolution."""
    torch.manual_seed(draw.randrange(1000))
    config = Config(
        draw.choice((16, 32, 64)), channel_base=1024, channel_max=64, z_dim=32, w_dim=32
    )
    model = StyleGAN2.from_network(Network(config), device="cpu")

    def image() -> Maker:
        wide = draw.choice(((4, 4), (4, 5), (8, 4), (4, 7)))
        made = model.widened(wide).reduced(draw.randrange(2))
        return partial(made or model, model.sample(draw.randrange(1000)))

    return image


def _translation(draw: random.Random) -> Callable[[], Maker]:
    torch.manual_seed(draw.randrange(1000))
    shape = draw.choice((resnet(2, filters=16), unet(5, filters=16)))
    return partial(_painting, Translator(build(shape), name="random"), draw)


def _fast_style(draw: random.Random) -> Callable[[], Maker]:
    return partial(_painting, genart.stylizer("fast", style="great_wave"), draw)


def _painting(paint: Callable[[torch.Tensor], torch.Tensor], draw: random.Random) -> Maker:
    size = [draw.randrange(32, 129) for _ in range(2)]
    return partial(paint, torch.rand(1, 3, *size) * 2 - 1)


def resident() -> float:
    """The memory of this process in MB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    raise SystemExit(main())
