"""Rendering: films, stills and style transfer written to files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.rendering.clip import Clip
    from genart.rendering.layer_view import Layer, LayerView
    from genart.rendering.report import Report
    from genart.rendering.scenes import Scene
    from genart.rendering.still_files import Stills
    from genart.rendering.stylize_files import Painted
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.rendering.scenes": "Scene",
            "genart.rendering.layer_view": "Layer LayerView",
            "genart.rendering.clip": "Clip",
            "genart.rendering.report": "Report",
            "genart.rendering.still_files": "Stills",
            "genart.rendering.stylize_files": "Painted",
        },
    )

__all__ = [
    "Clip",
    "Layer",
    "LayerView",
    "Painted",
    "Report",
    "Scene",
    "Stills",
]
