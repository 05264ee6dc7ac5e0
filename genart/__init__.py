"""genart: an instrument for making art with generative networks.

Time goes in, frames come out. A walk turns time into a latent, a generator turns the latent into
an image, a sink shows or keeps it. Whatever can vary is a plug-in.

This module is the whole public API. Names load on first use, so that `import genart` is cheap
and `genart --help` never waits for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genart.benchmarks.memory import grown
    from genart.benchmarks.table import bench
    from genart.bending.bend import Bend
    from genart.bending.bent_generator import BentGenerator, bend
    from genart.checkpoints import (
        Checkpoint,
        Record,
        outline,
        read_checkpoint,
        read_weights,
        write_safetensors,
    )
    from genart.contracts import (
        BenchCase,
        BenchOptions,
        BenchRow,
        Control,
        Frame,
        Generator,
        Image,
        Interpolator,
        Inversion,
        Inverter,
        Reader,
        Sink,
        Stylizer,
        Trainer,
    )
    from genart.editing.api import directions
    from genart.editing.directions import Directions, load_directions
    from genart.editing.edited import Edited
    from genart.editing.model_blending import blend_models
    from genart.errors import (
        CheckpointError,
        DataError,
        GenartError,
        MissingExtra,
        OutputAway,
        ParamError,
        PluginError,
        RefusedCheckpoint,
        RenderError,
        SketchError,
        UnknownName,
        UsageError,
    )
    from genart.files import atomic
    from genart.hooks import hookimpl
    from genart.interrupts import whole
    from genart.inversion.api import invert, invert_all
    from genart.inversion.store import Inversions
    from genart.latent import Latent, join
    from genart.latents.constant_speed import even
    from genart.latents.easing import EASINGS
    from genart.latents.mixing import blend, mix
    from genart.latents.npz import load_latent, save_latent
    from genart.latents.walks import Walk, segment, walk
    from genart.live.perform import perform
    from genart.live.performance import Live
    from genart.live.protocols import Console, Light, LiveControl
    from genart.live.report import LiveReport
    from genart.media.frames import on_black, to_frames, to_image
    from genart.media.images import read_picture
    from genart.media.metadata import read_recipe, recipe_text, write_recipe
    from genart.media.sinks import MemorySink
    from genart.media.video import Footage
    from genart.models.capabilities import (
        Bendable,
        Blendable,
        Layered,
        NoiseMaps,
        StyleWeights,
    )
    from genart.models.delta import (
        copy_of,
        read_tuned,
        save_tuned,
        tuned_summary,
    )
    from genart.models.devices import pick_device
    from genart.models.download import cache_folder, fetch
    from genart.models.loading import load
    from genart.params import Param
    from genart.perception.efficientnet import features
    from genart.perception.perceptual import (
        PerceptualLoss,
        perceptual_distance,
        perceptual_loss,
    )
    from genart.perception.vgg import vgg16, vgg16_file
    from genart.perception.winograd import FrozenConv2d, MinimalFilter, at_points
    from genart.playback.sketch import Sketch
    from genart.plugins import registry
    from genart.profiling import Profile, span
    from genart.progress import Progress
    from genart.rendering.layer_view import layers
    from genart.rendering.mixing_grid import mixing_grid
    from genart.rendering.promo import promo
    from genart.rendering.render_film import render
    from genart.rendering.report import Report
    from genart.rendering.stills import generate
    from genart.rendering.stylize import stylize, translate
    from genart.rendering.stylize_files import Painted
    from genart.styling.factory import stylizer
    from genart.training.loop import LoopTrainer, TrainingRun
    from genart.training.run_folder import RunFolder, read_snapshot, refuse_changes
    from genart.training.settings import TrainingSettings, setting

_HOMES = {
    "genart.benchmarks.memory": "grown",
    "genart.benchmarks.table": "bench",
    "genart.bending.bend": "Bend",
    "genart.bending.bent_generator": "BentGenerator bend",
    "genart.checkpoints": (
        "Checkpoint Record outline read_checkpoint read_weights write_safetensors"
    ),
    "genart.contracts": (
        "BenchCase BenchOptions BenchRow Control Frame Generator Image Interpolator "
        "Inversion Inverter Reader Sink Stylizer Trainer"
    ),
    "genart.editing.api": "directions",
    "genart.editing.directions": "Directions load_directions",
    "genart.editing.edited": "Edited",
    "genart.editing.model_blending": "blend_models",
    "genart.errors": (
        "CheckpointError DataError GenartError MissingExtra OutputAway ParamError "
        "PluginError RefusedCheckpoint RenderError SketchError UnknownName UsageError"
    ),
    "genart.files": "atomic",
    "genart.hooks": "hookimpl",
    "genart.interrupts": "whole",
    "genart.inversion.api": "invert invert_all",
    "genart.inversion.store": "Inversions",
    "genart.latent": "Latent join",
    "genart.latents.constant_speed": "even",
    "genart.latents.easing": "EASINGS",
    "genart.latents.mixing": "blend mix",
    "genart.latents.npz": "load_latent save_latent",
    "genart.latents.walks": "Walk segment walk",
    "genart.live.perform": "perform",
    "genart.live.performance": "Live",
    "genart.live.protocols": "Console Light LiveControl",
    "genart.live.report": "LiveReport",
    "genart.media.frames": "on_black to_frames to_image",
    "genart.media.images": "read_picture",
    "genart.media.metadata": "read_recipe recipe_text write_recipe",
    "genart.media.sinks": "MemorySink",
    "genart.media.video": "Footage",
    "genart.models.capabilities": "Bendable Blendable Layered NoiseMaps StyleWeights",
    "genart.models.delta": "copy_of read_tuned save_tuned tuned_summary",
    "genart.models.devices": "pick_device",
    "genart.models.download": "cache_folder fetch",
    "genart.models.loading": "load",
    "genart.params": "Param",
    "genart.perception.efficientnet": "features",
    "genart.perception.perceptual": "PerceptualLoss perceptual_distance perceptual_loss",
    "genart.perception.vgg": "vgg16 vgg16_file",
    "genart.perception.winograd": "FrozenConv2d MinimalFilter at_points",
    "genart.playback.sketch": "Sketch",
    "genart.plugins": "registry",
    "genart.profiling": "Profile span",
    "genart.progress": "Progress",
    "genart.rendering.layer_view": "layers",
    "genart.rendering.mixing_grid": "mixing_grid",
    "genart.rendering.promo": "promo",
    "genart.rendering.render_film": "render",
    "genart.rendering.report": "Report",
    "genart.rendering.stills": "generate",
    "genart.rendering.stylize": "stylize translate",
    "genart.rendering.stylize_files": "Painted",
    "genart.styling.factory": "stylizer",
    "genart.training.loop": "LoopTrainer TrainingRun",
    "genart.training.run_folder": "RunFolder read_snapshot refuse_changes",
    "genart.training.settings": "TrainingSettings setting",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "EASINGS",
    "BenchCase",
    "BenchOptions",
    "BenchRow",
    "Bend",
    "Bendable",
    "BentGenerator",
    "Blendable",
    "Checkpoint",
    "CheckpointError",
    "Console",
    "Control",
    "DataError",
    "Directions",
    "Edited",
    "Footage",
    "Frame",
    "FrozenConv2d",
    "GenartError",
    "Generator",
    "Image",
    "Interpolator",
    "Inversion",
    "Inversions",
    "Inverter",
    "Latent",
    "Layered",
    "Light",
    "Live",
    "LiveControl",
    "LiveReport",
    "LoopTrainer",
    "MemorySink",
    "MinimalFilter",
    "MissingExtra",
    "NoiseMaps",
    "OutputAway",
    "Painted",
    "Param",
    "ParamError",
    "PerceptualLoss",
    "PluginError",
    "Profile",
    "Progress",
    "Reader",
    "Record",
    "RefusedCheckpoint",
    "RenderError",
    "Report",
    "RunFolder",
    "Sink",
    "Sketch",
    "SketchError",
    "StyleWeights",
    "Stylizer",
    "Trainer",
    "TrainingRun",
    "TrainingSettings",
    "UnknownName",
    "UsageError",
    "Walk",
    "at_points",
    "atomic",
    "bench",
    "bend",
    "blend",
    "blend_models",
    "cache_folder",
    "copy_of",
    "directions",
    "even",
    "features",
    "fetch",
    "generate",
    "grown",
    "hookimpl",
    "invert",
    "invert_all",
    "join",
    "layers",
    "load",
    "load_directions",
    "load_latent",
    "mix",
    "mixing_grid",
    "on_black",
    "outline",
    "perceptual_distance",
    "perceptual_loss",
    "perform",
    "pick_device",
    "promo",
    "read_checkpoint",
    "read_picture",
    "read_recipe",
    "read_snapshot",
    "read_tuned",
    "read_weights",
    "recipe_text",
    "refuse_changes",
    "registry",
    "render",
    "save_latent",
    "save_tuned",
    "segment",
    "setting",
    "span",
    "stylize",
    "stylizer",
    "to_frames",
    "to_image",
    "translate",
    "tuned_summary",
    "vgg16",
    "vgg16_file",
    "walk",
    "whole",
    "write_recipe",
    "write_safetensors",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f'genart has no "{name}"; its names are in genart.__all__.')
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
