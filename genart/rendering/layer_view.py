"""genart.layers: the channels of a layer as an image, or along a walk as a film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genart.bending.bent_generator import bend as bend_model
from genart.bending.channels import Channels
from genart.bending.clusters import clusters as found_clusters
from genart.bending.layers import find_layer
from genart.contracts import Frame, Generator
from genart.errors import UsageError
from genart.files import check_writable
from genart.latent import Latent
from genart.latents.keys import Keys, format_keys, make_keys, parse_keys
from genart.media.film_spec import parse_fps
from genart.media.recipe import make_recipe, model_facts
from genart.media.sheets import SUFFIXES, save_picture
from genart.models.capabilities import Layered
from genart.models.loading import as_generator, model_name
from genart.playback.sketch import Sketch
from genart.progress import ProgressCallback
from genart.rendering.job import start_job
from genart.rendering.recipe import named_files
from genart.rendering.request import RenderRequest
from genart.rendering.write import check_output, write_film

_GAP, _WIDER = 2, 12  # pixels between cells, and between groups of them
_SMALLEST = 48  # pixels a side that a map is enlarged to
_BRIGHT = 0.995  # the share of values that stay below full colour
_WARM, _COLD = np.array([255, 214, 150.0]), np.array([90, 150, 255.0])  # above and below 0


@dataclass(frozen=True)
class Layer:
    """One layer of a model.

    Attributes:
        name: its full name.
        channels: how many it has.
        size: (w, h) of its maps in pixels.
    """

    name: str
    channels: int
    size: tuple[int, int]


@dataclass(frozen=True)
class LayerView:
    """The layers of a model, and the file that shows one.

    Attributes:
        layers: the layer shown, or all if none was chosen.
        output: the file, or None.
        size: (w, h) of it in pixels.
        recipe: how the file was made.
    """

    layers: list[Layer]
    output: Path | None = None
    size: tuple[int, int] | None = None
    recipe: dict[str, Any] | None = None


def layers(
    model: str | Path | Generator = "pomona",
    output: str | Path | None = None,
    *,
    layer: str | None = None,
    keys: Keys = "1",
    channels: str = "all",
    clusters: int | None = None,
    bend: str = "",
    truncation: float = 0.7,
    columns: int | None = None,
    size: int | None = None,
    seconds: float = 8.0,
    fps: float | str = 30,
    device: str = "auto",
    progress: ProgressCallback | None = None,
) -> LayerView:
    """Show the channels of a layer, or list the layers of a model.

    Each channel is a cell: black where its value is 0, warm above, blue below, all on one scale.

    Args:
        model: a Generator that shows its layers, or what `load` takes.
        output: an image of the first key, or a film of a walk through all of them.
        layer: "b16.conv1", "16.1" or "16"; None lists all.
        keys: seeds, latent files and latents.
        channels: "all", "0-15", "25%", "cluster 2 of 5".
        clusters: show the channels in so many groups that draw similar things.
        bend: bends of the model, as for `genart.bend`.
        truncation: 1 changes nothing, 0 gives the average image.
        columns: cells in a row; about square unless given.
        size: the longer side of a cell in pixels.
        seconds: how long a film is.
        fps: its frames per second.
        device: where to load the model.
        progress: called after every frame of a film.

    Raises:
        UsageError: a model that does not show its layers, or an argument out of range.
        UnknownName: no such layer.
    """
    if output is not None:
        check_writable(output)
    base = as_generator(model, device, progress=progress)
    if not isinstance(base, Layered):
        raise UsageError(f'"{base.name}" does not show its layers; StyleGAN2 models do.')
    names = base.layer_names() if layer is None else [find_layer(layer, base.layer_names())]
    chosen = parse_keys(keys)
    latents = make_keys(base, chosen)
    shown = [_measured(base, latents[0], name) for name in names]
    if output is None:
        return LayerView(shown)
    if layer is None:
        raise UsageError(f"Name the layer to show; there are {', '.join(names)}.")
    path = Path(output)
    order = _order(base, shown[0], channels, clusters)
    grid = _Grid(shown[0], order, columns, size)
    shape: dict[str, Any] = {"columns": columns, "size": size}
    shape |= {} if path.suffix.lower() in SUFFIXES else {"seconds": seconds, "fps": fps}
    facts: dict[str, Any] = {
        "model": model_facts(model_name(model), base.source),
        "layer": names[0], "keys": format_keys(chosen), "bend": bend, "truncation": truncation,
        "files": named_files({"walk.keys": format_keys(chosen), "model.bend": bend}),
    }  # fmt: skip
    recipe = make_recipe(_command(facts, channels, clusters, path, shape), facts)
    if path.suffix.lower() in SUFFIXES:
        drawn = bend_model(base, bend) if bend else base
        assert isinstance(drawn, Layered)
        with torch.no_grad():
            frame = grid.drawn(drawn.activations(latents[0], names[0], truncation=truncation))
        save_picture(path, frame, recipe)
    else:
        _film(
            path, grid, names[0], recipe, progress,
            RenderRequest(
                model=base, keys=tuple(chosen), truncation=truncation, seconds=seconds,
                fps=parse_fps(fps), params={"model.bend": bend},
            ),
        )  # fmt: skip
    return LayerView(shown, path, grid.size[::-1], recipe)


def _measured(model: Layered, latent: Latent, name: str) -> Layer:
    with torch.no_grad():
        made = model.activations(latent, name)
    return Layer(name, made.shape[1], (made.shape[3], made.shape[2]))


def _order(model: Layered, layer: Layer, channels: str, clusters: int | None) -> list[list[int]]:
    """Return the channels to show, in groups."""
    chosen = Channels(channels).of(layer.channels, model, layer.name)
    numbers = range(layer.channels) if chosen is None else chosen.tolist()
    if clusters is None:
        return [list(numbers)]
    labels = found_clusters(model, layer.name, clusters).tolist()
    groups = [[n for n in numbers if labels[n] == k] for k in range(clusters)]
    return [group for group in groups if group]


class _Grid:
    """Cells in rows; each group starts a new row.

    Attributes:
        size: (h, w) of the image, even.
    """

    def __init__(
        self, layer: Layer, groups: Sequence[Sequence[int]], columns: int | None, size: int | None
    ) -> None:
        width, height = layer.size
        wanted = size or max(_SMALLEST, width, height)
        if not 2 <= wanted <= 2048 or (columns is not None and not 1 <= columns <= 1024):
            raise UsageError("A cell has 2..2048 pixels a side, and a row 1..1024 cells.")
        scale = wanted / max(width, height)
        self.cell = max(1, round(height * scale)), max(1, round(width * scale))
        count = sum(len(group) for group in groups)
        across = columns or int(np.ceil(np.sqrt(count)))
        self._cells: list[tuple[int, int, int]] = []  # each channel with its y and x
        y = _GAP - _WIDER
        for group in groups:
            y += _WIDER
            for at, channel in enumerate(group):
                x = _GAP + at % across * (self.cell[1] + _GAP)
                self._cells.append((channel, y + at // across * (self.cell[0] + _GAP), x))
            y += -(-len(group) // across) * (self.cell[0] + _GAP)
        wide = min(across, max(map(len, groups))) * (self.cell[1] + _GAP) + _GAP
        self.size = y + y % 2, wide + wide % 2
        self._scale: float | None = None

    def drawn(self, activations: torch.Tensor) -> Frame:
        """Return the image of activations (1, c, h, w); the first call sets the scale."""
        values = activations[0].float().cpu()
        if self._scale is None:
            shown = values[[channel for channel, _, _ in self._cells]].abs().flatten()
            best = max(1, round(len(shown) * _BRIGHT))
            self._scale = float(shown.kthvalue(best).values) or 1.0
        high, wide = self.cell
        down = (torch.arange(high) * values.shape[1] // high)[:, None]
        cells = (
            values[:, down, torch.arange(wide) * values.shape[2] // wide] / self._scale
        ).numpy()
        picture = np.zeros((*self.size, 3), np.uint8)
        for channel, y, x in self._cells:
            picture[y : y + high, x : x + wide] = _coloured(cells[channel])
        return picture


def _coloured(values: Any) -> Frame:
    strength = np.clip(np.abs(values), 0, 1)[..., None]
    colours: Frame = (strength * np.where(values[..., None] > 0, _WARM, _COLD)).astype(np.uint8)
    return colours


def _film(
    output: Path,
    grid: _Grid,
    layer: str,
    recipe: dict[str, Any],
    progress: ProgressCallback | None,
    request: RenderRequest,
) -> None:
    class Cells(Sketch):
        """A layer along a walk."""

        defaults = {"walk.kind": "cubic", "walk.space": "w"}  # noqa: RUF012

        def draw(self, t: float, dt: float) -> Frame:
            """Return the layer at this time."""
            assert isinstance(self.model, Layered)
            psi = self.settings.model.truncation
            return grid.drawn(self.model.activations(self.walk(self.phase), layer, truncation=psi))

    check_output(output)
    job = start_job(replace(request, sketch=Cells, size=grid.size))
    write_film(job.frames, job.film, output, progress, recipe=recipe)


def _command(
    facts: dict[str, Any], channels: str, clusters: int | None, output: Path, shape: dict[str, Any]
) -> list[str]:
    words = ["genart", "layers", facts["model"]["name"], "--layer", facts["layer"]]
    words += ["--keys", facts["keys"], "--truncation", str(facts["truncation"])]
    words += ["--channels", channels] if channels != "all" else []
    words += ["--clusters", str(clusters)] if clusters is not None else []
    words += ["--bend", facts["bend"]] if facts["bend"] else []
    for name, value in shape.items():
        words += [] if value is None else [f"--{name}", str(value)]
    return [*words, "-o", output.name]
