"""CycleGAN and pix2pix generators: the images of the public code, of any size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from support.translate_plain import Plain, make, write

import genart
from genart.testing import check_stylizer
from genart_translate import translator
from genart_translate.architecture import Shape, resnet, unet
from genart_translate.benchmarks import arithmetic
from genart_translate.critics import make_critic
from genart_translate.kernel_plans import FastNetwork, _key
from genart_translate.layers import Norm, initialise
from genart_translate.networks import ResNet, UNet, build, set_test_time
from genart_translate.official import official
from genart_translate.tiling import admitted, in_tiles, padded
from genart_translate.translator import Translator

CASES = {
    "resnet 6": Plain("resnet", 6),
    "resnet 9 with dropout": Plain("resnet", 9, dropout=True),
    "resnet 6, batch norm": Plain("resnet", 6, "batch"),
    "resnet 6, batch norm and dropout": Plain("resnet", 6, "batch", dropout=True),
    "resnet 1, no norm": Plain("resnet", 1, "none"),
    "resnet without blocks": Plain("resnet", 0),
    "resnet, zero padding": Plain("resnet", 2, padding="zero"),
    "resnet, zero padding and dropout": Plain("resnet", 2, padding="zero", dropout=True),
    "resnet, resized": Plain("resnet", 2, up="padded"),
    "resnet, resized without padding": Plain("resnet", 2, "batch", up="bare"),
    "resnet, grey to colour": Plain("resnet", 2, channels=(1, 3)),
    "resnet, colour to grey": Plain("resnet", 2, channels=(3, 1)),
    "unet 7, batch norm": Plain("unet", 7, "batch"),
    "unet 8, batch norm": Plain("unet", 8, "batch", dropout=True),
    "unet 7": Plain("unet", 7),
    "unet 5, no norm": Plain("unet", 5, "none"),
    "unet 4, resized": Plain("unet", 4, "batch", up="padded"),
    "unet 2": Plain("unet", 2),
}


def opened(tmp_path: Path, state: dict[str, Any], **options: Any) -> Translator:
    torch.save(state, tmp_path / "latest_net_G.pth")
    made = genart.stylizer("cyclegan", model=tmp_path / "latest_net_G.pth", **options)
    assert isinstance(made, Translator)
    return made


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_an_image_is_that_of_the_plain_definition(
    case: Plain, trained: bool, tmp_path: Path
) -> None:
    state = write(case)
    style = opened(tmp_path, state, dropout=False, statistics="trained" if trained else "own")
    side = max(style.shape.multiple, 16)
    x = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1)) * 2 - 1
    luma = torch.einsum("nchw,c->nhw", x, torch.tensor([0.299, 0.587, 0.114]))[:, None]
    seen = x if case.channels[0] == 3 else luma
    wanted = make(case, state, seen, trained).expand(1, 3, side, side)
    assert wanted.std() > 0.01
    assert (style(x) - wanted).abs().max() <= 1e-5


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_architecture_is_recognised_from_the_weights_alone(case: Plain, tmp_path: Path) -> None:
    shape = opened(tmp_path, write(case)).shape
    levels = case.depth if case.net == "unet" else 3
    assert shape.kind == case.net
    assert shape.widths == tuple(case.filters * min(2**i, 8) for i in range(levels))
    assert shape.blocks == (case.depth if case.net == "resnet" else 0)
    assert shape.norm == case.norm
    assert shape.up == ("transposed" if case.up == "transposed" else "bilinear")
    assert (shape.channels_in, shape.channels_out) == case.channels
    if case.net == "resnet" and case.depth:
        assert (shape.padding, bool(shape.dropout)) == (case.padding, case.dropout)


def test_what_weights_cannot_tell_is_reported(tmp_path: Path) -> None:
    style = opened(tmp_path, write(CASES["unet 8, batch norm"]))
    assert style.about == (
        "U-Net of 8 levels, 4 to 32 filters, batch norm, dropout, transposed convolutions; dropout "
        "in 3 levels, as pix2pix has it (not visible in the weights)"
    )
    resized = opened(tmp_path, write(CASES["resnet, resized"]))
    assert "resizing is bilinear" in resized.about
    assert opened(tmp_path, write(CASES["unet 7"])).shape.dropout == 0


@pytest.mark.parametrize("size", [(1, 1), (2, 40), (37, 23), (64, 64), (5, 131)])
@pytest.mark.parametrize("shape", [resnet(1, 4), unet(5, 4, norm="batch")], ids=["resnet", "unet"])
def test_an_image_of_any_size_keeps_it(shape: Shape, size: tuple[int, int]) -> None:
    check_stylizer(made(shape), torch.rand(2, 3, *size) * 2 - 1)


def made(shape: Shape, **options: Any) -> Translator:
    """A stylizer of random weights."""
    torch.manual_seed(5)
    net = build(shape)
    initialise(net, gain=0.2)
    return Translator(net, name="random", **options)


def test_an_image_in_a_batch_is_the_image_alone() -> None:
    style = made(unet(4, 4, norm="batch"))
    image = torch.rand(2, 3, 16, 16) * 2 - 1
    assert torch.equal(style(image)[1:], style(image[1:]))


def test_margins_are_reflections_as_torch_makes_them() -> None:
    image = torch.rand(1, 3, 9, 7)
    grown, (rows, columns) = padded(image, (16, 12))
    assert torch.equal(grown, F.pad(image, (2, 3, 3, 4), mode="reflect"))
    assert torch.equal(grown[..., rows, columns], image)
    far, _ = padded(image[..., :2, :2], (32, 32))
    assert torch.equal(far[0, 0, :4, 0], far[0, 0, 2:6, 0])  # again and again
    assert admitted(1, resnet(9)) == 8
    assert admitted(257, resnet(9)) == 260
    assert admitted(200, unet(8)) == 256


def test_dropout_is_the_papers_and_does_not_flicker(tmp_path: Path) -> None:
    style = opened(tmp_path, write(CASES["resnet 9 with dropout"]))
    image = torch.rand(1, 3, 32, 32) * 2 - 1
    first = style(image)
    assert torch.equal(first, style(image))
    style.seed = 4
    other = style(image)
    assert not torch.equal(first, other)
    style.dropout = False
    assert not torch.equal(other, style(image))
    assert torch.equal(opened(tmp_path, write(CASES["resnet 9 with dropout"]))(image), first)


def test_its_settings_are_params_of_a_chain() -> None:
    names = {name for name, value in vars(Translator).items() if isinstance(value, genart.Param)}
    assert names == {"dropout", "statistics", "seed"}
    with pytest.raises(genart.errors.ParamError, match="own, trained"):
        made(resnet(1, 4), statistics="batch")


def test_a_large_image_is_painted_in_tiles_without_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    style = Translator(random_net(resnet(1, 4)), name="random")
    image = torch.rand(1, 3, 250, 139, generator=torch.Generator().manual_seed(2)) * 2 - 1
    image = F.interpolate(image[..., ::8, ::8], (250, 139), mode="bilinear")
    monkeypatch.setattr(translator, "TILE", 128)
    tiled = style(image)
    norms = [m for m in style.network.modules() if isinstance(m, Norm)]
    assert all(norm.fixed is None and norm.noted is None for norm in norms)
    grown, (rows, columns) = padded(image, (252, 140))
    with style._common(grown):  # the same statistics, all at once
        whole = style._made(grown)[..., rows, columns]
    monkeypatch.setattr(translator, "TILE", 4096)
    assert (tiled - whole).abs().max() <= 1e-5
    near = torch.corrcoef(torch.stack([tiled.flatten(), style(image).flatten()]))[0, 1]
    assert near > 0.8  # with the statistics of the whole it is much the same


KERNEL_CASES = {
    "resnet": resnet(1, 12),
    "resnet, affine, dropout, zero padding": resnet(
        1, 16, norm="affine", dropout=1, padding="zero"
    ),
    "resnet, batch norm, no bias": resnet(1, 12, norm="batch", bias=False),
    "resnet, nearest, grey": resnet(1, 12, up="nearest", channels_in=1, channels_out=1),
    "resnet without blocks, no norm": resnet(0, 12, norm="none", up="nearest", up_padding="zero"),
    "unet": unet(4, 16),
    "unet, narrow, batch norm": unet(4, 6, norm="batch", dropout=2),
    "unet, nearest, no norm": unet(3, 20, up="nearest", norm="none", up_padding="zero"),
    "unet, nearest, affine, grey": unet(
        4, 20, up="nearest", norm="affine", dropout=1, channels_in=1, channels_out=1
    ),
}


def random_net(shape: Shape) -> ResNet | UNet:
    """A network whose values neither grow nor vanish, with statistics of a training."""
    torch.manual_seed(1)
    net = build(shape).eval().requires_grad_(False)
    for weight in net.parameters():
        weight.normal_(0, 0.3 if weight.ndim == 1 else weight[0].numel() ** -0.5)
    for statistic in net.buffers():
        statistic.uniform_(0.5, 1.5)
    return net.to(memory_format=torch.channels_last)


def by_kernels(fast: FastNetwork, image: torch.Tensor) -> torch.Tensor | None:
    """What the kernels make, or None."""
    return fast._inference(_key(fast.network, image), image)


@pytest.mark.parametrize("shape", KERNEL_CASES.values(), ids=list(KERNEL_CASES))
def test_kernels_make_the_networks_image(shape: Shape, level: str) -> None:
    net = random_net(shape)
    fast, side = FastNetwork(net), max(shape.least, 16)
    for own, seed in ((True, None), (True, 3), (False, None)):
        set_test_time(net, own=own, seed=seed)
        for size in ((side, side), (2 * side, 3 * side)):
            image = torch.rand(1, shape.channels_in, *size) * 2 - 1
            found = by_kernels(fast, image)
            assert found is not None
            assert (found - net(image)).abs().max() <= 1e-5
            with threads(1):
                assert torch.equal(found, fast(image)), "bit for bit on any number of threads"


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch's threads, and with them those of the kernels."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("kernels")
def test_kernels_use_changed_weights_at_once() -> None:
    net, image = random_net(resnet(1, 12)), torch.rand(1, 3, 32, 32)
    fast = FastNetwork(net)
    before = fast(image)
    net.blocks[0].first.layer.weight[:, :6].mul_(1.5)
    found = by_kernels(fast, image)
    assert found is not None
    assert (found - net(image)).abs().max() <= 1e-5 < (found - before).abs().max()


@pytest.mark.usefixtures("kernels")
def test_what_kernels_cannot_compute_is_left_to_the_network() -> None:
    image = torch.rand(1, 3, 32, 32)
    for shape in (resnet(1, 4, up="bilinear"), resnet(1, 4, up="corners")):
        fast = FastNetwork(random_net(shape))
        assert by_kernels(fast, image) is None
        assert torch.equal(fast(image), fast.network(image))
    net = random_net(resnet(1, 4))
    assert by_kernels(FastNetwork(net), image.double()) is None
    assert by_kernels(FastNetwork(net), image[..., :30]) is None
    net.blocks[0].register_forward_hook(lambda *_: None)
    assert by_kernels(FastNetwork(net), image) is None


@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("shape", [resnet(1, 12, norm="affine"), unet(5, 8, norm="batch")])
def test_tiles_by_kernels_are_those_of_the_network(
    shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(translator, "TILE", 128)
    image = torch.rand(1, 3, 140, 100) * 2 - 1
    style = Translator(random_net(shape), name="random")
    found = style(image)
    monkeypatch.setenv("GENART_NATIVE", "off")
    assert (style(image) - found).abs().max() <= 1e-5


@pytest.mark.parametrize("shape", [unet(5, 4), Shape(widths=(4,) * 4, blocks=1)])
def test_a_network_deeper_than_a_tile_paints_large_images(
    shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    style = made(shape)
    image = torch.rand(1, 3, 288, 288, generator=torch.Generator().manual_seed(2)) * 2 - 1
    monkeypatch.setattr(translator, "TILE", 16)
    assert F.avg_pool2d(style(image).abs(), 8).min() > 0, "no part is left grey"


def test_tiles_cover_an_image_once_and_all_of_it() -> None:
    image = torch.arange(100.0).expand(1, 3, 90, 100).contiguous()
    assert torch.allclose(in_tiles(image, lambda tile: tile, 40, 8, 2), image, atol=1e-5)


def test_instance_norm_of_one_number_is_refused_instead_of_black() -> None:
    with pytest.raises(genart.UsageError, match="too small"):
        Norm("instance", 3)(torch.rand(1, 3, 1, 1))
    style = made(unet(3, 4, norm="instance"))  # 8 px: its lowest level is 1x1 and has no norm
    first = torch.rand(1, 3, 8, 8) * 2 - 1
    down = [unit.norm for unit in style.network.down]
    assert [isinstance(norm, Norm) for norm in down] == [False, True, False]
    assert style(first).std() > 0


@pytest.mark.parametrize(("layers", "field"), [(0, 1), (1, 16), (2, 34), (3, 70), (4, 142)])
def test_a_logit_sees_a_patch_of_the_papers_size(layers: int, field: int) -> None:
    torch.manual_seed(0)
    critic = make_critic(3, 2, layers, "none")
    image = torch.rand(1, 3, 2 * field + 20, 2 * field + 20, requires_grad=True)
    logits = critic(image)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    seen = image.grad.abs().sum((0, 1)) > 0
    assert (int(seen.any(0).sum()), int(seen.any(1).sum())) == (field, field)


def test_the_default_critic_has_no_norm_on_its_first_layer() -> None:
    layers = list(make_critic(3, 64, 3, "instance").net)
    assert [layer.out_channels for layer in layers if isinstance(layer, torch.nn.Conv2d)] == [
        64, 128, 256, 512, 1,
    ]  # fmt: skip
    assert [i for i, layer in enumerate(layers) if isinstance(layer, Norm)] == [3, 6, 9]


@pytest.mark.parametrize("how", ["normal", "xavier", "kaiming", "orthogonal"])
def test_weights_begin_as_asked(how: str) -> None:
    torch.manual_seed(0)
    conv = torch.nn.Conv2d(64, 64, 3)
    norm = Norm("batch", 4096)
    initialise(torch.nn.Sequential(conv, norm), how, 0.02)
    fan = 64 * 9
    spread = {
        "normal": 0.02, "xavier": 0.02 * (2 / (fan + fan)) ** 0.5, "kaiming": (2 / fan) ** 0.5,
        "orthogonal": 0.02 / fan**0.5,
    }[how]  # fmt: skip
    assert conv.weight.std().item() == pytest.approx(spread, rel=0.05)
    assert not conv.bias.any()
    assert norm.weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_a_shape_says_what_is_wrong_with_it() -> None:
    for values, says in (
        ({"kind": "vae"}, "resnet or unet"),
        ({"widths": (0,)}, "1 to 12 numbers"),
        ({"kind": "unet", "widths": (4,)}, "2 to 12 numbers"),
        ({"norm": "layer"}, "instance, affine, batch, none"),
        ({"channels_in": 2}, "1 or 3"),
        ({"dropout": 3}, "0 to 1"),
    ):
        with pytest.raises(genart.UsageError, match=says):
            Shape(**values)
    assert Shape.from_dict(unet(6, 8).to_dict()) == unet(6, 8)


def test_a_row_of_the_benchmark_counts_its_arithmetic(tmp_path: Path) -> None:
    made = arithmetic(build(resnet(1, 4)), torch.zeros(1, 3, 64, 64))
    large, middle, small = 64 * 64, 32 * 32, 16 * 16
    ends = 2 * large * 49 * 3 * 4  # the first and the last convolution
    between = 2 * (middle * 9 * 4 * 8 + small * 9 * 8 * 16)  # down, and up again
    assert made == 2 * (ends + between + 2 * small * 9 * 16 * 16)
    rows = list(
        genart.registry("benchmark").create("translate", options=genart.benchmarks.BenchOptions())
    )
    assert [row.name for row in rows] == [
        "CycleGAN image 256 px 9 blocks", "pix2pix image 256 px U-Net",
    ]  # fmt: skip
    with pytest.raises(genart.UsageError, match="not a checkout of pytorch-CycleGAN-and-pix2pix"):
        official(tmp_path, "resnet_9blocks", 4, "instance")
