"""Neural style by optimisation: losses, presets, options, and images that are wrong."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

import genart
from genart.perception import feature_weights
from genart.perception.feature_networks import (
    FeatureNetwork,
    feature_network,
    network_of,
    torchvision_layers,
)
from genart.perception.feature_weights import FeatureWeights, choose_network, read_network_weights
from genart.testing import check_stylizer
from genart_neural_style import colour, flow, losses
from genart_neural_style.layers import counterpart, translate
from genart_neural_style.objective import Losses, Objective
from genart_neural_style.presets import PRESETS, STROKES, preset
from genart_neural_style.strokes import strokes
from genart_neural_style.tiled_losses import StyleTarget

DATA = Path(os.environ.get("GENART_TEST_DATA", "/nowhere"))
CAFFE = DATA / "weights" / "hed_vgg16_features_caffe_bgr_fp16.npz"


def stripes(height: int, width: int, angle: float, tint: tuple[float, float, float]) -> Any:
    """A made-up picture: waves in one direction and one colour, (1, 3, h, w)."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    wave = torch.sin((x * np.cos(angle) + y * np.sin(angle)) / 3.0)
    return (wave[None, None] * torch.tensor(tint)[None, :, None, None]).clamp(-1, 1)


PHOTO = stripes(48, 64, 0.2, (0.7, 0.3, -0.4))
STYLE = stripes(64, 64, 1.3, (-0.2, 0.5, 0.9))


def gatys(style: Any = STYLE, **options: Any) -> Any:
    return genart.stylizer("gatys", style=style, **({"network": "lite0", "steps": 6} | options))


def random_state(kind: str, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights of a network, by torchvision's names."""
    draw = torch.Generator().manual_seed(seed)
    return {
        f"features.{name}": torch.randn(each.shape, generator=draw)
        * (2 / max(each[0].numel(), 1)) ** 0.5
        for name, each in torchvision_layers(kind).state_dict().items()
    }


def random_network(kind: str, pool: str = "") -> FeatureNetwork:
    """A network with random weights, or Lite0 with its own."""
    if kind == "lite0":
        return feature_network("lite0")
    return network_of(FeatureWeights(kind, random_state(kind)), pool=pool)


@pytest.fixture(scope="module")
def squeezenet() -> FeatureNetwork:
    return network_of(FeatureWeights("squeezenet", random_state("squeezenet")))


# --- losses ------------------------------------------------------------------------------------


def numpy_gram(features: NDArray[Any]) -> NDArray[Any]:
    channels = features.shape[1]
    flat = features.astype(np.float64).reshape(channels, -1)
    return np.einsum("ip,jp->ij", flat, flat)


def features(seed: int, shape: tuple[int, ...] = (1, 5, 6, 7)) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_gram_matrices_equal_numpys() -> None:
    x = features(1)
    made = losses.gram(x)
    np.testing.assert_allclose(made.numpy(), numpy_gram(x.numpy()), rtol=1e-5)
    size = losses.divided(made, 5, losses.places(x), "size")
    np.testing.assert_allclose(size.numpy(), numpy_gram(x.numpy()) / (5 * 6 * 7), rtol=1e-5)


def test_a_masked_gram_matrix_is_that_of_the_masked_places() -> None:
    x, mask = features(1), torch.zeros(1, 1, 6, 7)
    mask[..., :3] = 1
    np.testing.assert_allclose(
        losses.gram(x, mask).numpy(), numpy_gram(x[..., :3].numpy()), rtol=1e-5, atol=1e-6
    )
    assert losses.places(x, mask) == 18


@pytest.mark.parametrize("how", sorted(losses.CONTENT))
def test_content_loss_equals_numpys(how: str) -> None:
    x, target = features(1), features(2)
    f, p = x.numpy().astype(np.float64), target.numpy().astype(np.float64)
    spread = ((p - p.mean((2, 3), keepdims=True)) ** 2).sum()
    scale = {"sum": 1.0, "half": 0.5, "mean": 1 / p.size, "relative": 1 / spread}[how]
    wanted = ((f - p) ** 2).sum() * scale
    assert losses.content_loss(x, target, how).item() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("how", sorted(losses.STYLE))
@pytest.mark.parametrize("divisor", sorted(losses.GRAM))
def test_style_loss_equals_numpys(how: str, divisor: str) -> None:
    x, y = features(1), features(2, (1, 5, 9, 4))
    over = {"none": (1, 1), "positions": (42, 36), "size": (210, 180)}[divisor]
    g, a = numpy_gram(x.numpy()) / over[0], numpy_gram(y.numpy()) / over[1]
    scale = {"sum": 1.0, "mean": 1 / 25, "gatys": 1 / 100, "relative": 1 / (a**2).sum()}[how]
    made, target = (
        losses.divided(losses.gram(each), 5, losses.places(each), divisor) for each in (x, y)
    )
    wanted = ((g - a) ** 2).sum() * scale
    assert losses.style_loss(made, target, how).item() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("how", losses.TV)
def test_total_variation_equals_numpys(how: str) -> None:
    image = features(3, (1, 3, 8, 9))
    x = image.numpy().astype(np.float64)
    both = [np.diff(x, axis=2), np.diff(x, axis=3)]
    power = 2 if how.endswith("squares") else 1
    wanted = sum((np.abs(each) ** power).sum() for each in both)
    wanted /= sum(each.size for each in both) if how.startswith("mean") else 1
    assert losses.tv_loss(image, how).item() == pytest.approx(wanted, rel=1e-5)


def test_the_whole_objective_equals_numpys_on_squeezenet(squeezenet: FeatureNetwork) -> None:
    made = PRESETS["squeezenet"]
    photo, style, x = PHOTO, STYLE, (PHOTO + 0.2 * STYLE[..., :48, :64]).clamp(-1, 1)
    found, _ = Objective(squeezenet, made, photo, [StyleTarget(style)])(x)
    names = {*made.style, *made.content}
    of = {
        key: {name: each.numpy().astype(np.float64) for name, each in squeezenet(at, names).items()}
        for key, at in (("photo", photo), ("style", style), ("x", x))
    }
    gram = lambda f: numpy_gram(f) / f[0].size  # noqa: E731
    wanted_style = sum(
        weight * ((gram(of["x"][name]) - gram(of["style"][name])) ** 2).sum()
        for name, weight in made.style.items()
    )
    wanted_content = 0.03 * ((of["x"]["features.3"] - of["photo"]["features.3"]) ** 2).sum()
    assert found.style == pytest.approx(wanted_style, rel=1e-5)
    assert found.content == pytest.approx(wanted_content, rel=1e-5)
    assert found.total == pytest.approx(found.style + found.content + found.tv)


def test_an_unknown_normalisation_is_reported_with_those_there_are() -> None:
    with pytest.raises(genart.UsageError, match="squares, sizes, mean squares, mean sizes"):
        losses.tv_loss(PHOTO, "cubes")
    with pytest.raises(genart.UsageError, match='sum, half, mean, relative, not "double"'):
        losses.content_loss(PHOTO, PHOTO, "double")


# --- presets and layers ------------------------------------------------------------------------


def test_presets_have_the_published_layers_and_weights() -> None:
    firsts = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
    published = PRESETS["gatys"]
    assert published.style == dict.fromkeys(firsts, 0.2)
    assert published.content == {"relu4_2": 1.0}
    assert published.content_weight / published.style_weight == 1e-3
    assert (published.network, published.pool, published.start) == ("vgg19", "average", "noise")
    shallow = PRESETS["shallow"]
    assert list(shallow.style) == firsts
    assert list(shallow.style.values()) == [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16]
    assert shallow.start == "content"
    squeeze = PRESETS["squeezenet"]
    assert list(squeeze.style.items()) == [
        ("features.1", 200000), ("features.4", 800), ("features.6", 12), ("features.7", 1),
    ]  # fmt: skip
    assert (squeeze.content, squeeze.content_weight) == ({"features.3": 1.0}, 0.03)
    assert set(PRESETS["squeezenet-even"].style.values()) == {1.0}
    assert list(PRESETS["squeezenet-even"].style) == list(squeeze.style)
    assert [PRESETS[n].tv_weight for n in ("squeezenet", "squeezenet-tv2")] == [2e-2, 2.0]
    assert [PRESETS[n].tv_weight for n in ("squeezenet-even", "squeezenet-even-tv2")] == [2e-2, 2.0]
    assert STROKES == ("2_2", "3_1", "3_2", "3_3", "4_1", "4_3", "4_4", "5_1", "5_4")


def test_an_unknown_preset_is_reported_with_the_nearest() -> None:
    with pytest.raises(genart.errors.UnknownName, match='Did you mean "gatys"'):
        preset("gatis")


@pytest.mark.parametrize("kind", ["vgg16", "squeezenet", "lite0"])
def test_every_layer_of_vgg19_has_one_of_as_fine_a_grid_elsewhere(kind: str) -> None:
    made = random_network(kind)
    for group, count in enumerate((2, 2, 4, 4, 4), 1):
        for n in range(1, count + 1):
            step = made.step(counterpart(f"relu{group}_{n}", kind))
            finest = 2 if kind != "vgg16" else 1
            assert step.stride in {max(2 ** (group - 1), finest), max(2**group // 2, finest)} or (
                kind != "vgg16" and step.stride in (2**group, 2 ** (group - 1))
            )


def test_layers_that_fall_together_add_their_weights() -> None:
    assert translate({"relu3_3": 1.0, "conv3_4": 2.0, "4": 0.5}, "squeezenet") == {
        "features.7": 3.0, "features.4": 0.5,
    }  # fmt: skip
    assert translate({"relu5_4": 1.0, "conv4_4": 1.0}, "vgg16") == {"relu5_3": 1.0, "conv4_3": 1.0}


def test_layers_of_vgg_are_before_and_after_their_relu() -> None:
    made = network_of(FeatureWeights("vgg16", random_state("vgg16")))
    found = made(PHOTO, ["conv1_1", "relu1_1", "pool1"])
    assert found["conv1_1"].min() < 0 <= found["relu1_1"].min()
    assert torch.equal(found["conv1_1"].relu(), found["relu1_1"])
    assert found["pool1"].shape[-2:] == (24, 32)


def test_average_pooling_takes_the_place_of_vggs_own() -> None:
    state = random_state("vgg16")
    found = network_of(FeatureWeights("vgg16", state), pool="average")(PHOTO, ["relu1_2", "pool1"])
    wanted = torch.nn.functional.avg_pool2d(found["relu1_2"], 2)
    assert torch.allclose(found["pool1"], wanted)


def test_layers_may_be_chosen_with_weights() -> None:
    one = gatys(layers="relu1_1=1,relu3_1=0.25", steps=2)
    assert one._preset.style == {"relu1_1": 1.0, "relu3_1": 0.25}
    with pytest.raises(genart.UsageError, match=r"EfficientNet-Lite0 has no layer relu9_1; it has"):
        gatys(layers="relu9_1")
    with pytest.raises(genart.UsageError, match="Write layers like"):
        gatys(layers="relu1_1=much")


# --- painting ----------------------------------------------------------------------------------


def test_a_stylizer_keeps_its_contract_and_repeats_bit_for_bit() -> None:
    one = gatys(start="noise", seed=3)
    check_stylizer(one, PHOTO)
    first = one(PHOTO)
    assert torch.equal(first, gatys(start="noise", seed=3)(PHOTO))
    assert not torch.equal(first, gatys(start="noise", seed=4)(PHOTO))


def test_it_paints_where_gradients_are_off() -> None:
    with torch.no_grad():
        plain = gatys()(PHOTO)
    with torch.inference_mode():
        assert torch.equal(gatys()(PHOTO), plain)


@pytest.mark.parametrize("search", [("lbfgs", "waves"), ("adam", "waves"), ("lbfgs", "pixels"),
                                    ("adam", "pixels")])  # fmt: skip
def test_the_total_falls(search: tuple[str, str]) -> None:
    optimizer, canvas = search
    short, long = (gatys(steps=n, levels=1, optimizer=optimizer, canvas=canvas) for n in (1, 15))
    for one in (short, long):
        one(PHOTO)
    assert long.report.losses[-1].total < 0.8 * short.report.losses[-1].total


def test_a_lower_content_weight_raises_the_content_loss() -> None:
    held: list[float] = []
    photo = PHOTO[..., :32, :40]
    for weight in (1.0, 0.05, 0.001):
        one = gatys(content_weight=weight, steps=12, levels=1)
        one(photo)
        held.append(one.report.losses[-1].content / weight)
    assert held[0] < held[1] < held[2]


def test_the_weights_are_params_and_read_at_each_call() -> None:
    one = gatys(style_weight=2.0, tv_weight=0.0, levels=1, steps=9)
    assert (one.style_weight, one.content_weight) == (2.0, PRESETS["default"].content_weight)
    assert (one(PHOTO) - PHOTO).abs().mean() > 5e-3
    one.style_weight = 0.0
    assert torch.allclose(one(PHOTO), PHOTO, atol=1e-4)


def test_it_starts_from_the_photo_the_style_or_noise() -> None:
    starts = {start: gatys(start=start, steps=1, levels=1)(PHOTO) for start in
              ("content", "style", "noise")}  # fmt: skip
    assert torch.allclose(starts["content"], PHOTO, atol=1e-5)
    assert (starts["style"] - PHOTO).abs().mean() > 0.1
    assert starts["noise"].std() < starts["style"].std()


@pytest.mark.slow
def test_large_images_are_painted_from_coarse_to_fine() -> None:
    one = gatys(steps=9)
    photo = torch.nn.functional.interpolate(PHOTO, size=(240, 320), mode="bilinear")
    assert one(photo).shape == photo.shape
    assert one.report.sizes == ((120, 160), (240, 320))
    assert one.report.steps == (9, 8)
    assert one.report.features == "EfficientNet-Lite0"
    small = gatys(size=64)
    assert small(photo).shape == photo.shape
    assert small.report.sizes == ((48, 64),)


def test_it_stops_early_where_nothing_is_won_any_more() -> None:
    one = gatys(steps=200, levels=1, tolerance=0.5)
    one(PHOTO)
    assert 21 <= one.report.steps[0] < 200


def test_progress_and_preview_are_reported_every_step() -> None:
    one, told, seen = gatys(steps=4, levels=1), [], []
    one.progress, one.preview = told.append, seen.append
    one(PHOTO)
    assert [(each.done, each.total) for each in told] == [(n, 4) for n in (1, 2, 3, 4)]
    assert "EfficientNet-Lite0, 64x48, loss" in told[0].note
    assert [tuple(each.shape) for each in seen] == [(1, 3, 48, 64)] * 4


# --- several styles, masks, colours ------------------------------------------------------------


def test_a_blend_goes_from_one_style_to_the_other() -> None:
    other = stripes(64, 64, 2.2, (0.9, -0.6, 0.1))
    paint = functools.partial(gatys, [STYLE, other], steps=9, levels=1)
    ends = [gatys(style, steps=9, levels=1)(PHOTO) for style in (STYLE, other)]
    assert torch.allclose(paint(blend=[3, 0])(PHOTO), ends[0], atol=1e-3)
    assert torch.allclose(paint(blend="0,1")(PHOTO), ends[1], atol=1e-3)
    middle = paint()(PHOTO)
    assert all((middle - end).abs().max() > 0.02 for end in ends)
    with pytest.raises(genart.UsageError, match="2 styles need 2 shares"):
        paint(blend=[1, 2, 3])


def test_a_mask_keeps_a_style_to_its_region() -> None:
    mask = torch.zeros(48, 64)
    mask[:, :32] = 1
    out = gatys(masks=[mask], steps=12)(PHOTO)
    assert torch.equal(out[..., 32:], PHOTO[..., 32:])
    assert (out[..., :32] - PHOTO[..., :32]).abs().mean() > 0.05


def test_two_masks_give_each_region_its_own_style() -> None:
    other = stripes(64, 64, 2.2, (0.9, -0.6, 0.1))
    left = torch.zeros(48, 64)
    left[:, :32] = 1
    paint = functools.partial(gatys, steps=9, levels=1)
    out = paint([STYLE, other], masks=[left, 1 - left])(PHOTO)
    same = paint([other, STYLE], masks=[1 - left, left])(PHOTO)
    assert torch.allclose(out, same, atol=1e-3), "a mask goes with its style"
    swapped = paint([STYLE, other], masks=[1 - left, left])(PHOTO)
    assert (out - swapped)[..., :32].abs().max() > 0.02
    assert (out - swapped)[..., 32:].abs().max() > 0.02


def test_the_photo_is_held_where_the_content_mask_says() -> None:
    hold = torch.zeros(48, 64)
    hold[:, :32] = 1
    out = gatys(content_mask=hold, content_weight=3.0, steps=25, levels=1)(PHOTO)
    change = (out - PHOTO).abs().mean((0, 1, 2))
    assert change[:24].mean() < change[40:].mean()


def test_luminance_alone_keeps_the_photos_colours() -> None:
    flat = PHOTO * 0.5  # nothing is clipped
    out = gatys(keep_color=True, steps=12)(flat)
    both = [image - colour.luminance(image) for image in (out, flat)]
    inside = (out.abs() < 0.999).all(1, keepdim=True).expand_as(out)
    assert inside.float().mean() > 0.9
    assert torch.allclose(both[0][inside], both[1][inside], atol=1e-4)
    assert (colour.luminance(out) - colour.luminance(flat)).abs().mean() > 0.02


def test_colour_transfer_gives_the_style_the_photos_colours() -> None:
    style = features(4, (1, 3, 40, 40)) * 0.2
    photo = features(5, (1, 3, 30, 50)) * torch.tensor([0.3, 0.1, 0.05])[:, None, None] + 0.1
    moved = colour.like_colours(style, photo)
    for statistic in (lambda x: x[0].flatten(1).mean(1), lambda x: torch.cov(x[0].flatten(1))):
        assert torch.allclose(statistic(moved), statistic(photo), atol=5e-3)


def test_the_style_scale_is_the_size_of_what_is_copied() -> None:
    style_targets = [genart_style(scale) for scale in (0.5, 2.0)]
    assert [max(each.image.shape[-2:]) for each in style_targets] == [32, 128]


def genart_style(scale: float) -> StyleTarget:
    from genart_neural_style.style_images import Style

    return Style(STYLE).style_target(PHOTO, scale, "none")


# --- tiles -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["vgg16", "squeezenet", "lite0"])
def test_tiles_give_the_gradient_of_the_whole_image(kind: str) -> None:
    made = random_network(kind, "average")
    wanted = PRESETS["default"]
    used = replace(
        wanted,
        style=translate({"relu1_1": 0.5, "relu3_1": 0.5}, kind),
        content=translate({"relu3_2": 1.0}, kind),
    )
    photo, x = features(6, (1, 3, 70, 101)).tanh(), features(7, (1, 3, 70, 101)).tanh()
    mask = torch.rand(1, 1, 70, 101, generator=torch.Generator().manual_seed(8))
    style_target = StyleTarget(STYLE, region=mask)
    (whole, one), (cut, many) = (
        Objective(made, used, photo, [style_target], hold=mask, tile=side)(x) for side in (0, 32)
    )
    assert cut.total == pytest.approx(whole.total, rel=1e-4)
    assert cut.content == pytest.approx(whole.content, rel=1e-4)
    assert (one - many).abs().max() < 1e-3 * one.abs().max()


def test_an_image_painted_in_tiles_is_the_untiled_one() -> None:
    whole, cut = (gatys(tile=side, steps=4, levels=1)(PHOTO) for side in (0, 32))
    assert (whole - cut).abs().max() < 1e-2


def test_what_does_not_fit_into_memory_is_tiled_or_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from genart_neural_style import memory

    made, layers = feature_network("lite0"), tuple(sorted(PRESETS["default"].style))
    layers = tuple(translate(dict.fromkeys(layers, 1.0), "lite0"))
    side = functools.partial(memory.tile_side, made, layers, device=torch.device("cpu"))
    assert side((64, 64)) == 0
    monkeypatch.setattr(memory, "free_bytes", lambda device: 4 << 30)
    assert 128 <= side((3600, 4800)) < 3600
    assert memory.pairs((3600, 4800), torch.device("cpu")) < memory.pairs(
        (480, 640), torch.device("cpu")
    )
    with pytest.raises(genart.UsageError, match=r"12000x9000 needs .* Use a smaller size"):
        side((9000, 12000))


@pytest.mark.parametrize(
    ("line", "folder", "limit", "used", "cache"),
    [
        ("0::/shop/worker", "shop/worker", "memory.max", "memory.current", "inactive_file"),
        ("0::/shop/worker", "shop", "memory.max", "memory.current", "inactive_file"),
        ("4:cpu,memory:/shop", "memory/shop", "memory.limit_in_bytes", "memory.usage_in_bytes",
         "total_inactive_file"),
    ],
)  # fmt: skip
def test_no_more_memory_is_free_than_a_container_leaves(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    line: str,
    folder: str,
    limit: str,
    used: str,
    cache: str,
) -> None:
    from genart_neural_style import memory

    own, groups = tmp_path / "cgroup", tmp_path / "groups"
    own.write_text(f"9:pids:/\n{line}\n")
    (groups / folder).mkdir(parents=True)
    monkeypatch.setattr(memory, "_PROCESS", own)
    monkeypatch.setattr(memory, "_GROUPS", groups)
    everything = memory.free_bytes(torch.device("cpu"))
    (groups / folder / limit).write_text("4000000\n")
    (groups / folder / used).write_text("3000000\n")
    (groups / folder / "memory.stat").write_text(f"anon 7\n{cache} 500000\n")
    assert memory.free_bytes(torch.device("cpu")) == 1_500_000 < everything
    (groups / folder / limit).write_text("max\n")
    assert memory.free_bytes(torch.device("cpu")) > 1_500_000


# --- films -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_frame_of_a_film_starts_from_the_one_before() -> None:
    later = (PHOTO + 0.02).clamp(-1, 1)
    alone, film = (gatys(film="last", steps=24, start="noise") for _ in range(2))
    film.reset()
    first = film(PHOTO)
    assert film.report.steps == (24,)
    second = film(later)
    assert film.report.steps == (8,)
    alone_later = gatys(film="last", steps=24, start="noise", seed=1)(later)
    assert (second - first).abs().mean() < 0.5 * (alone_later - first).abs().mean()
    film.reset()
    assert torch.equal(film(PHOTO), first), "a new film forgets"
    assert torch.equal(alone(PHOTO), first), "the first frame is an image like any other"


def test_after_a_cut_a_frame_starts_anew() -> None:
    film = gatys(film="last", steps=9)
    film.reset()
    film(PHOTO)
    film(-PHOTO)
    assert film.report.steps == (9,)


def test_flow_follows_what_moves() -> None:
    pytest.importorskip("cv2")
    before = torch.nn.functional.interpolate(features(9, (1, 3, 12, 16)).tanh(), size=(96, 128),
                                             mode="bicubic").clamp(-1, 1)  # fmt: skip
    now = before.roll(4, -1)
    painted = -before
    moved, trust = flow.moved(before, now, painted)
    inner = (slice(None), slice(None), slice(16, -16), slice(24, -24))
    assert (moved + now)[inner].abs().mean() < 0.25 * (painted + now)[inner].abs().mean()
    assert trust[inner].mean() > 0.8


def test_flow_without_its_extra_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cv2", None)
    monkeypatch.setattr(flow, "available", lambda: False)
    with pytest.raises(genart.errors.MissingExtra, match=r"genart\[flow\]"):
        gatys(film="flow").reset()
    gatys(film="auto").reset()


# --- weights and what is wrong -----------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder behind a local server, and a private cache and hub."""
    monkeypatch.setenv("GENART_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_weights_are_downloaded_once(
    served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save(random_state("squeezenet", 7), tmp_path / "squeezenet.pth")
    digits = hashlib.sha256((tmp_path / "squeezenet.pth").read_bytes()).hexdigest()[:8]
    path = (tmp_path / "squeezenet.pth").rename(tmp_path / f"squeezenet-{digits}.pth")
    monkeypatch.setitem(feature_weights.DOWNLOADS, "squeezenet", f"{served}/{path.name}")
    feature_network.cache_clear()
    one = gatys(preset="squeezenet", network=None, steps=2, size=48)
    assert one.features == "SqueezeNet 1.1"
    path.unlink()
    feature_network.cache_clear()
    assert torch.isfinite(gatys(preset="squeezenet", network=None, steps=2)(PHOTO)).all()
    feature_network.cache_clear()


def test_no_download_says_what_to_do(served: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(feature_weights.DOWNLOADS, "vgg19", f"{served}/away.pth")
    feature_network.cache_clear()
    with pytest.raises(genart.errors.CheckpointError, match="or use the features lite0"):
        gatys(network="vgg19")


def test_torchvisions_own_downloads_are_taken_where_they_lie(
    served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choose_network() == ("lite0", "")
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(random_state("squeezenet"), folder / "squeezenet1_1-b8a52dc0.pth")
    assert read_network_weights("squeezenet").kind == "squeezenet"
    (folder / "vgg16-397923af.pth").touch()
    assert choose_network() == ("vgg16", "")
    assert choose_network("auto", ("lite0", "vgg16"), ("vgg16",)) == ("vgg16", "")
    (folder / "vgg19-dcbb9e9d.pth").touch()
    assert choose_network() == ("vgg19", "")
    assert choose_network("auto", ("lite0", "vgg16"), ("vgg16",)) == ("vgg16", "")


def test_weights_of_another_network_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "some.pth"
    torch.save(random_state("squeezenet"), path)
    assert read_network_weights("auto", path).kind == "squeezenet"
    with pytest.raises(genart.errors.CheckpointError, match=r"contains SqueezeNet 1.1, not VGG-19"):
        read_network_weights("vgg19", path)
    torch.save({"a": torch.ones(2)}, path)
    with pytest.raises(
        genart.errors.CheckpointError, match="contains none of VGG-19, VGG-16, Squeeze"
    ):
        read_network_weights("auto", path)


@pytest.mark.parametrize("suffix", [".pth", ".npz", ".safetensors"])
@pytest.mark.parametrize("damage", ["empty", "cut short", "missing"])
def test_damaged_weights_are_reported(tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"weights{suffix}"
    state = random_state("squeezenet")
    if suffix == ".npz":
        np.savez(path, **{name: each.numpy() for name, each in state.items()})
    elif suffix == ".pth":
        torch.save(state, path)
    else:
        genart.checkpoints.write_safetensors(path, state, {})
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "empty" else whole[: len(whole) // 2])
    with pytest.raises(genart.errors.CheckpointError, match="weights"):
        gatys(network="auto", weights=str(path))


def test_a_style_image_of_one_pixel_or_no_bytes_is_reported(tmp_path: Path) -> None:
    pixel, empty_file = tmp_path / "pixel.png", tmp_path / "empty.png"
    Image.new("RGB", (1, 1)).save(pixel)
    empty_file.touch()
    with pytest.raises(
        genart.DataError, match="1x1 pixels is too small; at least 16 per side are needed"
    ):
        gatys(str(pixel))
    with pytest.raises(genart.DataError, match=r"empty\.png: an empty file"):
        gatys(str(empty_file))
    with pytest.raises(genart.DataError, match=r"away\.png: there is no such file"):
        gatys(str(tmp_path / "away.png"))


def test_even_tiny_photos_are_painted() -> None:
    assert gatys(steps=2)(PHOTO[..., :1, :1]).shape == (1, 3, 1, 1)
    assert gatys(steps=2)(PHOTO[..., :9, :]).shape == (1, 3, 9, 64)


def test_a_photo_too_small_for_a_layer_of_vgg_is_reported() -> None:
    made = network_of(FeatureWeights("vgg16", random_state("vgg16")))
    with pytest.raises(genart.UsageError, match=r"8x8 pixels is too small for .* of VGG-16"):
        made(PHOTO[..., :8, :8], ["relu5_1"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"colour": True}, "gatys has no option colour; it has preset"),
        ({"start": "end"}, 'start is one of content, style, noise, not "end"'),
        ({"size": 3}, "32 pixels or more"),
        ({"network": "vgg11"}, 'not "vgg11"'),
        ({"keep_color": "sepia"}, 'none, luminance, transfer, not "sepia"'),
        ({"canvas": "sand"}, "pixels or waves"),
        ({"pool": "min"}, '"max" or "average"'),
        ({"masks": [None, None]}, "1 styles need 1 masks"),
    ],
)
def test_wrong_options_say_what_is_allowed(options: dict[str, Any], says: str) -> None:
    with pytest.raises(genart.UsageError, match=says):
        gatys(**options)(PHOTO)


# --- the study ---------------------------------------------------------------------------------


def test_the_study_is_a_labelled_grid_of_style_and_content_alone(
    tmp_path: Path, genart_command: Callable[..., Any]
) -> None:
    for name, image in (("style", STYLE), ("photo", PHOTO)):
        Image.fromarray(genart.to_frames(image)[0]).save(tmp_path / f"{name}.png")
    files = tmp_path / "style.png", tmp_path / "photo.png"
    made = strokes(*files, layers=("2_2", "4_1"), size=64, steps=4, network_kind="lite0")
    assert made.layers == ("block2", "block5")
    assert set(made.pictures) == {(row, n) for row in ("style", "content") for n in made.layers}
    assert made.frame.shape == (2 * (48 + 6 + 18) + 6, 3 * (64 + 6) + 6, 3)
    ran = genart_command(
        "strokes", tmp_path / "style.png", tmp_path / "photo.png", "-o", tmp_path / "grid.png",
        "--layers", "2_2,4_1", "--size", 64, "--steps", 4, "--network", "lite0", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["layers"] == ["block2", "block5"]
    with Image.open(tmp_path / "grid.png") as grid:
        assert np.array_equal(np.asarray(grid), made.frame)
    wrong = genart_command("strokes", tmp_path / "style.png", tmp_path / "photo.png", "-o",
                           tmp_path / "grid.png", "--layers", "9_9")  # fmt: skip
    assert wrong.code == 2


def test_by_content_alone_the_photo_comes_back(squeezenet: FeatureNetwork) -> None:
    made = strokes(STYLE, PHOTO, layers=("1_1",), size=64, steps=40, network_kind="lite0")
    found = made.pictures["content", "stem"]
    near = torch.corrcoef(torch.stack([found.flatten(), PHOTO.flatten()]))[0, 1]
    assert near > 0.7


# --- real weights ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "caffe"),
    [("vgg16-00b39a1b.pth", True), ("vgg16_caffe.pth", True), ("vgg16-397923af.pth", False)],
)
def test_caffes_weights_are_known_by_their_files_names(
    tmp_path: Path, name: str, caffe: bool
) -> None:
    torch.save({"features.28.weight": torch.zeros(512, 512, 3, 3)}, tmp_path / name)
    assert read_network_weights("auto", tmp_path / name).caffe is caffe


@pytest.mark.skipif(not CAFFE.is_file(), reason="the shared data is not here")
def test_vgg16_by_path_is_caffes_and_named_in_the_report() -> None:
    one = gatys(network="auto", weights=str(CAFFE), steps=2, levels=1)
    one(PHOTO)
    assert one.report.features == "VGG-16"
    assert isinstance(one.report.losses[0], Losses)
