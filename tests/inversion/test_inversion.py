"""Inversion of images; batches survive failures and repeat nothing."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from support.inverted import tiny

import genart
from genart.inversion.api import invert_all
from genart.media.images import to_image
from genart.perception.feature_choice import feature_maps
from genart.perception.feature_networks import network_of
from genart.perception.feature_weights import FeatureWeights

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def model() -> Any:
    from genart_stylegan2.config import Config
    from genart_stylegan2.generator import StyleGAN2
    from genart_stylegan2.network import Network

    torch.manual_seed(3)
    config = Config(
        img_resolution=16, z_dim=24, w_dim=20, mapping_layers=2, channel_base=256, channel_max=24
    )
    return StyleGAN2.from_network(Network(config), name="tiny")


@pytest.fixture(scope="module")
def target(model: Any) -> torch.Tensor:
    """Two images of the model's own."""
    image: torch.Tensor = model(model.sample([5, 6]), truncation=0.8).clamp(-1, 1)
    return image


def apart(image: torch.Tensor, target: torch.Tensor) -> float:
    """Their perceptual distance, as a share of that between the two targets."""
    between = genart.perception.perceptual_distance(target[:1], target[1:])
    return float((genart.perception.perceptual_distance(image, target) / between).mean())


@pytest.mark.slow
@pytest.mark.parametrize(("space", "shape"), [("w", (2, 20)), ("w+", (2, 6, 20))])
def test_the_projector_finds_a_models_own_images(
    model: Any, target: torch.Tensor, space: str, shape: tuple[int, ...]
) -> None:
    found = genart.invert(
        model, target, steps=34, space=space, start="average", samples=200, keep=4
    )
    assert found.latent.space == space
    assert tuple(found.latent.values.shape) == shape
    assert torch.equal(found.image, model(found.latent))
    assert found.losses[-1] < 0.5 * found.losses[0]
    assert apart(found.image, target) < 0.5
    assert found.features == "EfficientNet-Lite0"
    assert len(found.path) == 5
    assert torch.equal(found.path[0].values[0], found.path[0].values[1])  # both from the average
    assert torch.equal(found.path[-1].values, found.latent.values)


@pytest.mark.slow
def test_a_search_is_the_same_beside_others_and_again(model: Any, target: torch.Tensor) -> None:
    words: dict[str, Any] = {"steps": 6, "samples": 100, "seed": 4, "noise": True}
    both = genart.invert(model, target, **words)
    again = genart.invert(model, target, **words)
    alone = genart.invert(model, target[1:], **words)
    other = genart.invert(model, target[1:], **{**words, "seed": 5})
    assert torch.equal(both.latent.values, again.latent.values)
    company = (both.latent.values[1:] - alone.latent.values).norm()
    chance = (other.latent.values - alone.latent.values).norm()
    assert company < 0.1 * chance  # Adam lets rounding grow


def test_noise_maps_stay_noise(model: Any, target: torch.Tensor) -> None:
    from genart_invert.noise_maps import fresh_maps, renormalise, structure

    maps = fresh_maps(model.noise_maps(), 2, torch.Generator().manual_seed(0))
    assert torch.equal(maps["b16.conv1"][0], maps["b16.conv1"][1])
    smooth = {"m": torch.linspace(-1, 1, 32).expand(1, 1, 32, 32)}
    noisy = {"m": torch.randn(1, 1, 32, 32)}
    assert float(structure(smooth.values())) > 20 * float(structure(noisy.values()))
    level = 3 + 2 * torch.randn(2, 1, 16, 16)
    renormalise([level])
    assert level.mean((1, 2, 3)).abs().max() < 1e-5
    assert level.square().mean((1, 2, 3)) == pytest.approx([1.0, 1.0], abs=1e-4)


def test_other_noise_maps_make_another_image(model: Any) -> None:
    for _, conv in model.network.synthesis.convolutions():
        conv.noise_strength.data.fill_(0.4)
    try:
        keys = model.sample([1])
        own = model.with_maps(keys, model.noise_maps())
        assert torch.allclose(own, model(keys), atol=1e-5)
        other = {name: -each for name, each in model.noise_maps().items()}
        assert not torch.allclose(model.with_maps(keys, other), own, atol=1e-2)
    finally:
        for _, conv in model.network.synthesis.convolutions():
            conv.noise_strength.data.zero_()


def test_ramps_follow_the_paper() -> None:
    from genart_invert.schedule import Schedule

    ramps = Schedule()
    assert [ramps.rate_at(t) for t in (0, 0.025, 0.05, 0.5, 0.75)] == pytest.approx(
        [0, 0.05, 0.1, 0.1, 0.1]
    )
    assert ramps.rate_at(0.875) == pytest.approx(0.05)
    assert ramps.rate_at(1.0) == pytest.approx(0.0, abs=1e-9)
    assert [ramps.noise_at(t) for t in (0, 0.375, 0.75, 1)] == pytest.approx([0.05, 0.0125, 0, 0])


@pytest.mark.slow
def test_semantic_search_keeps_the_best_and_its_weight_counts() -> None:
    plasma = genart.load("plasma").widened((64, 64))
    small = plasma.reduced(2) or plasma
    target = small(small.sample([40]))
    words: dict[str, Any] = {"method": "semantic", "steps": 8, "tries": 4}
    seen = genart.invert(small, target, **words)
    pixels = genart.invert(small, target, **words, weight=0.0)
    assert seen.losses[-1] <= seen.losses[0]
    assert seen.latent.space == "z"
    assert seen.latent.values.abs().max() <= 2
    assert not torch.equal(seen.latent.values, pixels.latent.values)


@pytest.mark.slow
def test_a_search_leaves_a_start_that_leads_nowhere(tmp_path: Path) -> None:
    model = tiny(tmp_path / "tiny.safetensors")
    target = model(model.sample([4, 5, 7, 9, 22]))
    words: dict[str, Any] = {"method": "semantic", "weight": 0.0, "steps": 80, "keep": 4}
    one = genart.invert(model, target, **words, heads=1)
    many = genart.invert(model, target, **words)
    assert many.losses[0] == pytest.approx(one.losses[0]), "both begin at the best of 30"
    assert many.losses[-1] < 0.7 * one.losses[-1]
    assert torch.equal(many.image, model(many.latent))
    assert [len(each) for each in many.path] == [5] * 5  # one latent per image in every step


@pytest.mark.slow
def test_z_and_class_are_searched_together(tmp_path: Path) -> None:
    model = tiny(tmp_path / "classes.safetensors", classes=4)
    mixed = torch.tensor([[0.0, 0.1, 0.9, 0.0]])
    target = model(model.sample([3], label=mixed))
    found = genart.invert(model, target, method="semantic", weight=0.0, steps=140, keep=5)
    assert found.losses[-1] <= 0.25 * found.losses[0], "not far below the best of 30"
    assert found.latent.label is not None
    assert found.latent.label.sum() == pytest.approx(1.0)
    assert torch.equal(found.image, model(found.latent))
    begun = found.path[0].label
    assert begun is not None
    assert not torch.equal(begun, found.latent.label), "the class was not searched"


def pictures(folder: Path, model: Any, seeds: list[int]) -> list[Path]:
    genart.generate(folder, model=model, seeds=seeds, truncation=0.8)
    return sorted(folder.glob("*.png"))


def claims(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and holds next to nothing."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", b"\0" * 9)]
    made = b"\x89PNG\r\n\x1a\n"
    for name, data in parts:
        crc = struct.pack(">I", zlib.crc32(name + data))
        made += struct.pack(">I", len(data)) + name + data + crc
    return made


QUICK: dict[str, Any] = {"steps": 3, "samples": 50, "batch": 2}


def test_a_batch_goes_on_past_what_is_no_image(model: Any, tmp_path: Path) -> None:
    good = pictures(tmp_path / "in", model, [1])[0]
    (tmp_path / "text.png").write_text("I am an image")
    (tmp_path / "zero.jpg").write_bytes(b"")
    Image.new("RGB", (1, 1)).save(tmp_path / "one.png")
    Image.new("CMYK", (40, 30), (10, 200, 0, 30)).save(tmp_path / "cmyk.jpg")
    (tmp_path / "huge.png").write_bytes(claims(20_000, 20_000))
    genart.save_latent(tmp_path / "place.npz", model.sample([1]))
    names = ["text.png", "one.png", "cmyk.jpg", "zero.jpg", "none.png", "huge.png", "place.npz"]
    found = invert_all(
        [tmp_path / n for n in names] + [good], tmp_path / "out", model=model, **QUICK
    )
    errors = [each.error for each in found.results]
    assert "text.png: not an image but a text file" in errors[0]
    assert "1x1 pixels is too small; at least 16 per side" in errors[1]
    assert errors[2] == ""
    assert "zero.jpg: an empty file" in errors[3]
    assert "none.png: there is no such file" in errors[4]
    assert "too large; 89 megapixels at most" in errors[5]
    assert "is a latent file, not an image" in errors[6]
    assert errors[7] == ""
    assert found.failed == 6
    latent = genart.load_latent(found.results[7].latent)
    assert latent.space == "w"
    with Image.open(found.results[7].preview) as preview:
        assert preview.size == (32, 16)


@pytest.mark.slow
def test_a_batch_that_was_killed_goes_on_and_makes_nothing_twice(
    model: Any, tmp_path: Path
) -> None:
    paths = pictures(tmp_path / "in", model, [1, 2, 3, 4, 5])
    out, made = tmp_path / "out", list[int]()

    def killed(progress: genart.Progress) -> None:
        if progress.done > 3 * 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invert_all(paths, out, model=model, progress=killed, **QUICK)
    index = out / "index.jsonl"
    assert len(index.read_text().splitlines()) == 2
    index.write_text(index.read_text() + '{"id": "cut sho')  # as a kill leaves it
    with pytest.raises(genart.UsageError, match="or add --resume"):
        invert_all(paths, out, model=model, **QUICK)
    found = invert_all(
        paths, out, model=model, resume=True, progress=lambda p: made.append(1), **QUICK
    )
    assert [each.reused for each in found.results] == [True, True, False, False, False]
    assert len({each.latent for each in found.results}) == 5
    again = invert_all(
        paths, out, model=model, resume=True, progress=lambda p: made.clear(), **QUICK
    )
    assert made, "a third run searched again"
    assert all(each.reused for each in again.results)
    assert [a.distance for a in again.results] == [f.distance for f in found.results]
    other = invert_all(paths[:1], out, model=model, resume=True, **{**QUICK, "steps": 2})
    assert not other.results[0].reused
    assert other.results[0].latent != again.results[0].latent


def test_images_are_upright_and_fitted(tmp_path: Path) -> None:
    half = Image.new("RGB", (64, 32), "white")
    half.paste("black", (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be rotated clockwise
    half.save(tmp_path / "turned.png", exif=exif)
    crop = to_image(tmp_path / "turned.png", (32, 32))[0, 0]
    assert crop[2, 16] < -0.9 < 0.9 < crop[-3, 16]  # black is above now
    pad = to_image(tmp_path / "turned.png", (32, 32), "pad")[0, 0]
    assert pad[:, 0].max() < -0.9
    assert pad[-2, 16] > 0.9
    clear = Image.new("RGBA", (32, 32), (255, 255, 255, 0))
    clear.save(tmp_path / "clear.png")
    assert to_image(tmp_path / "clear.png", (16, 16)).max() == -1
    with pytest.raises(genart.UsageError, match="crop, pad, stretch"):
        to_image(tmp_path / "clear.png", (16, 16), "fill")


def test_the_command_inverts_folders_and_says_what_failed(
    genart_command: Run, model: Any, tmp_path: Path
) -> None:
    model.save(tmp_path / "tiny.safetensors")
    pictures(tmp_path / "in", model, [7])
    (tmp_path / "in" / "bad.png").write_text("no")
    done = genart_command(
        "invert", tmp_path / "in", "-o", tmp_path / "out", "--model", tmp_path / "tiny.safetensors",
        "--steps", "2", "--space", "w+", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    bad, good = done.json["results"]
    assert "bad.png: not an image but a text file" in bad["error"]
    assert set(good) >= {"image", "latent", "loss", "distance"}
    assert genart.load_latent(good["latent"]).space == "w+"
    still = genart_command(
        "generate", "--latent", good["latent"], "--model", tmp_path / "tiny.safetensors",
        "-o", tmp_path / "again.png", "--truncation", "1",
    )  # fmt: skip
    assert still.code == 0, still.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"method": "projektor"}, 'No inverter named "projektor". Did you mean "projector"'),
        ({"space": "z"}, "searches in w or w"),
        ({"steps": 0}, "at least 1 step"),
        ({"colour": 3}, "colour"),
        ({"features": "vgg99"}, "Features are"),
    ],
)
def test_wrong_words_are_reported(
    model: Any, target: torch.Tensor, words: dict[str, Any], says: str
) -> None:
    with pytest.raises(genart.UsageError, match=says):
        genart.invert(model, target, **{"samples": 20, **words})


def test_a_target_of_another_size_is_reported(model: Any) -> None:
    with pytest.raises(genart.UsageError, match=r"\(n, 3, 16, 16\)"):
        genart.invert(model, torch.zeros(1, 3, 8, 8))
    with pytest.raises(genart.UsageError, match="finite"):
        genart.invert(model, torch.full((1, 3, 16, 16), torch.nan))


@pytest.fixture(scope="module")
def vgg() -> torch.nn.Module:
    """Torchvision's convolutions of VGG16, without the large layers behind them."""
    from torchvision.models.vgg import cfgs, make_layers

    torch.manual_seed(0)
    layers: torch.nn.Module = make_layers(cfgs["D"]).eval()
    return layers


def weights_of(vgg: torch.nn.Module, caffe: bool = False) -> FeatureWeights:
    state = {f"features.{name}": each for name, each in vgg.state_dict().items()}
    return FeatureWeights("vgg16", state, caffe)


def test_vgg16_gives_what_torchvision_gives(vgg: Any) -> None:
    image = torch.rand(1, 3, 48, 40) * 2 - 1
    mean, std = (
        torch.tensor(each)[:, None, None] for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    x, outputs = ((image + 1) / 2 - mean) / std, []
    with torch.no_grad():
        for layer in vgg:
            x = layer(x)
            outputs.append(x.clone())
    net = network_of(weights_of(vgg))
    relus = [name for name in net.names if name.startswith("relu")]
    made = net(image, relus)
    assert list(made) == relus
    for name, wanted in zip(net.names, outputs, strict=True):
        if name in made:
            assert torch.allclose(made[name], wanted, atol=1e-5), name


def test_caffes_weights_see_bgr_bytes(vgg: Any) -> None:
    image = torch.stack([torch.full((32, 32), value) for value in (1.0, 0.0, -1.0)])[None]
    seen = network_of(weights_of(vgg, caffe=True))._prepare(image)
    assert seen[0, :, 0, 0].tolist() == pytest.approx([-103.939, 127.5 - 116.779, 255 - 123.68])


def test_weights_that_are_not_vgg16_are_reported(tmp_path: Path) -> None:
    np.savez(tmp_path / "half.npz", **{"features.28.weight": np.zeros((512, 512, 3, 3), np.int8)})
    with pytest.raises(genart.errors.CheckpointError, match=r"features\.0\.weight is missing"):
        feature_maps(str(tmp_path / "half.npz"))
    np.savez(tmp_path / "other.npz", **{"features.0.weight": np.zeros((64, 3, 3, 3), np.float16)})
    with pytest.raises(genart.errors.CheckpointError, match="contains none of VGG-19, VGG-16"):
        feature_maps(str(tmp_path / "other.npz"))
    (tmp_path / "text.npz").write_text("no")
    with pytest.raises(genart.errors.CheckpointError, match="cannot be read"):
        feature_maps(str(tmp_path / "text.npz"))


def test_an_index_line_holds_what_a_reader_needs(model: Any, tmp_path: Path) -> None:
    path = pictures(tmp_path / "in", model, [1])[0]
    invert_all([path], tmp_path / "out", model=model, **QUICK)
    entry = json.loads((tmp_path / "out" / "index.jsonl").read_text())
    assert entry["latent"] == "seed0001.npz"
    assert entry["distance"] > 0


def test_no_image_and_no_latent_is_replaced(model: Any, tmp_path: Path) -> None:
    (image,) = pictures(tmp_path, model, [3])
    with pytest.raises(genart.UsageError, match="would replace an image"):
        invert_all([image], image.parent, model=model, steps=1)
    (tmp_path / "out").mkdir()
    older = tmp_path / "out" / f"{image.stem}.npz"
    older.write_bytes(b"somebody's")
    found = invert_all([image], tmp_path / "out", model=model, steps=1)
    assert older.read_bytes() == b"somebody's"
    assert Path(found.results[0].latent).name == f"{image.stem}-2.npz"


def test_a_batch_in_which_everything_fails_ends_with_exit_code_1(
    genart_command: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_text("no")
    asked = ("invert", tmp_path / "a.png", "-o", tmp_path / "out", "--model", "plasma")
    done = genart_command(*asked, "--steps", "1", "--json")
    assert done.code == 1
    assert (done.json["failed"], len(done.json["results"])) == (1, 1)
