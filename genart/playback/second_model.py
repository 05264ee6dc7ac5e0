"""The second model of `model.other`, blended into the first during playback."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from genart.contracts import Generator
from genart.editing.model_blending import paired

if TYPE_CHECKING:
    from genart.playback.settings import ModelSettings


class SecondModel:
    """Blends the first model with a second one.

    Attributes:
        waiting: whether the second model is being loaded.
    """

    def __init__(self) -> None:
        self.waiting = False
        self._of: tuple[Generator, str] | None = None
        self._made: Generator | None = None

    def on(
        self,
        model: Generator,
        settings: ModelSettings,
        second: Callable[[str], Generator | None],
    ) -> Generator:
        """The model blended with `settings.other`; the model itself if there is none.

        Args:
            model: the first model.
            settings: `other`, `blend` and `swap` are used; the last two may change later.
            second: returns the other model by name, or None while it is being loaded.

        Raises:
            UsageError: two models that cannot be blended.
        """
        if not settings.other:
            self.forget()
            return model
        if self._of is None or self._of[0] is not model or self._of[1] != settings.other:
            other = second(settings.other)
            self.waiting = other is None
            if other is None:
                return model
            self._made = paired(model, other, lambda: (settings.blend, settings.swap))
            self._of = model, settings.other
        self.waiting = False  # also if another second model was chosen and could not be loaded
        assert self._made is not None
        return self._made

    def forget(self) -> None:
        """Blend again at the next call."""
        self._of = self._made = None
        self.waiting = False
