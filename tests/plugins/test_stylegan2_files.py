"""StyleGAN2 files: what opens, what it opens as, what is refused and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from support import nvidia_format
from support import stylegan2_files as files
from support.stylegan2_cases import CASES, fill
from torch import nn

import genart
from genart_stylegan2.config import Config
from genart_stylegan2.generator import StyleGAN2
from genart_stylegan2.nvidia_reader import NvidiaReader, read_discriminator

CPU = torch.device("cpu")


def pictures(model: Any) -> torch.Tensor:
    return model(model.sample([1, 2]), truncation=0.7)


def expected(case: str) -> torch.Tensor:
    return pictures(StyleGAN2.from_network(files.network(case)))


def state(**tensors: torch.Tensor) -> nn.Module:
    """A module whose state has these names, dots written as double underscores."""
    root = files.Generator()
    for name, tensor in tensors.items():
        *path, last = name.split("__")
        module: nn.Module = root
        for part in path:
            if part not in dict(module.named_children()):
                module.add_module(part, files.Generator())
            module = module.get_submodule(part)
        module.register_buffer(last, tensor)
    return root


@pytest.mark.parametrize(
    "case", ["8px", "grey", "alpha", "clamp", "no noise", "conditional, other w", "channels"]
)
def test_a_pickle_opens_as_the_network_it_holds(case: str, tmp_path: Path) -> None:
    model = genart.load(files.nvidia(tmp_path / "network.pkl", case), device="cpu")
    assert model.config == Config.from_dict(CASES[case])
    assert torch.equal(pictures(model), expected(case))


@pytest.mark.parametrize("case", ["16px", "orig", "resnet", "conditional", "filter of 3"])
def test_a_pickle_that_says_nothing_of_itself_is_known_by_its_tensors(
    case: str, tmp_path: Path
) -> None:
    model = genart.load(files.nvidia(tmp_path / "network.pkl", case, told={}), device="cpu")
    assert torch.equal(pictures(model), expected(case))


def test_flat_settings_of_the_stylegan3_release_are_understood(tmp_path: Path) -> None:
    nested = files.ada_kwargs("tight clamp")
    flat = nested | nested.pop("synthesis_kwargs") | {"fused_modconv_default": "inference_only"}
    path = files.nvidia(tmp_path / "network.pkl", "tight clamp", told=flat)
    assert torch.equal(pictures(genart.load(path, device="cpu")), expected("tight clamp"))
    assert info(path)["release"] == "StyleGAN3's StyleGAN2"


def test_the_averaged_network_is_taken_unless_the_other_is_asked_for(tmp_path: Path) -> None:
    checkpoint = genart.checkpoints.read_checkpoint(files.nvidia(tmp_path / "network.pkl"))
    young = NvidiaReader().load(checkpoint, name="young", device=CPU, network="G")
    assert not young.network.synthesis.b4.const.any()
    assert not torch.equal(pictures(young), expected("16px"))
    with pytest.raises(genart.errors.CheckpointError, match='no "H"; its generators: G, G_ema'):
        NvidiaReader().load(checkpoint, name="x", device=CPU, network="H")


def test_the_discriminator_comes_along(tmp_path: Path) -> None:
    checkpoint = genart.checkpoints.read_checkpoint(
        files.nvidia(tmp_path / "network.pkl", "conditional")
    )
    critic = read_discriminator(checkpoint)
    assert critic is not None
    assert critic(torch.zeros(4, 3, 16, 16), torch.eye(5)[:4]).shape == (4, 1)
    checkpoint.tree.pop("D")
    assert read_discriminator(checkpoint) is None


@pytest.mark.parametrize("form", ["nvidia", "rosinality"])
def test_converting_keeps_every_bit(form: str, tmp_path: Path) -> None:
    model = genart.load(getattr(files, form)(tmp_path / f"{form}.bin"), device="cpu")
    model.save(tmp_path / "ours.safetensors")
    again = genart.load(tmp_path / "ours.safetensors", device="cpu")
    assert torch.equal(pictures(again), pictures(model))
    assert again.metadata == model.metadata
    assert again.sha256 != model.sha256
    assert again.name == "ours"


def test_our_file_keeps_licence_dataset_and_training(tmp_path: Path) -> None:
    told = {"licence": "CC0", "dataset": "pomological", "training": "100 kimg"}
    model = StyleGAN2.from_network(files.network(), metadata=told)
    summary = info(model.save(tmp_path / "ours.safetensors"))
    assert told.items() <= summary.items()
    assert summary["resolution"] == [16, 16]
    assert genart.load(tmp_path / "ours.safetensors", device="cpu").metadata == told


@pytest.mark.parametrize("trained", [False, True])
def test_a_rosinality_file_gives_the_same_images(trained: bool, tmp_path: Path) -> None:
    path = files.rosinality(tmp_path / "network.pt", trained=trained)
    model = genart.load(path, device="cpu")
    assert torch.equal(model(model.sample([1, 2])), _untruncated("32px"))
    if trained:
        assert model.metadata["average"] == "estimated from seeds 0-4095"
        ws = model.map(model.sample(range(4096))).values[:, 0]
        assert torch.allclose(model.network.mapping.w_avg, ws.mean(0), atol=1e-4)
    else:
        assert torch.equal(pictures(model), expected("32px"))


def _untruncated(case: str) -> torch.Tensor:
    model = StyleGAN2.from_network(files.network(case))
    return model(model.sample([1, 2]))


def test_info_says_what_a_file_is_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [files.nvidia(tmp_path / "a.pkl", "conditional"), files.rosinality(tmp_path / "b.pt")]
    monkeypatch.setattr(nn.Module, "__init__", None)
    ada, rosinality = map(info, paths)
    assert (ada["release"], ada["classes"], ada["dataset"]) == ("StyleGAN2-ADA", 5, "fruit.zip")
    assert ada["networks"] == ["D", "G", "G_ema"]
    assert (rosinality["release"], rosinality["resolution"]) == ("rosinality", [32, 32])
    json.dumps([ada, rosinality])


def info(path: Path) -> dict[str, Any]:
    """What the one reader that knows a file says of it."""
    checkpoint, readers = genart.checkpoints.read_checkpoint(path), genart.registry("reader")
    told = [readers.create(name).recognise(checkpoint) for name in readers]
    (summary,) = filter(None, told)
    return summary


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"img_resolution": 32}, "tensors do not fit its settings; missing: synthesis.b32"),
        ({"img_resolution": 10**9}, "img_resolution is 1000000000"),
        ({"z_dim": 16}, r"with another shape: mapping.fc0.weight \(32, 32\) for \(32, 16\)"),
        ({"z_dim": None}, "z_dim is None"),
        ({"mapping_kwargs": {"num_layers": 3}}, "missing: mapping.fc2.bias"),
        ({"mapping_kwargs": {"num_layers": 1}}, "unexpected: mapping.fc1.bias"),
        ({"mapping_kwargs": {"activation": "relu"}}, "activation is 'relu'"),
        ({"synthesis_kwargs": {"channel_max": 2**40}}, "channel_max is 1099511627776"),
        ({"synthesis_kwargs": {"conv_clamp": "tight"}}, "conv_clamp is 'tight'"),
        ({"synthesis_kwargs": {"attention": True}}, "settings attention are not StyleGAN2's"),
        ({"synthesis_kwargs": {"architecture": "resnet"}}, "missing: synthesis.b16.skip"),
    ],
)
def test_settings_that_lie_are_refused_by_name(
    change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    told = files.ada_kwargs() | change
    path = files.nvidia(tmp_path / "network.pkl", told=told)
    with pytest.raises(genart.errors.CheckpointError, match=says):
        genart.load(path, device="cpu")
    assert info(path)["architecture"] == "stylegan2", "info tells of it all the same"


@pytest.mark.parametrize(("kernel", "kind"), [(3, "t"), (1, "r")])
def test_stylegan3_is_named_and_refused(kernel: int, kind: str, tmp_path: Path) -> None:
    alien = state(
        synthesis__input__freqs=torch.zeros(4, 2),
        synthesis__L0_36_32__weight=torch.zeros(4, 4, kernel, kernel),
        synthesis__L14_256_3__weight=torch.zeros(3, 4, 1, 1),
    )
    path = nvidia_format.dump({"G": alien, "D": alien, "G_ema": alien}, tmp_path / "network.pkl")
    assert info(path)["architecture"] == f"stylegan3-{kind}"
    with pytest.raises(genart.errors.CheckpointError, match=f"alias-free StyleGAN3-{kind}"):
        genart.load(path, device="cpu")


def test_tensorflow_pickles_are_named_and_refused(tmp_path: Path) -> None:
    import numpy as np

    network = nvidia_format.Network("G", {"w": np.zeros(3, np.float32)})
    path = nvidia_format.dump((network, network, network), tmp_path / "network.pkl")
    assert info(path)["architecture"] == "stylegan-tensorflow"
    with pytest.raises(genart.errors.CheckpointError, match="TensorFlow-era"):
        genart.load(path, device="cpu")


def test_a_stranger_in_a_pickle_is_no_network_we_know(tmp_path: Path) -> None:
    path = nvidia_format.dump({"G_ema": state(weights=torch.zeros(3))}, tmp_path / "network.pkl")
    with pytest.raises(genart.errors.CheckpointError, match="not a model that a reader can load"):
        genart.load(path, device="cpu")


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"genart.format": "2"}, 'format is "2" and this genart reads "1"; update genart'),
        ({"genart.config": "["}, "header has no genart.config"),
        ({"genart.config": "[]"}, "header has no genart.config"),
        ({"genart.config": '{"img_resolution": 7}'}, "img_resolution is 7"),
        ({"genart.config": '{"img_resolution": 8}'}, "tensors do not fit"),
    ],
)
def test_our_files_are_held_to_their_header(
    header: dict[str, str], says: str, tmp_path: Path
) -> None:
    path = StyleGAN2.from_network(files.network()).save(tmp_path / "ours.safetensors")
    good = genart.checkpoints.read_checkpoint(path)
    genart.checkpoints.write_safetensors(path, good.tree, good.metadata | header)
    with pytest.raises(genart.errors.CheckpointError, match=says):
        genart.load(path, device="cpu")


def test_half_precision_weights_open_as_float32(tmp_path: Path) -> None:
    path = StyleGAN2.from_network(files.network()).save(tmp_path / "ours.safetensors")
    good = genart.checkpoints.read_checkpoint(path)
    small = {name: tensor.half() for name, tensor in good.tree.items()}
    genart.checkpoints.write_safetensors(path, small, good.metadata)
    images = pictures(genart.load(path, device="cpu"))
    assert images.dtype == torch.float32
    assert (images - expected("16px")).abs().max() < 0.05


@pytest.mark.parametrize(
    ("missing", "ours"),
    [
        ("convs.1.noise.weight", "synthesis.b8.conv1.noise_strength"),
        ("noises.noise_3", "synthesis.b16.conv0.noise_const"),
        ("style.2.bias", "mapping.fc1.bias"),
    ],
)
def test_a_rosinality_file_with_a_hole_names_it(missing: str, ours: str, tmp_path: Path) -> None:
    path = files.rosinality(tmp_path / "network.pt")
    tree = genart.checkpoints.read_checkpoint(path).tree
    del tree["g_ema"][missing]
    torch.save(tree, path)
    with pytest.raises(genart.errors.CheckpointError, match=f"missing: {ours}"):
        genart.load(path, device="cpu")


def test_weights_by_formula_reach_every_tensor() -> None:
    network = files.network()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.zero_()
    fill(network)
    for name, tensor in network.state_dict().items():
        assert name.endswith("resample_filter") or torch.equal(tensor, before[name])


def test_a_rosinality_file_without_noise_maps_opens_with_maps_of_a_stated_seed(
    tmp_path: Path,
) -> None:
    tree = genart.checkpoints.read_checkpoint(files.rosinality(tmp_path / "with.pt")).tree
    older = {name: value for name, value in tree["g_ema"].items() if "noises." not in name}
    torch.save({**tree, "g_ema": older}, tmp_path / "without.pt")
    one, two = (genart.load(tmp_path / "without.pt", "cpu") for _ in range(2))
    assert torch.equal(pictures(one), pictures(two))
    assert one.metadata["noise"].startswith("drawn from seed 0")
    whole = genart.load(tmp_path / "with.pt", "cpu")
    latent = one.sample([1])
    torch.testing.assert_close(one(latent, noise="none"), whole(latent, noise="none"))
    assert not torch.equal(one(latent), whole(latent))
