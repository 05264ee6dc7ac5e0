"""Films of searches, filmed inputs, and a batch that is killed for good."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.inverted import pictures, tiny

import genart
from genart.inversion.api import invert_all
from genart.inversion.video import smoothed
from genart.media.film_probe import probe_film
from genart.media.video import read_film

QUICK: dict[str, Any] = {"samples": 50, "tries": 2}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny(tmp_path_factory.mktemp("models") / "tiny.safetensors")


def frames_of(path: Path) -> list[Any]:
    film = probe_film(path)
    return list(read_film(film, film.size, film.fps))


@pytest.mark.slow
def test_a_film_shows_the_search_beside_what_is_asked_for(model: Any, tmp_path: Path) -> None:
    paths = pictures(tmp_path / "in", model, [1])
    film = tmp_path / "search.mp4"
    found = invert_all(
        paths, tmp_path / "out", model=model, steps=12, film=film, start="average", samples=50
    )
    assert found.film == str(film)
    shown = [frame.astype(int) for frame in frames_of(film)]
    assert shown[0].shape == (256, 512, 3)
    assert len(shown) == 13 + 30  # the start, one latent per step, and the last one held
    left, right = [f[:, :256] for f in shown], [f[:, 256:] for f in shown]
    assert np.abs(left[0] - left[-1]).mean() < 3, "what is asked for stays"
    assert np.abs(right[-1] - left[-1]).mean() < 0.7 * np.abs(right[0] - left[0]).mean()
    with pytest.raises(genart.UsageError, match="There is nothing to show in"):
        invert_all(
            paths, tmp_path / "out", model=model, steps=12, resume=True, film=tmp_path / "no.mp4",
            start="average", samples=50,
        )  # fmt: skip


def test_a_filmed_input_becomes_a_walk(model: Any, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    genart.render("drift", clip, model=model, seconds=0.4, fps=10, size=32)
    (tmp_path / "bad.mp4").write_bytes(b"\0\0\0\x18ftypisom")
    told: list[genart.Progress] = []
    found = invert_all(
        [clip, tmp_path / "bad.mp4"], tmp_path / "out", model=model, steps=10, space="w+",
        film=tmp_path / "both.mp4", progress=told.append, **QUICK,
    )  # fmt: skip
    walk = genart.load_latent(found.results[0].latent)
    assert walk.space == "w+"
    assert walk.values.shape == (4, 6, 20)
    assert "cannot be read as a film" in found.results[1].error
    assert found.failed == 1
    assert probe_film(tmp_path / "both.mp4").frames == 4
    assert probe_film(tmp_path / "both.mp4").fps == 10
    assert [each.done for each in told if each.note][:4] == [1, 2, 3, 4]
    again = invert_all(
        [clip], tmp_path / "out", model=model, steps=10, space="w+", resume=True, **QUICK
    )
    assert again.results[0].reused
    with pytest.raises(genart.UsageError, match="inverted by projector or encoder"):
        invert_all([clip], tmp_path / "other", model=model, method="semantic", steps=1)


def test_places_are_smoothed_in_time() -> None:
    values = torch.randn(40, 3, generator=torch.Generator().manual_seed(0))
    kept = smoothed(genart.Latent("w", values), 0.0)
    assert torch.equal(kept.values, values)
    soft = smoothed(genart.Latent("w", values), 2.0).values
    assert soft.shape == values.shape
    assert soft.diff(dim=0).square().mean() < 0.05 * values.diff(dim=0).square().mean()
    line = torch.linspace(0, 1, 40)[:, None].expand(-1, 3)
    inner = smoothed(genart.Latent("w", line), 2.0).values[6:-6]
    assert torch.allclose(inner, line[6:-6], atol=1e-5)
    assert len(smoothed(genart.Latent("w", values[:1]), 2.0)) == 1


def test_a_place_of_another_model_cannot_be_a_start(model: Any, tmp_path: Path) -> None:
    target = model(model.sample([1])).clamp(-1, 1)
    with pytest.raises(genart.UsageError, match="may belong to another model"):
        genart.invert(model, target, steps=1, start=genart.Latent("w", torch.zeros(1, 33)))
    np.savez(tmp_path / "projected_w.npz", w=np.zeros((1, 6, 20), np.float32))
    start = genart.load_latent(tmp_path / "projected_w.npz")
    found = genart.invert(model, target, steps=1, start=start, space="w+", samples=50)
    assert found.latent.values.shape == (1, 6, 20)


def test_a_place_that_is_given_is_not_shaken(model: Any) -> None:
    start = model.map(model.sample([1, 2]), 0.8)
    found = genart.invert(model, model(start), steps=1, start=start, space="w+", samples=50)
    assert found.losses[0] < 1e-4, "it does not start at the given latent"
    free = genart.invert(model, model(start), steps=1, start="average", samples=50)
    assert free.losses[0] > 0.01


@pytest.mark.parametrize(
    ("whose", "space", "size", "says"),
    [
        ("other", "w", 20, 'belongs to "other" and not to "tiny"'),
        ("other", "w", 33, 'w of size (33,); "tiny" takes (20,). It belongs to "other".'),
        ("tiny", "z", 24, "starts at 1 latent in w or w+, not at 1 in z"),
        ("tiny", "w", 20, ""),
    ],
)
def test_a_start_in_a_file_is_one_of_the_models_own_places(
    genart_command: Any, model: Any, tmp_path: Path, whose: str, space: Any, size: int, says: str
) -> None:
    (image,) = pictures(tmp_path / "in", model, [1])
    place = genart.Latent(space, torch.zeros(1, size))
    start = genart.save_latent(tmp_path / "place.npz", place, model=whose)
    done = genart_command(
        "invert", image, "-o", tmp_path / "out", "--start", start, "--steps", "1",
        "--model", model.save(tmp_path / "tiny.safetensors"),
    )  # fmt: skip
    assert done.code == (2 if says else 0), done.err
    assert says in done.err
    assert (tmp_path / "out" / "index.jsonl").exists() == (not says)


BATCH = """
import sys, torch
from pathlib import Path
from genart.inversion.api import invert_all

torch.set_num_threads(1)
folder = Path(sys.argv[1])
invert_all(
    sorted((folder / "in").glob("*.png")), folder / "out", model=folder / "tiny.safetensors",
    method="semantic", weight=0.0, tries=1, steps=2, batch=4, resume=True, device="cpu",
    progress=lambda progress: print(progress.done, flush=True),
)
print("whole", flush=True)
"""


def run(folder: Path, stop_after: int = 0) -> list[str]:
    """Run a batch in a process of its own; kill it outright after so many lines, if asked to."""
    command = [sys.executable, "-c", BATCH, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if stop_after and len(lines) == stop_after:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return lines
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("count", [20])
def test_a_batch_killed_outright_goes_on_and_nothing_is_done_twice(
    tmp_path: Path, count: int
) -> None:
    model = tiny(tmp_path / "tiny.safetensors")
    pictures(tmp_path / "in", model, list(range(count)))
    run(tmp_path, stop_after=count // 4 + 1)  # two lines a batch of four: about half way
    index = tmp_path / "out" / "index.jsonl"
    first = index.read_text()
    done = len(first.splitlines())
    assert 0 < done < count
    lines = run(tmp_path)
    assert lines[-1] == "whole"
    searched = (len(lines) - 1) // 2 * 4  # two steps per batch of four
    assert count - done <= searched < count - done + 4
    text = index.read_text()
    assert text.startswith(first), "what was found stays"
    entries = [json.loads(line) for line in text.splitlines()]
    assert len(entries) == len({entry["id"] for entry in entries}) == count
    assert len(list((tmp_path / "out").glob("*.npz"))) == count
    assert len({entry["latent"] for entry in entries}) == count
