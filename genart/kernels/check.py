"""Check that a library computes what torch computes, before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.kernels.interface import Library

if TYPE_CHECKING:
    from torch import Tensor

_CLOSE = 1e-4  # of the largest value; a fault is larger by far


def is_right(library: Library) -> bool:
    """Compare a small network with torch, on one thread and on three: bits must be equal."""
    import torch

    with torch.inference_mode(False), torch.no_grad():
        draw = torch.Generator().manual_seed(0)
        shapes = ((20, 3, 7, 7), (37, 20, 3, 3), (18, 37, 3, 3), (18, 5, 3, 3))
        weights = [torch.randn(shape, generator=draw) / 20 for shape in shapes]
        image = torch.randn(3, 20, 26, generator=draw)
        wanted = _by_torch(image, weights)
        made = [_by_kernels(library, image, weights, threads) for threads in (1, 3)]
    close = torch.allclose(made[0], wanted, rtol=0, atol=_CLOSE * float(wanted.abs().max()))
    return close and torch.equal(made[0], made[1])


def _by_torch(image: Tensor, weights: list[Tensor]) -> Tensor:
    from torch.nn import functional

    first, second, half, twice = weights
    x = functional.pad(image[None], (3, 3, 3, 3), "reflect")
    x = functional.instance_norm(functional.conv2d(x, first)).relu()
    x = functional.conv2d(functional.pad(x, (1, 1, 1, 1), "reflect"), second)
    x = functional.leaky_relu(functional.conv2d(x, half, stride=2, padding=1), 0.2)
    x = functional.conv_transpose2d(x, twice, stride=2, padding=1, output_padding=1)
    return x[0].tanh()


def _by_kernels(library: Library, image: Tensor, weights: list[Tensor], threads: int) -> Tensor:
    from genart.kernels.program import Program
    from genart.kernels.structures import Edge
    from genart.kernels.weights import PackedWeights

    first, second, half, twice = weights
    program, made = Program(PackedWeights(library)), image.new_empty(5, *image.shape[1:])
    x = program.image(image, pad=3, edge=Edge.REFLECT, packed=True)
    x = program.normalise(program.convolve(x, first)).activated(0.0)
    x = program.convolve(x, second, padding=(1, 1), edge=Edge.REFLECT)
    x = program.convolve(x, half, stride=2, padding=(1, 1), slope=0.2)
    program.export(program.convolve_transposed(x, twice), made, tanh=True)
    program.run(threads)
    return made
