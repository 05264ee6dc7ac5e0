"""Keys: seeds and latent files together, wherever seeds are taken; mixed while they play."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import genart
from genart.editing.style_mixing import layer_weights
from genart.latent import parse_seeds
from genart.latents.keys import format_keys, make_keys, parse_keys

Run = Callable[..., Any]
PLASMA = ("--model", "plasma")
FILM: dict[str, Any] = {"model": "plasma", "seconds": 0.4, "fps": 10, "size": 32}


@pytest.fixture(scope="module")
def plasma() -> genart.Generator:
    return genart.load("plasma", device="cpu")


@pytest.fixture
def files(plasma: genart.Generator, tmp_path: Path) -> Path:
    """A folder: a.npz in w+, b.npz in w, one of another tool, z.npz of seeds 8 and 9."""
    folder = tmp_path / "latents"
    folder.mkdir()
    a = plasma.map(plasma.sample([31]))
    genart.save_latent(folder / "a.npz", a, model="plasma")
    genart.save_latent(folder / "b.npz", genart.Latent("w", a.values[:, 0] * 0.5))
    np.savez(folder / "projected_w.npz", w=a.values.numpy() * 0.25)
    genart.save_latent(folder / "z.npz", plasma.sample([8, 9]), model="plasma")
    return folder


def test_keys_are_read_from_text(files: Path) -> None:
    a = files / "a.npz"
    assert parse_keys(f"1,3-5, {a},7") == [1, 3, 4, 5, a, 7]
    assert format_keys([1, 3, 4, 5, a, 7]) == f"1,3-5,{a},7"
    assert [key.name for key in parse_keys(str(files))] == [
        "a.npz", "b.npz", "projected_w.npz", "z.npz"]  # fmt: skip
    assert parse_keys(range(2)) == [0, 1]


@pytest.mark.parametrize("seeds", [[1.5], [True], [], ["a"], [1, None], 2**32, [-1]])
def test_numbers_that_are_no_seeds_are_refused(seeds: Any) -> None:
    with pytest.raises(genart.UsageError, match=r"[Ss]eeds? (are 0|given|is a)|names no seeds"):
        parse_seeds(seeds)


def test_whole_numbers_of_any_kind_are_seeds() -> None:
    assert parse_seeds(np.arange(3)) == [0, 1, 2]
    assert parse_seeds(["1-3", 7]) == [1, 2, 3, 7]
    assert parse_keys([np.int64(4), "5"]) == [4, 5]


@pytest.mark.parametrize("text", ["", "a", "1,,2", "photo.png", "1;2", "nowhere/"])
def test_what_is_no_key_is_reported(text: str) -> None:
    with pytest.raises(genart.UsageError, match="is not a key"):
        parse_keys(text)


def test_seeds_alone_are_those_of_the_model(plasma: genart.Generator) -> None:
    for space in ("z", "w", "w+"):
        made = make_keys(plasma, "4,6", space=space)
        assert made.space == space
        mapped = plasma.map(plasma.sample([4, 6])).values
        wanted = {"z": plasma.sample([4, 6]).values, "w": mapped[:, 0], "w+": mapped}[space]
        assert torch.equal(made.values, wanted)


def test_files_and_seeds_come_to_the_first_space_that_holds_all(
    plasma: genart.Generator, files: Path
) -> None:
    made = make_keys(plasma, f"{files / 'z.npz'},5")
    assert (made.space, len(made)) == ("z", 3)
    assert torch.equal(made.values, plasma.sample([8, 9, 5]).values)
    made = make_keys(plasma, f"5,{files / 'b.npz'}")
    assert made.space == "w"
    made = make_keys(plasma, f"5,{files / 'b.npz'},{files / 'projected_w.npz'},{files / 'a.npz'}")
    assert made.space == "w+"
    own = plasma.map(plasma.sample([31])).values[0]
    assert torch.equal(made.values[0], plasma.map(plasma.sample([5])).values[0])
    assert torch.allclose(made.values[1], own * 0.5)
    assert torch.allclose(made.values[2], own * 0.25)
    assert torch.equal(made.values[3], own)


def test_latents_seeds_and_files_are_keys_together(plasma: genart.Generator, files: Path) -> None:
    found = plasma.map(plasma.sample([31]))
    made = make_keys(plasma, [found, 7, files / "b.npz"])
    assert (made.space, len(made)) == ("w+", 3)
    assert torch.equal(made.values[0], found.values[0])
    assert torch.equal(made.values[1], plasma.map(plasma.sample([7])).values[0])
    assert make_keys(plasma, plasma.sample([1, 2])).space == "z"
    with pytest.raises(genart.UsageError, match="takes"):
        make_keys(plasma, [genart.Latent("w", torch.zeros(1, 7)), 7])


def test_labels_and_truncations_of_some_are_filled_in(tmp_path: Path) -> None:
    model = genart.registry("generator").create("plasma-classes", resolution=16)
    bare = genart.Latent("z", model.sample([1]).values, truncation=torch.tensor([0.5]))
    genart.save_latent(tmp_path / "bare.npz", bare)
    made = make_keys(model, f"{tmp_path / 'bare.npz'},2", label=1)
    assert made.label is not None
    assert made.label.argmax(1).tolist() == [0, 1]
    assert made.truncation is not None
    assert made.truncation.tolist() == [0.5, 1.0]


def test_latents_of_another_model_are_reported(plasma: genart.Generator, tmp_path: Path) -> None:
    w = plasma.map(plasma.sample([1]))
    genart.save_latent(tmp_path / "other.npz", w, model="ffhq")
    with pytest.raises(genart.UsageError, match='belongs to "ffhq" and not to "plasma"'):
        make_keys(plasma, str(tmp_path / "other.npz"))
    genart.save_latent(tmp_path / "size.npz", genart.Latent("w", torch.zeros(1, 7)), model="ffhq")
    with pytest.raises(genart.UsageError, match=r'has w of size \(7,\).* belongs to "ffhq"'):
        make_keys(plasma, str(tmp_path / "size.npz"))
    tuned = genart.registry("generator").create("plasma", resolution=16)
    tuned.parents = ("ffhq",)
    assert len(make_keys(tuned, str(tmp_path / "other.npz"))) == 1
    z = plasma.sample([1])  # z is the same chance for every model
    genart.save_latent(tmp_path / "z.npz", z, model="ffhq")
    assert torch.equal(make_keys(plasma, str(tmp_path / "z.npz")).values, z.values)


class Still(genart.Sketch):
    """The first key."""

    def draw(self, t: float, dt: float) -> genart.Image:
        return self.paint(self.keys[0], truncation=1.0)


class Walking(genart.Sketch):
    """Along the walk."""

    def draw(self, t: float, dt: float) -> genart.Image:
        return self.paint(self.walk(self.phase), truncation=1.0, noise="none")


def film(sketch: type[genart.Sketch], **words: Any) -> list[np.ndarray]:
    sink = genart.MemorySink()
    genart.render(sketch, sink, **{**FILM, **words})
    return sink.frames


def test_a_film_walks_past_files(plasma: genart.Generator, files: Path) -> None:
    (frame, *_) = film(Still, keys=f"{files / 'a.npz'},4", size=256)
    assert np.array_equal(frame, genart.to_frames(plasma(plasma.sample([31])))[0])
    frames = film(Walking, keys=[files / "a.npz", 4], params={"walk.kind": "linear"}, size=256)
    ends = [plasma(each, noise="none") for each in (plasma.sample([31]), plasma.sample([4]))]
    assert np.array_equal(frames[0], genart.to_frames(ends[0])[0])
    assert np.array_equal(frames[2], genart.to_frames(ends[1])[0])


def test_cells_of_a_grid_begin_at_the_next_key(files: Path) -> None:
    a = files / "a.npz"
    (frame, *_) = film(Still, keys=f"{a},4", grid="2x1", size=(64, 32))
    (first, *_), (second, *_) = (film(Still, keys=k, size=32) for k in (f"{a},4", f"4,{a}"))
    assert np.array_equal(frame, np.hstack([first, second]))


def test_a_films_recipe_keeps_the_files_hashes(files: Path, tmp_path: Path) -> None:
    import hashlib

    report = genart.render(Still, tmp_path / "a.apng", keys=f"{files / 'a.npz'},4", **FILM)
    digest = hashlib.sha256((files / "a.npz").read_bytes()).hexdigest()
    assert report.recipe["files"] == {str(files / "a.npz"): digest}
    assert f"--keys {files / 'a.npz'},4" in report.recipe["command"]


def test_stills_take_files_and_are_called_by_them(
    genart_command: Run, files: Path, tmp_path: Path
) -> None:
    out = tmp_path / "stills"
    done = genart_command("generate", "--keys", f"{files / 'a.npz'},4", "-o", out, *PLASMA)
    assert done.code == 0, done.err
    assert sorted(path.name for path in out.iterdir()) == ["a.png", "seed0004.png"]
    recipe = genart.media.read_recipe(out / "a.png")
    assert recipe is not None
    assert list(recipe["files"]) == [str(files / "a.npz")]
    both = genart_command("generate", "--keys", "1", "--seeds", "1", "-o", out, *PLASMA)
    assert both.code == 2
    assert "Give one of" in both.err


def test_a_grid_mixes_files(genart_command: Run, files: Path, tmp_path: Path) -> None:
    from PIL import Image

    done = genart_command(
        "mix", "--rows", files / "a.npz", "--cols", f"5,{files / 'z.npz'}", "--styles", "4-",
        "--truncation", 1, "-o", tmp_path / "mix.png", "--json", *PLASMA,
    )  # fmt: skip
    assert done.code == 0, done.err
    plasma = genart.load("plasma")
    mixed = genart.mix(plasma, plasma.sample([31]), plasma.sample([5, 8, 9]), "4-")
    with Image.open(tmp_path / "mix.png") as picture:
        cells = np.asarray(picture)[256:, 256:]
    assert np.array_equal(cells, np.hstack(genart.to_frames(plasma(mixed))))


def test_a_film_of_a_grid_sweeps_from_its_rows_to_its_columns_and_back(
    genart_command: Run, tmp_path: Path
) -> None:
    done = genart_command(
        "mix", "--rows", "1", "--cols", "2", "--seconds", "0.8", "--fps", "10", "--size", "32",
        "-o", tmp_path / "mix.apng", "--json", *PLASMA,
    )  # fmt: skip
    assert done.code == 0, done.err
    from PIL import Image

    with Image.open(tmp_path / "mix.apng") as picture:
        assert picture.n_frames == 8
        frames = []
        for n in range(8):
            picture.seek(n)
            frames.append(np.asarray(picture.convert("RGB")).astype(int))
    row, column = frames[0][32:, :32], frames[0][:32, 32:]
    cells = [frame[32:, 32:] for frame in frames]
    assert np.array_equal(cells[0], row)
    assert np.abs(cells[4] - column).max() <= 1
    assert np.array_equal(cells[1], cells[7])
    away = [np.abs(cell - row).mean() for cell in cells]
    assert away[0] < away[1] < away[4]
    wrong = genart_command("mix", "-o", tmp_path / "mix.xyz", *PLASMA)
    assert wrong.code == 2


def test_ends_of_layers_are_blended() -> None:
    assert layer_weights(6, 2.0, 3.0).tolist() == [0, 0, 1, 1, 0, 0]
    assert layer_weights(6, 2.25, 3.5).tolist() == [0, 0, 0.75, 1, 0.5, 0]
    assert layer_weights(4, 0.0, 64.0, 0.5).tolist() == [0.5] * 4


def test_layers_come_from_other_keys_while_it_plays(plasma: genart.Generator, files: Path) -> None:
    def first(**walk: Any) -> np.ndarray:
        words = {f"walk.{name}": value for name, value in walk.items()}
        return film(Walking, seeds="4", params=words, size=256)[0]

    plain = first(kind="circle")
    mix = {"kind": "circle", "mix_keys": str(files / "a.npz"), "mix_first": 2.0, "mix_last": 5.0}
    assert np.array_equal(first(**mix, mix=0.0), plain)
    start = genart.walk(plasma.sample([4]), "circle")(0.0)
    mixed = genart.mix(plasma, start, plasma.sample([31]), "2-5")
    wanted = genart.to_frames(plasma(mixed, noise="none"))[0]
    assert np.abs(first(**mix).astype(int) - wanted).max() <= 1
    assert not np.array_equal(first(**mix), plain)
    several = {**mix, "mix_keys": "7,8,9"}
    assert not np.array_equal(first(**several), first(**mix))
    with pytest.raises(genart.UsageError, match="is not a key"):
        first(mix_keys="apple")


def test_directions_move_what_is_mixed() -> None:
    """The mixture is drawn by the edited model, so that handles reach every layer."""
    from genart.editing.style_mixing import mix_layers

    seen: list[genart.Latent] = []

    class Inner(type(genart.load("plasma"))):  # type: ignore[misc]
        def __call__(self, latent: genart.Latent, **words: Any) -> genart.Image:
            seen.append(latent)
            return super().__call__(latent, **words)

    inner = Inner(resolution=16)
    model = mix_layers(inner, lambda: inner.sample([2]), lambda: torch.tensor([1.0] + [0.0] * 7))
    model(inner.sample([1, 3]), truncation=0.5)
    wanted = genart.mix(inner, inner.map(inner.sample([1, 3]), 0.5),
                        inner.map(inner.sample([2]), 0.5), [0])  # fmt: skip
    assert torch.equal(seen[0].values, wanted.values)


def test_bad_keys_are_set_back_live(files: Path) -> None:
    live = genart.live.Live(Walking, model="plasma", size=16, fps=50, seconds=20,
                       params={"walk.kind": "linear"})  # fmt: skip
    seen: list[np.ndarray] = []
    steps = ["apple", str(files / "gone.npz")]

    class Eye:
        def write(self, frame: np.ndarray) -> None:
            seen.append(frame)
            if live.store.current("walk.keys") == "":
                if not steps:
                    live.stop()
                else:
                    live.store.put("walk.keys", steps.pop(0))

        def close(self) -> None: ...

    live.run([Eye()])
    told = " ".join(fault.message for fault in live.faults.all())
    assert "is not a key" in told
    assert "gone.npz" in told


def test_a_recipe_is_json(files: Path, tmp_path: Path) -> None:
    made = genart.mixing_grid(tmp_path / "m.png", model="plasma", rows=files / "a.npz", cols=3)
    assert json.loads(json.dumps(made.recipe))["rows"] == str(files / "a.npz")
