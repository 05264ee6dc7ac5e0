"""What a notebook shows: models, latents, walks, images, films; and genart.show."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import genart
from genart.media.display import sample_png, tensor_png
from genart.rendering import clip

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def plasma() -> genart.Generator:
    return genart.load("plasma", device="cpu", resolution=64)


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(io.BytesIO(data))


def test_a_model_says_what_it_is_and_shows_four_images(plasma: genart.Generator) -> None:
    assert repr(plasma).startswith('<Plasma "plasma": 64x64 px, z ')
    sheet = opened(plasma._repr_png_())
    assert sheet.size == (256, 64)
    first = np.asarray(sheet)[:, :64]
    with torch.no_grad():
        wanted = genart.to_frames(plasma(plasma.sample(1), truncation=0.7))[0]
    assert np.array_equal(first, wanted)


def test_a_large_model_is_drawn_small() -> None:
    class Large(genart.Generator):
        name, resolution, z_dim, w_dim, num_ws, num_classes = "large", (1024, 512), 2, 2, 1, 0
        device = torch.device("cpu")
        halved = 0

        def reduced(self, times: int) -> genart.Generator | None:
            if times > 2:
                return None
            made = Large()
            made.halved = times
            return made

        def __call__(self, latent: genart.Latent, **_: Any) -> torch.Tensor:
            assert self.halved == 2, "as small as there is"
            return torch.zeros(len(latent), 3, 256, 128)

    assert opened(sample_png(Large())).size == (4 * 64, 128)


def test_a_latent_does_not_print_its_numbers(plasma: genart.Generator) -> None:
    latent = plasma.sample("1-12")
    assert repr(latent) == f"<Latent: 12 in z, {plasma.z_dim} numbers each, on cpu>"
    shown = latent._repr_html_()
    assert "&lt;Latent: 12 in z" in shown
    assert shown.count("<polyline") == 8
    assert "and 4 more" in shown
    mapped = plasma.map(latent)
    assert f"12 in w+, {plasma.num_ws}x{plasma.w_dim} numbers" in repr(mapped)
    labelled = genart.Latent("w", torch.zeros(1, 4), torch.ones(1, 2), torch.ones(1))
    assert repr(labelled) == "<Latent: 1 in w, 4 numbers each, with label, with truncation, on cpu>"


@pytest.mark.parametrize("kind", ["slerp", "cubic", "circle", "noise"])
def test_a_walk_draws_its_path(plasma: genart.Generator, kind: str) -> None:
    walk = genart.walk(plasma.sample([1, 2, 3]), kind)
    assert repr(walk).startswith("<Walk: ")
    assert "loop, linear easing, keys <Latent: 3 in z" in repr(walk)
    drawn = walk._repr_html_()
    assert drawn.count("<circle") == 3
    points = drawn.partition('points="')[2].partition('"')[0].split()
    assert len(points) == 97
    assert points[0] == points[-1], "a loop is closed"
    assert all(0 <= float(x) <= 160 for point in points for x in point.split(","))


def test_a_walk_that_stays_is_drawn_too() -> None:
    still = genart.walk(genart.Latent("z", torch.zeros(2, 1)), "linear")
    assert "nan" not in still._repr_html_()


def test_an_inversion_shows_its_image_and_prints_no_pixels(plasma: genart.Generator) -> None:
    found = genart.invert(plasma, plasma(plasma.sample(1)), steps=2)
    assert opened(found._repr_png_()).size == (64, 64)
    assert repr(found).startswith("<Inversion: <Latent: 1 in w")
    assert "tensor" not in repr(found)


@pytest.mark.parametrize(
    ("tensor", "shown"),
    [
        (torch.zeros(2, 3, 16, 16), True),
        (torch.zeros(1, 4, 32, 16), True),
        (torch.zeros(2, 3, 3, 3), False),  # weights of a convolution
        (torch.zeros(3, 16, 16), False),
        (torch.full((1, 3, 16, 16), 100.0), False),
        (torch.zeros(1, 3, 16, 16, dtype=torch.int64), False),
        (torch.zeros(1, 3, 16, 16, requires_grad=True), False),
        (torch.zeros(0, 3, 16, 16), False),
        (torch.zeros(5), False),
    ],
)
def test_a_tensor_is_shown_if_it_holds_images(tensor: torch.Tensor, shown: bool) -> None:
    assert (tensor_png(tensor) is not None) is shown


def test_show_plays_a_walk(plasma: genart.Generator, tmp_path: Path) -> None:
    walk = genart.walk(plasma.sample([1, 2]), "linear")
    played = genart.show(walk, plasma, seconds=0.5, fps=8, size=32)
    assert isinstance(played, genart.rendering.Clip)
    assert "32x32 px, 0.5 s" in repr(played)
    assert played._repr_html_().startswith('<img src="data:image/webp;base64,')
    film = opened(played.data)
    assert (film.size, film.n_frames) == ((32, 32), 4)
    assert played.save(tmp_path / "walk.webp").read_bytes() == played.data
    with pytest.raises(genart.UsageError, match=r'a \.webp file, not "walk\.mp4"'):
        played.save(tmp_path / "walk.mp4")
    assert genart.show(str(tmp_path / "walk.webp")) == genart.rendering.Clip(played.data, ".webp")


def test_show_plays_an_open_walk_to_its_end(plasma: genart.Generator) -> None:
    walk = genart.walk(plasma.sample([1, 2]), "linear", loop=False)
    film = opened(genart.show(walk, plasma, seconds=0.25, fps=8, size=64).data)
    film.seek(1)
    with torch.no_grad():
        wanted = genart.to_frames(plasma(plasma.sample(2), truncation=0.7))[0]
    last = np.asarray(film.convert("RGB")).astype(float)
    assert np.abs(last - wanted).mean() < 6


def test_show_plays_a_sketch_and_a_report(plasma: genart.Generator, tmp_path: Path) -> None:
    played = genart.show("drift", plasma, seconds=0.2, fps=10, size=32)
    assert isinstance(played, genart.rendering.Clip)
    assert opened(played.data).size == (32, 32)
    report = genart.render("drift", tmp_path / "a.mp4", model=plasma, seconds=0.2, size=32, fps=10)
    shown = genart.show(report)
    assert shown._repr_html_() == report._repr_html_()
    assert shown._repr_html_().startswith('<video src="data:video/mp4;base64,')
    sink = genart.MemorySink()
    assert genart.render("drift", sink, model=plasma, seconds=0.2, size=32)._repr_html_() is None


def test_show_gives_sheets_and_images(plasma: genart.Generator, tmp_path: Path) -> None:
    assert genart.show(plasma).size == (192, 192)
    assert genart.show(plasma.sample("1-4"), plasma, size=32).size == (64, 64)
    assert genart.show(plasma(plasma.sample(1))).size == (64, 64)
    assert genart.show(genart.invert(plasma, plasma(plasma.sample(1)), steps=1)).size == (64, 64)
    Image.new("RGB", (640, 320)).save(tmp_path / "a.png")
    assert genart.show(tmp_path / "a.png").size == (256, 128)
    assert genart.show(np.zeros((20, 20, 3), np.uint8)).size == (20, 20)
    stills = genart.generate(tmp_path / "out", model=plasma, seeds="1-4")
    assert opened(stills._repr_png_()).size == (128, 128)


@pytest.mark.parametrize(
    ("what", "options", "says"),
    [
        ("walk", {}, r"A walk needs its model to be shown: genart\.show\(walk, model\)"),
        ("latent", {}, "A latent needs its model"),
        ("plasma", {"seconds": 60}, "at most 20 s"),
        ("plasma", {"size": 4096}, "1024 pixels a side"),
        ("plasma", {"fps": 0}, "60 frames per second"),
        (7, {}, "a torch tensor, not int"),
        ("no sketch", {}, "no sketch"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    plasma: genart.Generator, what: Any, options: dict[str, Any], says: str
) -> None:
    latent = plasma.sample([1, 2])
    things = {"walk": genart.walk(latent), "latent": latent, "plasma": plasma}
    with pytest.raises(genart.UsageError, match=says):
        genart.show(things.get(what, what), **options)


def test_a_film_that_is_missing_or_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(genart.DataError, match="There is no film"):
        genart.show(tmp_path / "a.mp4")
    (tmp_path / "a.mp4").write_bytes(bytes(100))
    monkeypatch.setattr(clip, "_MOST", 99)
    with pytest.raises(genart.DataError, match="too large for a notebook"):
        genart.show(tmp_path / "a.mp4")


def test_a_clip_opens_in_the_program_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = tmp_path / ("open" if sys.platform == "darwin" else "xdg-open")
    opener.write_text(f'#!/bin/sh\ncp "$1" "{tmp_path}/seen"\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    played = genart.rendering.Clip(b"film", ".webp")
    played.show()
    assert (tmp_path / "seen").read_bytes() == b"film"
    opener.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(genart.UsageError, match=r"No program here opens it .*the file is .*\.webp"):
        played.show()


@pytest.mark.slow
def test_a_session_of_ipython_shows_everything(tmp_path: Path) -> None:
    pytest.importorskip("IPython")
    script = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import genart, torch
model = genart.load("plasma", device="cpu", resolution=32)
latent = model.sample([1, 2])
for thing in (model, latent, genart.walk(latent), model(latent), torch.zeros(4)):
    print(sorted(set(shell.display_formatter.format(thing)[0]) - {"text/plain"}))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.splitlines() == [
        "['image/png']", "['text/html']", "['text/html']", "['image/png']", "[]",
    ], done.stderr  # fmt: skip


@pytest.mark.slow
def test_the_notebook_in_the_docs_runs_and_shows_what_is_stored_in_it(tmp_path: Path) -> None:
    pytest.importorskip("IPython")
    stored = DOCS / "notebooks" / "first_walk.ipynb"
    notebook = Path(shutil.copy(stored, tmp_path / "first_walk.ipynb"))
    done = subprocess.run(
        [sys.executable, DOCS / "scripts" / "run_notebook.py", notebook],
        capture_output=True, text=True, cwd=tmp_path,
        env={**os.environ, "IPYTHONDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert shown(notebook) == shown(stored)
    kinds = [kind for cell in shown(notebook) for kind in cell]
    assert kinds.count("image/png") == 5
    assert kinds.count("text/html") == 4


def shown(notebook: Path) -> list[list[str]]:
    """The types of what each code cell shows."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    return [sorted(kind for each in cell["outputs"] for kind in each["data"]) for cell in code]


@pytest.mark.slow
def test_the_page_about_notebooks_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (DOCS / "notebooks.md").read_text("utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    made: dict[str, Any] = {}
    exec(code.replace("seconds=2", "seconds=0.2").replace("steps=20", "steps=1"), made)
    assert made["both"].space == "w"
    assert len(made["both"]) == 5
    assert float(made["distance"]) > 0
    assert Path("walk.mp4").is_file()


def test_a_model_that_is_not_complete_yet_can_be_printed(plasma: genart.Generator) -> None:
    assert repr(type(plasma).__new__(type(plasma))).startswith("<genart_plasma.plasma.Plasma obj")
