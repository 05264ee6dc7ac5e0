"""Models: found, downloaded, loaded and converted; optional abilities of generators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.bending.bent_generator import BentGenerator
    from genart.contracts import Noise
    from genart.files import cache_folder, file_hash
    from genart.models.capabilities import (
        Bendable,
        Blendable,
        Change,
        Layered,
        NoiseMaps,
        StyleWeights,
    )
    from genart.models.delta import copy_of, read_tuned, save_tuned, tuned_summary
    from genart.models.devices import pick_device
    from genart.models.download import fetch
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.contracts": "Noise",
            "genart.bending.bent_generator": "BentGenerator",
            "genart.files": "cache_folder file_hash",
            "genart.models.capabilities": (
                "Bendable Blendable Change Layered NoiseMaps StyleWeights"
            ),
            "genart.models.delta": "copy_of read_tuned save_tuned tuned_summary",
            "genart.models.devices": "pick_device",
            "genart.models.download": "fetch",
        },
    )

__all__ = [
    "Bendable",
    "BentGenerator",
    "Blendable",
    "Change",
    "Layered",
    "Noise",
    "NoiseMaps",
    "StyleWeights",
    "cache_folder",
    "copy_of",
    "fetch",
    "file_hash",
    "pick_device",
    "read_tuned",
    "save_tuned",
    "tuned_summary",
]
