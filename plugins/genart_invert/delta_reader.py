"""The reader of tuned generators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import genart

if TYPE_CHECKING:
    import torch


class TunedReader:
    """Reads what `genart.models.save_tuned` wrote."""

    def recognise(self, checkpoint: genart.checkpoints.Checkpoint) -> dict[str, Any] | None:
        """A summary from the header alone; None for other files."""
        return genart.models.tuned_summary(checkpoint)

    def load(
        self, checkpoint: genart.checkpoints.Checkpoint, *, name: str, device: torch.device
    ) -> genart.Generator:
        """The parent with the difference added; raises CheckpointError where it is not here."""
        return genart.models.read_tuned(checkpoint, name, device)
