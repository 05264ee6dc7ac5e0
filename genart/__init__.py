"""genart: an instrument for making art with generative networks.

Time goes in, frames come out. A walk turns time into a latent, a generator turns the latent into
an image, a sink shows or keeps it. Whatever can vary is a plug-in.

The names an artist uses are here. The rest of the public API is in namespaces, such as
`genart.training` and `genart.live`; the public names of each are in its `__all__`. Names load on
first use, so `import genart` is cheap and `genart --help` never waits for torch.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

__version__ = "0.1.0"

if TYPE_CHECKING:
    from genart import benchmarks as benchmarks
    from genart import checkpoints as checkpoints
    from genart import editing as editing
    from genart import errors as errors
    from genart import inversion as inversion
    from genart import kernels as kernels
    from genart import latents as latents
    from genart import live as live
    from genart import media as media
    from genart import models as models
    from genart import perception as perception
    from genart import profiling as profiling
    from genart import rendering as rendering
    from genart import testing as testing
    from genart import training as training
    from genart.bending.bend import Bend
    from genart.bending.bent_generator import bend
    from genart.contracts import (
        Control,
        Frame,
        Generator,
        Image,
        Interpolator,
        Inversion,
        Inverter,
        Sink,
        Stylizer,
        Trainer,
    )
    from genart.data.file_info import info
    from genart.editing.api import directions
    from genart.editing.model_blending import blend_models
    from genart.errors import DataError, GenartError, UsageError
    from genart.hooks import Register, Spec, hookimpl
    from genart.inversion.api import invert, invert_all
    from genart.latent import Latent, join
    from genart.latents.mixing import blend, mix
    from genart.latents.npz import load_latent, save_latent
    from genart.latents.walks import Walk, walk
    from genart.live.perform import perform
    from genart.media.frames import to_frames
    from genart.media.images import to_image, to_pil
    from genart.media.sinks import MemorySink
    from genart.models.loading import load
    from genart.params import DynamicParams, Param
    from genart.playback.sketch import Sketch
    from genart.plugins import Registry, registry
    from genart.progress import Progress, ProgressCallback
    from genart.rendering.layer_view import layers
    from genart.rendering.mixing_grid import mixing_grid
    from genart.rendering.notebook import show
    from genart.rendering.promo import promo
    from genart.rendering.render_film import render
    from genart.rendering.stills import generate
    from genart.rendering.stylize import stylize, translate
    from genart.styling.factory import stylizer
    from genart.training.api import train
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.bending.bend": "Bend",
            "genart.bending.bent_generator": "bend",
            "genart.contracts": (
                "Control Frame Generator Image Interpolator Inversion "
                "Inverter Sink Stylizer Trainer"
            ),
            "genart.data.file_info": "info",
            "genart.editing.api": "directions",
            "genart.editing.model_blending": "blend_models",
            "genart.errors": "DataError GenartError UsageError",
            "genart.hooks": "Register Spec hookimpl",
            "genart.inversion.api": "invert invert_all",
            "genart.latent": "Latent join",
            "genart.latents.mixing": "blend mix",
            "genart.latents.npz": "load_latent save_latent",
            "genart.latents.walks": "Walk walk",
            "genart.live.perform": "perform",
            "genart.media.frames": "to_frames",
            "genart.media.images": "to_image to_pil",
            "genart.media.sinks": "MemorySink",
            "genart.models.loading": "load",
            "genart.params": "DynamicParams Param",
            "genart.playback.sketch": "Sketch",
            "genart.plugins": "registry Registry",
            "genart.progress": "Progress ProgressCallback",
            "genart.rendering.layer_view": "layers",
            "genart.rendering.mixing_grid": "mixing_grid",
            "genart.rendering.notebook": "show",
            "genart.rendering.promo": "promo",
            "genart.rendering.render_film": "render",
            "genart.rendering.stills": "generate",
            "genart.rendering.stylize": "stylize translate",
            "genart.styling.factory": "stylizer",
            "genart.training.api": "train",
        },
        (
            "benchmarks",
            "checkpoints",
            "editing",
            "errors",
            "inversion",
            "kernels",
            "latents",
            "live",
            "media",
            "models",
            "perception",
            "profiling",
            "rendering",
            "testing",
            "training",
        ),
    )

__all__ = [
    "Bend",
    "Control",
    "DataError",
    "DynamicParams",
    "Frame",
    "GenartError",
    "Generator",
    "Image",
    "Interpolator",
    "Inversion",
    "Inverter",
    "Latent",
    "MemorySink",
    "Param",
    "Progress",
    "ProgressCallback",
    "Register",
    "Registry",
    "Sink",
    "Sketch",
    "Spec",
    "Stylizer",
    "Trainer",
    "UsageError",
    "Walk",
    "bend",
    "blend",
    "blend_models",
    "directions",
    "generate",
    "hookimpl",
    "info",
    "invert",
    "invert_all",
    "join",
    "layers",
    "load",
    "load_latent",
    "mix",
    "mixing_grid",
    "perform",
    "promo",
    "registry",
    "render",
    "save_latent",
    "show",
    "stylize",
    "stylizer",
    "to_frames",
    "to_image",
    "to_pil",
    "train",
    "translate",
    "walk",
]

if "IPython" in sys.modules:  # a notebook: images show themselves there
    import_module("genart.media.display").show_tensors()
