"""Model files: genart's, the public ones, and others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from support.translate_plain import Plain, write

import genart
from genart_translate.architecture import resnet, unet
from genart_translate.critics import make_critic
from genart_translate.layers import initialise
from genart_translate.loading import TranslationReader, shipped
from genart_translate.networks import build
from genart_translate.translator import Translator

SMALL = Plain("resnet", 2)
UNET = Plain("unet", 5, "batch")


def saved(path: Path, tree: Any, legacy: bool = False) -> Path:
    torch.save(tree, path, _use_new_zipfile_serialization=not legacy)
    return path


def image() -> torch.Tensor:
    return torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> torch.Tensor:
    path = tmp_path_factory.mktemp("plain") / "latest_net_G.pth"
    return genart.stylizer(f"cyclegan:{saved(path, write(SMALL))}")(image())


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda state: {f"module.{name}": value for name, value in state.items()},
        lambda state: {"epoch": 7, "state_dict": state},
        lambda state: state | {f"model.{n}.running_mean": torch.ones(4) for n in (2, 5)}
        | {f"model.{n}.running_var": torch.ones(4) for n in (2, 5)}
        | {"model.2.num_batches_tracked": torch.tensor(3)},
    ],
    ids=["data parallel", "in a dictionary", "statistics of old instance norms"],
)  # fmt: skip
def test_files_as_they_are_found_open(
    wrapped: Callable[[Any], Any], wanted: torch.Tensor, tmp_path: Path
) -> None:
    path = saved(tmp_path / "200_net_G_A.pth", wrapped(write(SMALL)))
    assert torch.equal(genart.stylizer("cyclegan", model=path)(image()), wanted)


def test_files_of_old_torch_open(wanted: torch.Tensor, tmp_path: Path) -> None:
    path = saved(tmp_path / "old.pth", write(SMALL), legacy=True)
    assert torch.equal(genart.stylizer("pix2pix", model=str(path))(image()), wanted)


@pytest.mark.parametrize("shape", [resnet(2, 4, up="nearest"), unet(4, 4, norm="batch")])
@pytest.mark.parametrize("half", [False, True])
def test_our_own_file_carries_shape_and_texts(shape: Any, half: bool, tmp_path: Path) -> None:
    torch.manual_seed(3)
    net = build(shape)
    initialise(net, gain=0.1)
    style = Translator(net, name="random", metadata={"licence": "CC0"})
    path = style.save(tmp_path / "mine.safetensors", half=half)
    again = genart.stylizer("cyclegan", model=path)
    assert isinstance(again, Translator)
    assert (again.shape, again.name, again.metadata) == (shape, "mine", {"licence": "CC0"})
    gap = (again(image()) - style(image())).abs().max()
    assert gap <= (0.05 if half else 0.0)


def without(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda state: {key: value for key, value in state.items() if key != name}


def reshaped(name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda state: state | {name: torch.zeros(2, 2, 3, 3)}


@pytest.mark.parametrize(
    ("case", "change", "says"),
    [
        (SMALL, without("model.10.conv_block.5.weight"), '"model.10" has 1 of two convolutions'),
        (SMALL, without("model.1.weight"), 'it lacks "model.1.weight"'),
        (SMALL, without("model.4.weight"), "2 downsampling and 3 upsampling convolutions"),
        (SMALL, without("model.4.bias"), "missing: down.0.layer.bias"),
        (SMALL, reshaped("model.10.conv_block.5.weight"), "with another shape: blocks.0.second"),
        (SMALL, lambda s: s | {"model.40.odd": torch.ones(2)}, "unexpected: model.40.odd"),
        (SMALL, lambda s: s | {"model.5.filt": torch.ones(4, 1, 3, 3)}, "anti-aliased"),
        (UNET, without("model.model.3.weight"), 'lacks "model.model.3.weight"'),
        (UNET, without("model.model.1.model.5.weight"), 'lacks "model.model.1.model.5.weight"'),
        (UNET, without("model.model.0.weight"), 'lacks "model.1.weight"'),
        (SMALL, lambda s: {"kind": "cyclegan", "nets": s, "steps": 1}, "training snapshot"),
        (SMALL, lambda s: {"conv1.conv2d.weight": torch.ones(2, 2, 3, 3)}, 'style "fast"'),
        (SMALL, lambda s: {"synthesis.b4.const": torch.ones(2, 2)}, "it is a StyleGAN"),
        (SMALL, lambda s: {"a": 1}, "no tensors by name"),
    ],
)
def test_a_wrong_file_gets_a_message_that_names_what_is_missing(
    case: Plain, change: Callable[[dict[str, Any]], Any], says: str, tmp_path: Path
) -> None:
    path = saved(tmp_path / "odd.pth", change(write(case)))
    with pytest.raises(genart.errors.CheckpointError, match=says) as caught:
        genart.stylizer("cyclegan", model=path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(("layers", "kind"), [(3, "patches"), (0, "pixels")])
def test_a_discriminator_is_told_from_a_generator(layers: int, kind: str, tmp_path: Path) -> None:
    critic = make_critic(3, 4, layers, "instance").state_dict()
    part = "net" if layers == 0 else "model"
    theirs = {f"{part}.{name.removeprefix('net.')}": value for name, value in critic.items()}
    path = saved(tmp_path / "latest_net_D.pth", theirs)
    with pytest.raises(genart.errors.CheckpointError, match=rf"discriminator \(of {kind}\).*net_G"):
        genart.stylizer("pix2pix", model=path)


def test_a_file_cut_short_or_empty_is_refused(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.pth", write(SMALL)).read_bytes()
    for name, data in (("short.pth", whole[: len(whole) // 2]), ("empty.pth", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(genart.errors.CheckpointError, match=name):
            genart.stylizer("cyclegan", model=tmp_path / name)
    mine = Translator(build(resnet(1, 4)), name="x").save(tmp_path / "mine.safetensors")
    mine.write_bytes(mine.read_bytes()[:-100])
    with pytest.raises(genart.errors.CheckpointError, match="mine"):
        genart.stylizer("cyclegan", model=mine)


def test_a_file_that_asks_to_run_something_is_refused(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> Any:
            return (Path.write_text, (tmp_path / "ran", "yes"))

    path = saved(tmp_path / "hostile.pth", write(SMALL) | {"x": Hostile()})
    with pytest.raises(genart.errors.RefusedCheckpoint):
        genart.stylizer("cyclegan", model=path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"genart.format": "2"}, "update genart"),
        ({"genart.shape": "{"}, "no genart.shape"),
        ({"genart.shape": '{"kind": "vae"}'}, "resnet or unet"),
        ({"genart.shape": '{"depth": 3}'}, 'No property of an architecture named "depth"'),
        ({"genart.shape": '{"widths": 3}'}, "a list of numbers"),
        ({"genart.shape": '{"widths": [4, 8, 16], "blocks": 1}'}, "do not fit"),
        ({"genart.architecture": "stylegan2"}, 'it is a "stylegan2"'),
    ],
)
def test_a_header_that_does_not_fit_is_reported(
    texts: dict[str, str], says: str, tmp_path: Path
) -> None:
    own = {"genart.architecture": "translate", "genart.format": "1"}
    path = tmp_path / "x.safetensors"
    genart.checkpoints.write_safetensors(path, {"stem.layer.weight": torch.zeros(1)}, own | texts)
    with pytest.raises(genart.errors.CheckpointError, match=says):
        genart.stylizer("cyclegan", model=path)


def test_a_model_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(genart.errors.UnknownName, match='No translation model named "frut"'):
        genart.stylizer("cyclegan", model="frut")
    with pytest.raises(genart.UsageError, match=r'no model file "frut\.pth"'):
        genart.stylizer("cyclegan", model="frut.pth")
    with pytest.raises(genart.UsageError, match="is a folder"):
        genart.stylizer("cyclegan", model=tmp_path)


def test_info_says_what_such_a_file_is_and_load_what_it_is_for(
    genart_command: Any, tmp_path: Path
) -> None:
    path = saved(tmp_path / "latest_net_G.pth", write(UNET))
    told = genart_command("info", path, "--json").json
    assert (told["kind"], told["architecture"], told["reader"]) == ("stylizer", "unet", "translate")
    assert told["about"].startswith("U-Net of 5 levels")
    with pytest.raises(genart.UsageError, match="genart translate --model"):
        genart.load(path, "cpu")
    critic = saved(tmp_path / "latest_net_D.pth", make_critic(3, 4, 3, "none").state_dict())
    assert TranslationReader().recognise(genart.checkpoints.read_checkpoint(critic)) is None


@pytest.mark.parametrize("name", list(shipped()))
def test_a_shipped_model_opens_and_has_a_licence(name: str) -> None:
    style = genart.stylizer("cyclegan", model=name)
    assert isinstance(style, Translator)
    assert style.metadata["licence"]
    assert style.metadata["dataset"]
    assert shipped()[name].stat().st_size < 4_000_000
    painted = style(image())
    assert painted.std() > 0.05
