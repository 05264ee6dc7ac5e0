"""The second model of `model.other`, blended into the first during playback."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from genart.contracts import Generator
from genart.editing.model_blending import paired

if TYPE_CHECKING:
    from genart.playback.settings import ModelSettings


class SecondModel:
    """The model of a stage with its second one, made once for both.

    Attributes:
        waiting: whether the second one was asked for and is not here yet.
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
        """The model blended with `settings.other`; the model itself where that is not asked for.

        Args:
            model: the first.
            settings: `other`, `blend` and `swap` count; the last two may be turned later.
            second: gives the other one by name, or None while it is not here yet.

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
        self.waiting = False  # also where another was asked for, and given up
        assert self._made is not None
        return self._made

    def forget(self) -> None:
        """Make it anew the next time."""
        self._of = self._made = None
        self.waiting = False
