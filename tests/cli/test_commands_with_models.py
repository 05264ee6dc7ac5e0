"""Every command with every kind of model: it works, or refuses in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.model_kinds import KINDS, SIDE, registered

import genart
from genart.plugins import registry

#: Commands without a model of latents.
WITHOUT = {
    "bench", "models", "params", "plugins", "sketches", "strokes", "stylize", "translate",
}  # fmt: skip
#: A short use of each command; MODEL, IMAGE and LATENT are replaced.
CASES: dict[str, str] = {
    "generate": "generate --model MODEL --seeds 1-2 -o out",
    "generate grid": "generate --model MODEL --seeds 1-2 --grid 2x1 --size 48x32 -o out.png",
    "generate latents": "generate --model MODEL --seeds 1-2 -o out.npz",
    "generate of a latent": "generate --model MODEL --latent LATENT -o out.jpg",
    "mix": "mix --model MODEL --rows 1 --cols 2-3 --styles 0 -o out.png",
    "mix film": "mix --model MODEL --rows 1 --cols 2 --seconds 0.2 --fps 10 -o out.gif",
    "render": "render drift --no-even --model MODEL --seeds 1-2 --seconds 0.2 --fps 10 --size 32"
    " -o out.mp4",
    "render wide": "render drift --no-even --model MODEL --seconds 0.2 --fps 10 --size 64x32"
    " -o out.apng",
    "promo": 'promo "drift model=MODEL seconds=0.2" IMAGE --still 0.1 --crossfade 0 --fps 10'
    " --size 32 -o out.mp4",
    "live": "live drift --model MODEL --headless --web 127.0.0.1:0 --osc 127.0.0.1:0 --seconds 0.3"
    " --size 32 --fps 10",
    "layers": "layers MODEL --layer 16.conv1 --size 16 -o out.png",
    "list layers": "layers MODEL",
    "directions sefa": "directions MODEL --count 2 -o out.npz --sheet out.png",
    "directions pca": "directions MODEL --method pca --samples 64 --count 2 -o out.npz",
    "directions of a layer": "directions MODEL --method pca --layer b8.conv0 --samples 64"
    " --count 2 -o out.npz",
    "directions contrast": "directions MODEL --method contrast --positive 1-9 --negative 10-19"
    " -o out.npz",
    "invert projector": "invert IMAGE --model MODEL --method projector --steps 1 -o out",
    "invert with a film": "invert IMAGE --model MODEL --steps 1 --film out.mp4 -o out",
    "invert w+": "invert IMAGE --model MODEL --space w+ --steps 1 -o out",
    "invert encoder": "invert IMAGE --model MODEL --method encoder --steps 1 -o out",
    "invert pivotal": "invert IMAGE --model MODEL --method pivotal --steps 1 --tuning 1 -o out",
    "invert semantic": "invert IMAGE --model MODEL --method semantic --steps 1 -o out",
    "train encoder": "train encoder --model MODEL --out out --samples 4 --batch 2 --recall 1"
    " --width 4",
    "train stylegan2": "train stylegan2 --data DATA --out out --transfer MODEL --resolution 32"
    " --z-dim 24 --w-dim 20 --mapping-layers 2 --channel-base 256 --channel-max 24 --batch 2"
    " --kimg 0.002 --aug none --pl-weight 0",
    "convert": "models convert MODEL out.safetensors",
    "info": "info MODEL_FILE",
}
FORMULAS = ("oblong", "plasma")
#: What cannot work: the kinds of a case, and a part of the reason.
REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "layers": (FORMULAS, "does not show its layers"),
    "list layers": (FORMULAS, "does not show its layers"),
    "directions sefa": ((*FORMULAS, "bent"), "has no styles, which sefa needs"),
    "directions of a layer": (FORMULAS, "does not expose its layers"),
    "convert": ((*FORMULAS, "bent"), "has no weights to save"),
    "invert encoder": (tuple(KINDS), "encoder"),
    "invert pivotal": ((*FORMULAS, "blended", "bent"), "has no weights that could be tuned"),
    "train encoder": (FORMULAS, "has no file, so an encoder cannot identify it"),
    "train stylegan2": (tuple(kind for kind in KINDS if kind not in ("rgb", "tuned")), ""),
}
SLOW = ("invert", "promo", "live", "train", "directions")


def test_every_command_is_walked() -> None:
    walked = {words.split()[0] for words in CASES.values()}
    assert walked | WITHOUT == set(registry("command")) | {"models"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The models by name; an image, and images to learn from."""
    path = tmp_path_factory.mktemp("kinds")
    draw = np.random.default_rng(0)
    (path / "data").mkdir()
    for n in range(2):
        frame = draw.integers(0, 255, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(frame).save(path / "data" / f"{n}.png")
    with registered(path):
        yield path


def cases() -> Iterator[Any]:
    for name in CASES:
        marks = [pytest.mark.slow] if name.startswith(SLOW) else []
        for kind in KINDS:
            yield pytest.param(name, kind, marks=marks, id=f"{name} {kind}")


@pytest.mark.parametrize(("name", "kind"), list(cases()))
def test_a_command_works_with_a_model_or_refuses_in_one_sentence(
    name: str,
    kind: str,
    folder: Path,
    genart_command: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    model, file = f"a-{kind}", folder / f"{kind}.safetensors"
    if "LATENT" in CASES[name]:
        made = genart.load(model, "cpu")
        genart.save_latent("some.npz", made.map(made.sample([1])))
    if "MODEL_FILE" in CASES[name] and not file.exists():
        pytest.skip("this kind has no file")
    known = {
        "MODEL_FILE": file, "MODEL": model, "IMAGE": folder / "data" / "0.png",
        "DATA": folder / "data", "LATENT": "some.npz",
    }  # fmt: skip
    done = genart_command(*words(CASES[name], known))
    assert "GENART_DEBUG" not in done.err, done.err
    assert "Traceback" not in done.err, done.err
    refused, reason = REFUSED.get(name, ((), ""))
    if kind not in refused:
        assert done.code == 0, done.err
    else:
        assert done.code in (1, 2)
        assert reason in done.err
        assert not [path for path in tmp_path.glob("out.*") if path.is_file()]


def words(text: str, known: dict[str, object]) -> list[str]:
    import shlex

    def filled(word: str) -> str:
        for name, value in known.items():
            word = word.replace(name, str(value))
        return word

    return [filled(word) for word in shlex.split(text)]
