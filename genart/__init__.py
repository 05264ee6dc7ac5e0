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
    from genart.benching.bench import bench
    from genart.benching.memory import grown
    from genart.benching.rows import BenchCase, BenchOptions, BenchRow
    from genart.bending.bends import Bend
    from genart.bending.bent import Bent
    from genart.bending.view import layers
    from genart.checkpoints import (
        Checkpoint,
        Record,
        outline,
        read_checkpoint,
        read_weights,
        write_safetensors,
    )
    from genart.contracts import (
        Control,
        Frame,
        Generator,
        Image,
        Interpolator,
        Inversion,
        Inverter,
        Latent,
        Progress,
        Reader,
        Sink,
        Stylizer,
        Trainer,
    )
    from genart.download import cache_folder, fetch
    from genart.easing import EASINGS
    from genart.editing.capable import Bendable, Blendable, Layered, NoiseMaps, StyleWeights
    from genart.editing.directions import Directions, load_directions
    from genart.editing.edited import Edited
    from genart.editing.make import directions
    from genart.editing.pairing import blend_models
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
    from genart.films import Footage
    from genart.frames import on_black, to_frames, to_image
    from genart.hooks import hookimpl
    from genart.inversion import invert, invert_all
    from genart.inverted import Inversions
    from genart.latentfile import load_latent, save_latent
    from genart.latents import join
    from genart.live.live import Live
    from genart.live.perform import perform
    from genart.live.report import LiveReport
    from genart.minimal import FrozenConv2d, MinimalFilter, at_points
    from genart.mixing import blend, mix
    from genart.models import load, pick_device
    from genart.pacing import even
    from genart.params import Param
    from genart.patience import whole
    from genart.perception import PerceptualLoss, features, perceptual_distance, perceptual_loss
    from genart.pictures import read_picture
    from genart.playing import Console, Light, LiveControl
    from genart.plugins import registry
    from genart.profiling import Profile, span
    from genart.recipe import read_recipe, recipe_text, write_recipe
    from genart.rendering import Report, promo, render
    from genart.runfolder import RunFolder, read_snapshot, refuse_changes
    from genart.sinks import MemorySink
    from genart.sketch import Sketch
    from genart.stills import generate, mixing_grid
    from genart.styling.make import stylizer
    from genart.styling.paint import Painted
    from genart.styling.stylize import stylize, translate
    from genart.trainloop import LoopTrainer, TrainingRun
    from genart.trainsettings import TrainingSettings, setting
    from genart.tuning import copy_of, read_tuned, save_tuned, tuned_summary
    from genart.vgg import vgg16, vgg16_file
    from genart.walks import Walk, segment, walk

_HOMES = {
    "genart.benching.bench": ("bench",),
    "genart.benching.memory": ("grown",),
    "genart.benching.rows": ("BenchCase", "BenchOptions", "BenchRow"),
    "genart.bending.bends": ("Bend",),
    "genart.bending.bent": ("Bent",),
    "genart.bending.view": ("layers",),
    "genart.checkpoints": (
        "Checkpoint",
        "Record",
        "outline",
        "read_checkpoint",
        "read_weights",
        "write_safetensors",
    ),
    "genart.contracts": (
        "Control",
        "Frame",
        "Generator",
        "Image",
        "Interpolator",
        "Inversion",
        "Inverter",
        "Latent",
        "Progress",
        "Reader",
        "Sink",
        "Stylizer",
        "Trainer",
    ),
    "genart.download": ("cache_folder", "fetch"),
    "genart.easing": ("EASINGS",),
    "genart.editing.capable": (
        "Bendable",
        "Blendable",
        "Layered",
        "NoiseMaps",
        "StyleWeights",
    ),
    "genart.editing.directions": ("Directions", "load_directions"),
    "genart.editing.edited": ("Edited",),
    "genart.editing.make": ("directions",),
    "genart.editing.pairing": ("blend_models",),
    "genart.errors": (
        "CheckpointError",
        "DataError",
        "GenartError",
        "MissingExtra",
        "OutputAway",
        "ParamError",
        "PluginError",
        "RefusedCheckpoint",
        "RenderError",
        "SketchError",
        "UnknownName",
        "UsageError",
    ),
    "genart.files": ("atomic",),
    "genart.films": ("Footage",),
    "genart.minimal": ("FrozenConv2d", "MinimalFilter", "at_points"),
    "genart.frames": ("on_black", "to_frames", "to_image"),
    "genart.hooks": ("hookimpl",),
    "genart.inversion": ("invert", "invert_all"),
    "genart.inverted": ("Inversions",),
    "genart.latentfile": ("load_latent", "save_latent"),
    "genart.latents": ("join",),
    "genart.live.live": ("Live",),
    "genart.live.perform": ("perform",),
    "genart.live.report": ("LiveReport",),
    "genart.mixing": ("blend", "mix"),
    "genart.models": ("load", "pick_device"),
    "genart.pacing": ("even",),
    "genart.params": ("Param",),
    "genart.patience": ("whole",),
    "genart.perception": (
        "PerceptualLoss",
        "features",
        "perceptual_distance",
        "perceptual_loss",
    ),
    "genart.pictures": ("read_picture",),
    "genart.playing": ("Console", "Light", "LiveControl"),
    "genart.plugins": ("registry",),
    "genart.profiling": ("Profile", "span"),
    "genart.recipe": ("read_recipe", "recipe_text", "write_recipe"),
    "genart.rendering": ("Report", "promo", "render"),
    "genart.runfolder": ("RunFolder", "read_snapshot", "refuse_changes"),
    "genart.sinks": ("MemorySink",),
    "genart.sketch": ("Sketch",),
    "genart.stills": ("generate", "mixing_grid"),
    "genart.styling.make": ("stylizer",),
    "genart.trainloop": ("LoopTrainer", "TrainingRun"),
    "genart.trainsettings": ("TrainingSettings", "setting"),
    "genart.tuning": ("copy_of", "read_tuned", "save_tuned", "tuned_summary"),
    "genart.vgg": ("vgg16", "vgg16_file"),
    "genart.styling.paint": ("Painted",),
    "genart.styling.stylize": ("stylize", "translate"),
    "genart.walks": ("Walk", "segment", "walk"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "EASINGS",
    "BenchCase",
    "BenchOptions",
    "BenchRow",
    "Bend",
    "Bendable",
    "Bent",
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
