"""Every kind of step against torch, at every level, and bit for bit on any number of threads."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from genart.kernels.library import library
from genart.kernels.program import Program
from genart.kernels.structures import Edge
from genart.kernels.upsampling import doubling_weight, phases_weight
from genart.kernels.values import Values, by_channel
from genart.kernels.weights import PackedWeights

MODES = {Edge.ZEROS: "constant", Edge.REFLECT: "reflect", Edge.REPLICATE: "replicate"}
SIZES = [(3, 5, 8, 8), (20, 35, 13, 17), (48, 16, 24, 9)]  # channels read and made, h, w


@pytest.fixture
def program(level: str) -> Program:
    kernels = library()
    assert kernels is not None
    torch.manual_seed(0)
    return Program(PackedWeights(kernels))


def run(program: Program, made: Values | Tensor) -> Tensor:
    """The result on one thread, which is that on two and three."""
    found = []
    for threads in (1, 2, 3):
        program.run(threads)
        found.append((made if isinstance(made, Tensor) else made.read()).clone())
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
    return found[0]


def check(found: Tensor, wanted: Tensor) -> None:
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5 * float(wanted.abs().max()))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    ("k", "stride", "padding"),
    [(1, 1, 0), (3, 1, 1), (3, 2, 1), (4, 2, 1), (2, 1, 0), (7, 1, 3), (5, 2, 2)],
)
def test_convolutions(
    program: Program, size: tuple[int, ...], k: int, stride: int, padding: int
) -> None:
    into, out, h, w = size
    x, weight, bias = torch.randn(into, h, w), torch.randn(out, into, k, k), torch.randn(out)
    scale, shift = torch.randn(2, into, 1, 1)
    given = program.image(x)
    given = Values(
        given.memory, into, program.keep(by_channel(scale.flatten())),
        program.keep(by_channel(shift.flatten())), 0.2,
    )  # fmt: skip
    results = [
        program.convolve(given, weight, bias, stride=stride, padding=(padding,) * 2, edge=edge)
        for edge in MODES
    ]
    read = F.leaky_relu(x * scale + shift, 0.2)[None]
    for mode, made in zip(MODES.values(), results, strict=True):
        framed = F.pad(read, (padding,) * 4, mode=mode) if padding else read
        check(run(program, made), F.conv2d(framed, weight, bias, stride)[0])


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("k", [3, 4])
def test_transposed_convolutions(program: Program, size: tuple[int, ...], k: int) -> None:
    into, out, h, w = size
    x, weight, bias = torch.randn(into, h, w), torch.randn(into, out, k, k), torch.randn(out)
    made = program.convolve_transposed(program.image(x), weight, bias)
    wanted = F.conv_transpose2d(x[None], weight, bias, 2, 1, output_padding=int(k == 3))
    check(run(program, made), wanted[0])


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_norm_is_applied_as_its_map_is_read(program: Program, size: tuple[int, ...]) -> None:
    into, _, h, w = size
    x, gain, bias = 3 * torch.randn(into, h, w) + 50, torch.randn(into), torch.randn(into)
    moments, given = torch.empty(2, into), program.image(x)
    normed = program.normalise(given, gain, bias, moments=moments)
    made = program.combine(normed.activated(0.0), given)
    wanted = F.instance_norm(x[None], weight=gain, bias=bias)[0].relu() + x
    torch.testing.assert_close(run(program, made), wanted, rtol=0, atol=2e-5)
    variance, mean = torch.var_mean(x, (1, 2), correction=0)
    torch.testing.assert_close(moments, torch.stack([mean, variance]))


def test_a_gate_lets_through_where_it_is_positive(program: Program) -> None:
    x, gate = torch.randn(20, 9, 12), torch.randn(20, 9, 12)
    given, gates = program.image(x), program.image(gate)
    weight = torch.randn(4, 20, 3, 3)
    gated = Values(given.memory, 20, slope=0.0, gate=gates.memory)
    made = program.convolve(gated, weight, padding=(1, 1))
    check(run(program, made), F.conv2d((x.relu() * (gate > 0))[None], weight, padding=1)[0])


@pytest.mark.parametrize("edge", MODES)
@pytest.mark.parametrize(("out", "k"), [(3, 7), (5, 7), (1, 9), (3, 1)])
def test_first_and_last_convolutions(program: Program, edge: Edge, out: int, k: int) -> None:
    x, pad = torch.randn(3, 19, 22), k // 2
    first, last = torch.randn(20, 3, k, k) / k, torch.randn(out, 20, k, k) / (20 * k)
    bias, made = torch.randn(out), torch.empty(out, 19, 22)
    inner = program.convolve(program.image(x, pad=pad, edge=edge, packed=True), first)
    rows = last.permute(3, 0, 1, 2).flatten(0, 1)[..., None]
    spread = program.convolve(inner, rows, padding=(pad, 0), edge=edge)
    program.export(spread, made, bias, spread=k, edge=edge, tanh=True)
    wanted = F.conv2d(F.pad(x[None], (pad,) * 4, MODES[edge]) if pad else x[None], first)
    wanted = F.conv2d(F.pad(wanted, (pad,) * 4, MODES[edge]) if pad else wanted, last, bias)
    check(run(program, made), wanted[0].tanh())


@pytest.mark.parametrize("k", [1, 3, 5, 7])
@pytest.mark.parametrize("edge", [Edge.ZEROS, Edge.REPLICATE])
def test_nearest_up_sampling_is_part_of_a_convolution(program: Program, k: int, edge: Edge) -> None:
    x, image, matrix = torch.randn(20, 7, 10), torch.randn(3, 14, 20), torch.randn(3, 3)
    weight, bias, made = torch.randn(3, 20, k, k), torch.randn(3), torch.empty(3, 14, 20)
    phases = phases_weight(doubling_weight(weight))
    pad = (phases.shape[-1] // 2,) * 2
    small = program.convolve(program.image(x), phases, padding=pad, edge=edge)
    program.export(small, made, bias, shuffle=2, image=image, matrix=matrix)
    large = F.pad(F.interpolate(x[None], scale_factor=2.0), (k // 2,) * 4, MODES[edge])
    wanted = F.conv2d(large, weight, bias)[0] + torch.einsum("ij,jhw->ihw", matrix, image)
    check(run(program, made), wanted)
    if k == 3:
        up = program.convolve_transposed(program.image(x), doubling_weight(weight), edge=edge)
        check(run(program, up), F.conv2d(large, weight)[0])


@pytest.mark.parametrize("largest", [True, False])
def test_pooling_leaves_out_an_odd_row(program: Program, largest: bool) -> None:
    x = torch.randn(20, 9, 12)
    pool = F.max_pool2d if largest else F.avg_pool2d
    check(run(program, program.pool(program.image(x), largest=largest)), pool(x[None], 2)[0])


def test_an_image_of_another_size_is_refused(program: Program) -> None:
    with pytest.raises(ValueError, match="does not make an image"):
        program.export(program.image(torch.randn(3, 8, 8)), torch.empty(3, 8, 9))


def test_memory_that_was_given_back_is_used_again(program: Program) -> None:
    weight = torch.randn(16, 16, 3, 3)
    x = program.image(torch.randn(16, 8, 8))
    for _ in range(5):
        made = program.convolve(x, weight, padding=(1, 1), key="same")
        program.give_back(x)
        x = made
    assert program.bytes == 2 * 16 * 8 * 8 * 4
