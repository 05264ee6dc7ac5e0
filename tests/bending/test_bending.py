"""Bends: read from text, at rest without a trace, on some channels, in films and live."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.tiny_models import Still, tiny

import genart
from genart.bending.bend import parse_bends, preset, presets
from genart.bending.clusters import clusters
from genart.bending.layers import find_layer
from genart.playback.loop import turn

Run = Callable[..., Any]
LAYERS = ["b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1"]


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("b16.conv0", "b16.conv0"), ("16.conv0", "b16.conv0"), ("16.0", "b16.conv0"),
        ("16", "b16.conv1"), ("4", "b4.conv1"), ("8.1", "b8.conv1"),
    ],
)  # fmt: skip
def test_layers_go_by_the_names_people_use(text: str, name: str) -> None:
    assert find_layer(text, LAYERS) == name


@pytest.mark.parametrize("text", ["32", "16.2", "1", "conv1", "", "b16"])
def test_a_layer_that_is_not_there_is_reported_with_all_that_are(text: str) -> None:
    with pytest.raises(genart.errors.UnknownName, match=r"b4\.conv1, b8\.conv0, .*b16\.conv1"):
        find_layer(text, LAYERS)


def test_bends_are_read_from_text() -> None:
    turn, move = parse_bends("16:rotate@0.3 + 8.0[25% seed 3]:translate@0.2,-0.1")
    assert (turn.layer, turn.operation, turn.amounts) == ("16", "rotate", (0.3,))
    assert turn.params() == ["rotate_16"]
    assert (move.channels, move.amounts) == ("25% seed 3", (0.2, -0.1))
    assert move.params() == ["translate_8_0_across", "translate_8_0_down"]
    again = parse_bends("16:dilate + 16:dilate@2")
    assert [bend.params() for bend in again] == [["dilate_16"], ["dilate_16_2"]]
    assert parse_bends("") == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("16:spin@1", "No operation named"), ("16 rotate", "is not a bend"),
        ("16:rotate@fast", "amounts are comma-sep"), ("16:rotate@0.1,0.2", "has 1 amounts"),
        ("16:rotate@3", r"turns is -1\.\.1"), ("16:rotate@nan", "turns is"),
        ("16[a]:rotate", "does not name channels"), ("16[200%]:rotate", "share of channels"),
        ("16[cluster 6 of 5]:rotate", "start at 1"), ("wobble", "No preset of bends"),
        ("gone.toml", "no bends file"), ("16:rotate + ", "is not a bend"),
    ],
)  # fmt: skip
def test_text_that_says_no_bend_is_reported(text: str, says: str) -> None:
    with pytest.raises(genart.UsageError, match=says):
        parse_bends(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = ", "not readable TOML"), ("about = 'x'", "contains no bends"),
        ("[[bend]]\nlayer = '16'", "a layer and an operation"),
        ("[[bend]]\nlayer = '16'\noperation = 'rotate'\nspeed = 1", "key of a bend"),
        ("[[bend]]\nlayer = '16'\noperation = 'rotate'\nname = 'amount'", "not a name for a bend"),
        ("[[bend]]\nlayer = '16'\noperation = 'rotate'\namounts = 'x'", "could not convert"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_bends_is_reported(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(genart.DataError, match=says):
        parse_bends(tmp_path / "a.toml")


def test_there_are_presets_and_each_plays() -> None:
    assert len(presets()) >= 6
    large = tiny(img_resolution=64, channel_base=512)
    place = large.map(large.sample([1]))
    plain = large(place)
    for name, about in presets().items():
        assert about.endswith("."), name
        assert not torch.equal(genart.bend(large, name)(place), plain), name
        rest = {p: a.rest for bend in preset(name)
                for p, a in zip(bend.params(), bend.does.amounts, strict=True)
                if a.rest is not None}  # fmt: skip
        assert torch.equal(genart.bend(large, name, **rest)(place), plain), name


def test_at_rest_every_bit_is_the_unbent_networks(model: Any) -> None:
    bent = genart.bend(model, "8:rotate@0.2 + 16:threshold + 4:blur@0",
                      rotate_8=0.0, threshold_16_amount=0.0)  # fmt: skip
    keys = model.sample([1, 2])
    for noise in ("const", "none", 0.3):
        plain = model(keys, truncation=0.6, cutoff=2, noise=noise)
        assert torch.equal(bent(keys, truncation=0.6, cutoff=2, noise=noise), plain)
    bent.amounts["rotate_8"] = 0.2
    assert not torch.equal(bent(keys, truncation=0.6), model(keys, truncation=0.6))
    bent.amounts["rotate_8"] = 1.0  # a whole turn
    assert torch.equal(bent(keys), model(keys))


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_a_bend_changes_its_layer_and_all_that_follows(layer: str, architecture: str) -> None:
    """What is bent is exactly the layer's activations: done by hand with hooks, the same."""
    net = tiny(architecture=architecture)
    place = net.map(net.sample([4]), 0.8)
    module = dict(net.network.synthesis.convolutions())[layer]
    hook = module.register_forward_hook(lambda _, __, made: made.flip(3))
    by_hand = net(place)
    hook.remove()
    bent = genart.bend(net, f"{layer}:flip_h@1")
    assert bent(place) == pytest.approx(by_hand, abs=2e-5)
    assert not torch.allclose(by_hand, net(place), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ["64:wave@0.1,2", "64.0:flip_v@1 + 64.1:invert@0.5", "32.0[40%]:swirl@0.3 + 8:rotate@0.1"],
)
def test_the_engine_stops_at_layers_and_makes_the_networks_image(text: str) -> None:
    fast = tiny(img_resolution=64, channel_base=512)
    slow = type(fast).from_network(fast.network, name="tiny", engine=False)
    place = fast.map(fast.sample([4, 5]), 0.8)
    for each in (None, (64, 128), (96, 64)):
        quick, plain = (m if each is None else m.widened(each) for m in (fast, slow))
        for noise in ("const", 0.3):
            made = genart.bend(quick, text)(place, noise=noise)
            assert made == pytest.approx(genart.bend(plain, text)(place, noise=noise), abs=2e-4)
            assert torch.equal(genart.bend(quick, text)(place, noise=noise), made)
    with torch.no_grad():
        fast.network.synthesis.b8.conv0.weight.mul_(1.5)  # weights that change are seen
    made = genart.bend(fast, text)(place)
    assert made == pytest.approx(genart.bend(slow, text)(place), abs=2e-4)


def test_channels_are_chosen(model: Any) -> None:
    place = model.map(model.sample([4]))
    before = genart.bend(model, "8:multiply@1").activations(place, "b8.conv1")
    assert before == pytest.approx(model.activations(place, "b8.conv1"), abs=1e-4)

    def changed(channels: str) -> list[int]:
        bent = genart.bend(model, genart.Bend("8", "multiply", (2.0,), channels))
        after = bent.activations(place, "b8.conv1")
        moved = [k for k in range(24) if not torch.equal(after[:, k], before[:, k])]
        assert torch.equal(after[:, moved], 2 * before[:, moved])
        return moved

    assert changed("all") == list(range(24))
    assert changed("0-2,7") == [0, 1, 2, 7]
    assert changed("20-") == [20, 21, 22, 23]
    third = changed("33%")
    assert len(third) == 8
    assert changed("33%") == third
    assert changed("33% seed 1") != third
    parts = [changed(f"cluster {n} of 3") for n in (1, 2, 3)]
    assert sorted(k for part in parts for k in part) == list(range(24))
    assert [len(part) for part in parts] == sorted(map(len, parts), reverse=True)
    with pytest.raises(genart.UsageError, match=r"has channels 0\.\.23"):
        changed("30")


def test_clusters_put_channels_together_that_draw_alike(model: Any) -> None:
    labels = clusters(model, "b8.conv1", 4)
    maps = model.activations(model.sample(range(30)), "b8.conv1").transpose(0, 1).flatten(1)
    alike = torch.corrcoef(maps)
    same = (labels[:, None] == labels) & ~torch.eye(24, dtype=torch.bool)
    assert alike[same].mean() > alike[labels[:, None] != labels].mean() + 0.1


def test_clusters_are_kept_for_a_model_of_a_file(model: Any, tmp_path: Path, cache: Path) -> None:
    again = genart.load(model.save(tmp_path / "tiny.safetensors"))
    found = clusters(again, "b8.conv1", 3)
    (kept,) = (cache / "clusters").iterdir()
    asked: list[str] = []
    again.activations = lambda *_, **__: asked.append("again")  # type: ignore[method-assign]
    assert torch.equal(clusters(again, "b8.conv1", 3), found)
    assert not asked
    kept.write_bytes(b"broken")
    del again.activations
    assert torch.equal(clusters(again, "b8.conv1", 3), found)
    assert kept.stat().st_size > 100


def test_clusters_are_the_models_own_whatever_is_around_it(model: Any, tmp_path: Path) -> None:
    one = genart.load(model.save(tmp_path / "tiny.safetensors"))
    own = clusters(model, "b8.conv1", 3)  # of no file: it is never kept
    for dressed in (genart.bend(one, "4:multiply@-3"), one.widened((16, 48)),
                    genart.blend_models(one, tiny(9), 0.7)):  # fmt: skip
        assert torch.equal(clusters(dressed, "b8.conv1", 3), own)
        assert torch.equal(clusters(one, "b8.conv1", 3), own)
        shutil.rmtree(tmp_path / "cache")


def test_bends_of_one_layer_follow_each_other(model: Any) -> None:
    place = model.map(model.sample([2]))
    before = model.activations(place, "b8.conv1")
    bent = genart.bend(model, "8:multiply@2 + 8:invert@1")
    assert torch.allclose(bent.activations(place, "b8.conv1"), 1 - 2 * before, atol=1e-4)


def test_a_bend_goes_along_when_the_model_is_widened_or_reduced(model: Any) -> None:
    bent = genart.bend(model, "8:flip_v@1 + 16:multiply@0.5")
    place = model.map(model.sample([2]))
    assert bent.widened((16, 32))(place).shape[2:] == (16, 32)
    small = bent.reduced(1)
    assert small is not None
    assert torch.equal(small(place), genart.bend(model.reduced(1), "8:flip_v@1")(place))


def test_gradients_flow_through_bends(model: Any) -> None:
    place = model.map(model.sample([2]))
    free = genart.Latent("w+", place.values.clone().requires_grad_())
    genart.bend(model, "8:rotate@0.1")(free).square().mean().backward()
    assert free.values.grad is not None
    assert free.values.grad.abs().sum() > 0


def test_what_cannot_be_bent_is_reported(model: Any) -> None:
    with pytest.raises(genart.UsageError, match="does not allow changes of its layers"):
        genart.bend(genart.load("plasma"), "16:rotate")
    with pytest.raises(genart.errors.UnknownName, match=r"No layer named \"64\""):
        genart.bend(model, "64:rotate")
    with pytest.raises(genart.errors.UnknownName, match="No amount named"):
        genart.bend(model, "16:rotate", rotate=0.1)


class Stripes(genart.Generator):
    """A stranger's generator with one layer of its own, a name of its own."""

    name, resolution, z_dim, w_dim, num_ws, num_classes = "stripes", (8, 8), 4, 4, 1, 0
    device = torch.device("cpu")

    def layer_names(self) -> list[str]:
        return ["waves"]

    def activations(self, latent: genart.Latent, layer: str, **_: Any) -> torch.Tensor:
        return self.map(latent).values[:, 0, :3, None, None].expand(-1, -1, 8, 8)

    def with_layers(
        self, latent: genart.Latent, changes: Mapping[str, Callable[..., Any]], **_: Any
    ) -> torch.Tensor:
        return changes["waves"](self.activations(latent, "waves"))

    def __call__(self, latent: genart.Latent, **_: Any) -> torch.Tensor:
        return self.activations(latent, "waves")


def test_a_strangers_generator_is_bent_by_its_own_names() -> None:
    stripes = Stripes()
    keys = stripes.sample([1])
    assert torch.equal(genart.bend(stripes, "waves[0]:ablate@1")(keys)[:, 0], torch.zeros(1, 8, 8))
    assert torch.equal(genart.bend(stripes, "waves[0]:ablate@0")(keys), stripes(keys))


FILM: dict[str, Any] = {"seconds": 0.3, "fps": 10, "size": 16, "seeds": "3,4"}


def test_bends_are_params_of_a_film(model: Any, tmp_path: Path) -> None:
    file = str(model.save(tmp_path / "tiny.safetensors"))

    def film(**params: Any) -> np.ndarray:
        sink = genart.MemorySink()
        words = {name.replace("__", "."): value for name, value in params.items()}
        genart.render(Still, sink, model=file, params=words, **FILM)
        return sink.frames[0]

    plain, text = film(), "8:rotate@0.25 + 16:dilate@1"
    by_hand = genart.bend(model, text)(model.map(model.sample([3]), 0.7))
    assert np.array_equal(film(model__bend=text), genart.to_frames(by_hand, (16, 16))[0])
    assert np.array_equal(film(model__bend=text, bend__amount=0), plain)
    half = film(model__bend=text, bend__amount=0.5)
    by_hand = genart.bend(model, "8:rotate@0.125 + 16:dilate@0.5")(
        model.map(model.sample([3]), 0.7)
    )
    assert np.array_equal(half, genart.to_frames(by_hand, (16, 16))[0])
    resting = film(model__bend=text, bend__rotate_8=0, bend__dilate_16=0)
    assert np.array_equal(resting, plain)
    with pytest.raises(genart.UsageError, match=r"bend\.rotate_9"):
        film(model__bend=text, bend__rotate_9=0)
    with pytest.raises(genart.UsageError, match=r"bend: .*is not a bend"):
        film(model__bend="nonsense here")
    with pytest.raises(genart.UsageError, match='No layer named "128"'):
        film(model__bend="128:rotate")


def test_bends_rest_on_models_without_layers() -> None:
    frames = []
    for words in ({}, {"params": {"model.bend": "16:rotate"}}):
        sink = genart.MemorySink()
        genart.render(Still, sink, model="plasma", **FILM, **words)
        frames.append(sink.frames[0])
    assert np.array_equal(*frames)


def test_bends_are_changed_live_and_a_bad_text_is_set_back(model: Any, tmp_path: Path) -> None:
    from genart.live.perform import start_show_recorder

    file = str(model.save(tmp_path / "tiny.safetensors"))
    live = genart.live.Live(Still, model=file, size=16, fps=50, seconds=20,
                       params={"walk.seeds": "3,4", "model.bend": "8:flip_v@0"})  # fmt: skip
    live.frame_blend._blend = False
    writer = start_show_recorder(live, tmp_path / "night.jsonl")
    seen: list[np.ndarray] = []

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            if not seen:
                live.store.put("bend.flip_v_8", 1.0, "test")
            if not seen or not np.array_equal(seen[-1], frame):
                seen.append(frame)
                if len(seen) == 3:
                    live.store.put("model.bend", "128:rotate")  # a layer that is not there
            if any("128" in fault.message for fault in live.faults.all()):
                live.stop()

        def close(self) -> None: ...

    live.run([Eye()])
    writer.close(live.engine_clock.seconds())
    assert len(seen) >= 3
    assert live.store.current("model.bend") == "8:flip_v@0"
    again = genart.MemorySink()
    genart.render(Still, again, show=writer.path, model=file)
    assert any(not np.array_equal(frame, again.frames[0]) for frame in again.frames)


def test_another_amount_in_the_text_is_what_page_cues_and_faders_have() -> None:
    live = genart.live.Live(Still, model="plasma", size=16, seconds=1,
                       params={"model.bend": "8:flip_v@0.2 + 8:flip_h@0.1"})  # fmt: skip
    live.store.put("bend.flip_h_8", 0.6, fade=2.0)
    turn(live.player, [live.store_control, live.store], Fraction(0))
    turn(live.player, [live.store_control, live.store], Fraction(1))
    live.store.put("model.bend", "8:flip_v@0.9 + 8:flip_h@0.1")
    turn(live.player, [live.store_control, live.store], Fraction(1))
    turn(live.player, [live.store_control, live.store], Fraction(9))
    for path, value in {"bend.flip_v_8": 0.9, "bend.flip_h_8": 0.6}.items():
        assert live.player.tree.value(path) == live.store.current(path) == value
    live.store.put("bend.flip_v_8", 0.2)
    turn(live.player, [live.store_control, live.store], Fraction(10))
    turn(live.player, [live.store_control, live.store], Fraction(20))
    assert live.player.tree.value("bend.flip_v_8") == 0.2
    live.close()


def test_the_sketch_undertow_bends_with_the_tide(model: Any) -> None:
    def frames(**params: float) -> list[np.ndarray]:
        sink = genart.MemorySink()
        words = {f"sketch.{name}": value for name, value in params.items()}
        genart.render("undertow", sink, model=model, seconds=0.8, fps=10, size=16, params=words)
        return sink.frames

    still = frames(pull=0.0, swell=0.0, ripple=0.0)
    swimming = frames()
    same = [np.array_equal(a, b) for a, b in zip(still, swimming, strict=True)]
    assert same[0], "at slack water the image is itself"
    assert not any(same[1:4])
