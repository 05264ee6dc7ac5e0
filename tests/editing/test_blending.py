"""Two models combined: exact at both ends, swapped by resolution, smooth; others are refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.recorded_show import Night

import genart
from genart.playback.show import read_show


def tiny(seed: int, name: str, **options: Any) -> Any:
    from genart_stylegan2.config import Config
    from genart_stylegan2.generator import StyleGAN2
    from genart_stylegan2.network import Network

    torch.manual_seed(seed)
    shape = {"img_resolution": 16, "channel_base": 256, "channel_max": 24, "w_dim": 20, **options}
    network = Network(Config(z_dim=24, mapping_layers=2, **shape))
    network.mapping.w_avg.normal_()
    return StyleGAN2.from_network(network, name=name)


@pytest.fixture(scope="module")
def pair() -> tuple[Any, Any]:
    return tiny(3, "one"), tiny(4, "two")


def test_the_ends_are_the_two_models_bit_for_bit(pair: Any) -> None:
    one, two = pair
    fader = [0.0]
    both = genart.blend_models(one, two, lambda: fader[0])
    keys = one.sample([1, 2])
    assert torch.equal(both(keys, truncation=0.6), one(keys, truncation=0.6))
    fader[0] = 1.0
    assert torch.equal(both(keys, truncation=0.6), two(keys, truncation=0.6))
    assert torch.equal(both.map(keys, 0.6).values, two.map(keys, 0.6).values)
    fader[0] = 0.0
    assert torch.equal(both(keys), one(keys))


def test_a_blend_has_the_weighted_weights(pair: Any) -> None:
    one, two = pair
    both = genart.blend_models(one, two, 0.25)
    made = both.now().network.state_dict()
    for name, mine in one.network.state_dict().items():
        wanted = 0.75 * mine + 0.25 * two.network.state_dict()[name]
        assert torch.allclose(made[name], wanted, atol=1e-6), name


def test_layers_are_swapped_from_a_resolution_on(pair: Any) -> None:
    one, two = pair
    swapped = genart.blend_models(one, two, 1.0, swap=8)
    made = swapped.now().network.state_dict()
    for name, mine in one.network.state_dict().items():
        later = name.startswith(("synthesis.b8", "synthesis.b16"))
        wanted = two.network.state_dict()[name] if later else mine
        assert torch.equal(made[name], wanted), name
    keys = one.sample([5])
    before, after = (each.activations(keys, "b4.conv1") for each in (one, swapped))
    assert torch.equal(before, after)


def test_every_image_is_that_of_its_weights_also_while_they_change(pair: Any) -> None:
    """What the network makes while it turns and the engine when it stands are the same image."""
    one, two = pair
    amounts = [0.5, 2.0]
    both = genart.blend_models(one, two, lambda: amounts[0], lambda: amounts[1])
    keys = one.map(one.sample([7]))
    for blend, swap in ((0.5, 2), (0.5, 5.5), (0.2, 5.5), (0.2, 2)):
        amounts[:] = [blend, swap]
        fresh = genart.blend_models(one, two, blend, swap)(keys)
        for _ in range(6):  # from the network, then from the engine
            assert both(keys) == pytest.approx(fresh, abs=2e-5)


def test_turning_never_makes_the_image_jump(pair: Any) -> None:
    one, two = pair
    keys = one.map(one.sample([7]))
    pictures = [genart.blend_models(one, two, 1.0, 2 * 2 ** (k / 4))(keys) for k in range(14)]
    steps = [float((a - b).abs().mean()) for a, b in pairwise(pictures)]
    whole = float((pictures[0] - one(keys)).abs().mean())
    assert max(steps) < whole / 2


def test_a_blend_is_bent_widened_reduced_and_kept(pair: Any, tmp_path: Path) -> None:
    one, two = pair
    both = genart.blend_models(one, two, 0.5)
    keys = one.map(one.sample([1]))
    assert torch.equal(genart.bend(both, "8:flip_h@0")(keys), both(keys))
    assert not torch.equal(genart.bend(both, "8:flip_h@1")(keys), both(keys))
    assert both.widened((16, 32))(keys).shape[2:] == (16, 32)
    small = both.reduced(1)
    assert small is not None
    assert small(keys).shape[2:] == (8, 8)
    kept = genart.load(both.save(tmp_path / "both.safetensors"))
    assert kept(keys) == pytest.approx(both(keys), abs=2e-5)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"w_dim": 16}, r"w_dim|weight is|is \(.*\) and \("),
        ({"img_resolution": 32}, "img_resolution is 16 and 32"),
        ({"channel_max": 12}, "cannot be blended"),
        ({"architecture": "resnet"}, "architecture is skip and resnet"),
    ],
)
def test_models_of_other_shapes_are_reported(pair: Any, options: Any, says: str) -> None:
    with pytest.raises(genart.UsageError, match=says):
        genart.blend_models(pair[0], tiny(5, "other", **options))


def test_models_of_other_kinds_are_reported(pair: Any) -> None:
    with pytest.raises(genart.UsageError, match="is not a StyleGAN2"):
        genart.blend_models(pair[0], "plasma")
    with pytest.raises(genart.UsageError, match="cannot be blended"):
        genart.blend_models("plasma", pair[0])
    with pytest.raises(genart.UsageError, match="blend must be 0"):
        genart.blend_models(*pair, 1.5)(pair[0].sample([1]))


class Still(genart.Sketch):
    """One latent, through the model."""

    def draw(self, t: float, dt: float) -> genart.Image:
        return self.paint(self.walk(0.0))


FILM: dict[str, Any] = {"seconds": 0.2, "fps": 10, "size": 16, "seeds": "3,4"}


@pytest.fixture(scope="module")
def files(pair: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("models")
    return tuple(str(each.save(folder / f"{each.name}.safetensors")) for each in pair)  # type: ignore[return-value]


def test_a_film_blends_and_its_ends_are_the_models(files: Any) -> None:
    def film(model: str, **params: Any) -> np.ndarray:
        sink = genart.MemorySink()
        words = {f"model.{name}": value for name, value in params.items()}
        genart.render(Still, sink, model=model, params=words, **FILM)
        return sink.frames[0]

    one, two = files
    assert np.array_equal(film(one, other=two), film(one))
    assert np.array_equal(film(one, other=two, blend=1), film(two))
    between = film(one, other=two, blend=0.5)
    assert not np.array_equal(between, film(one))
    assert not np.array_equal(film(one, other=two, blend=1, swap=8), film(two))
    with pytest.raises(genart.UsageError, match="No model named"):
        film(one, other="nobody", blend=1)


def test_a_model_given_in_hand_is_blended_with_one_of_a_file(pair: Any, files: Any) -> None:
    sink = genart.MemorySink()
    words = {"model.other": files[1], "model.blend": 1.0}
    genart.render(Still, sink, model=pair[0], params=words, **FILM)
    alone = genart.MemorySink()
    genart.render(Still, alone, model=files[1], **FILM)
    assert np.array_equal(sink.frames[0], alone.frames[0])


def test_a_recorded_show_blends_as_it_did(files: Any, tmp_path: Path) -> None:
    show, words = tmp_path / "night.jsonl", {"model.other": files[1], "model.blend": 1.0}
    genart.perform(
        model=files[0], params=words, seconds=0.5, fps=10, record_show=show, cues=None,
        osc="127.0.0.1:0", web="127.0.0.1:0",
    )  # fmt: skip
    first, second = genart.MemorySink(), genart.MemorySink()
    genart.render(output=first, show=show, seconds=0.2)
    size = first.frames[0].shape[0]
    genart.render(output=second, model=files[0], params=words, seconds=0.2, fps=10, size=size,
                  even=False)  # fmt: skip
    assert (first.frames[0] == second.frames[0]).all()


def test_a_second_model_is_loaded_while_the_first_plays_and_bad_ones_are_reported(
    files: Any, tmp_path: Path
) -> None:
    other, broken = tmp_path / "large.safetensors", tmp_path / "broken.safetensors"
    broken.write_bytes(b"no model at all, whatever it is called")
    tiny(5, "large", img_resolution=32).save(other)
    live = genart.live.Live(Still, model=files[0], size=16, fps=50, seconds=30,
                       params={"walk.seeds": "3,4", "model.blend": 1.0})  # fmt: skip
    live.frame_blend._blend = False
    alone = genart.MemorySink()
    genart.render(Still, alone, model=files[1], **FILM)
    seen: list[np.ndarray] = []
    wrong = [str(other), str(broken)]

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            seen.append(frame)
            playing = np.abs(frame.astype(int) - alone.frames[0]).max() <= 1
            if len(seen) == 1:
                live.store.put("model.other", files[1])
            elif playing and live.store.current("model.other") == files[1]:
                if not wrong:
                    live.stop()
                else:
                    live.store.put("model.other", wrong.pop(0))

        def close(self) -> None: ...

    live.run([Eye()])
    assert not np.array_equal(seen[0], alone.frames[0])
    told = " ".join(fault.message for fault in live.faults.all())
    assert "img_resolution" in told
    assert "broken" in told
    assert not wrong


def test_a_show_keeps_a_second_model_from_when_it_showed_and_a_lost_one_is_tried_again(
    pair: Any, files: Any, tmp_path: Path
) -> None:
    late = tmp_path / "late.safetensors"
    night = Night(tmp_path, model=files[0])
    fetch = night.live.loader.fetch
    deeds: dict[int, list[Any]] = {
        1: [night.put("model.blend", 1.0, 0.0), night.put("model.other", files[1])], 4: [fetch],
        7: [night.put("model.other", str(late))], 9: [fetch],  # it is not there yet
        11: [lambda: pair[0].save(late), night.put("model.other", str(late))],
        14: [fetch],
    }  # fmt: skip
    night.play(deeds, 18)
    events = [e for e in read_show(night.show).events if e.path == "model.other"]
    assert [e.value for e in events] == [files[1], "", files[1], "", str(late)]
    assert events[0].at == 5 / 30
    assert night.differ(night.again()) == []
