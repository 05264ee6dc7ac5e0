"""Training: one loop for every trainer, its settings, and the folder of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.data.image_source import ImageSource, Squares, crop_square, load_squares
    from genart.data.labels import Labels, read_labels
    from genart.media.image_report import ImageReport, LeftOut, UnreadableImage
    from genart.training.loop import LoopTrainer, TrainingRun
    from genart.training.run_folder import RunFolder, read_snapshot, refuse_changes
    from genart.training.settings import TrainingSettings, setting
    from genart.training.weight_average import WeightAverage, ramped_decay
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.data.image_source": "ImageSource Squares crop_square load_squares",
            "genart.data.labels": "Labels read_labels",
            "genart.media.image_report": "ImageReport LeftOut UnreadableImage",
            "genart.training.loop": "LoopTrainer TrainingRun",
            "genart.training.run_folder": "RunFolder read_snapshot refuse_changes",
            "genart.training.settings": "TrainingSettings setting",
            "genart.training.weight_average": "WeightAverage ramped_decay",
        },
    )

__all__ = [
    "ImageReport",
    "ImageSource",
    "Labels",
    "LeftOut",
    "LoopTrainer",
    "RunFolder",
    "Squares",
    "TrainingRun",
    "TrainingSettings",
    "UnreadableImage",
    "WeightAverage",
    "crop_square",
    "load_squares",
    "ramped_decay",
    "read_labels",
    "read_snapshot",
    "refuse_changes",
    "setting",
]
