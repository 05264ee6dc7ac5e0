"""Style mixing during playback: layers that follow the keys of `walk.mix_keys`."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import TYPE_CHECKING

from genart.contracts import Generator
from genart.editing.style_mixing import layer_weights, mix_layers
from genart.latent import Latent
from genart.latents.keys import make_keys
from genart.latents.walks import Walk, walk
from genart.plugins import registry

if TYPE_CHECKING:
    from genart.playback.settings import Settings


class StyleMix:
    """Mixes the styles of `walk.mix_keys` into layers of the images.

    Several keys are walked like those of the walk itself, at the same time.
    """

    def __init__(self) -> None:
        self._of: tuple[object, ...] | None = None
        self._way: Callable[[float], Latent] | None = None

    def on(self, model: Generator, base: Generator, settings: Settings) -> Generator:
        """The generator with layers mixed in; the generator itself if no keys are named.

        Args:
            model: the generator.
            base: the model as it was loaded, from which the keys are drawn.
            settings: `walk.mix_keys`, `mix`, `mix_first` and `mix_last` are used.

        Raises:
            UsageError: a text that is not keys, or keys of another model.
        """
        walks = settings.walk
        if not walks.mix_keys:
            return model
        known = registry("interpolator")[walks.kind]
        options = walks.options(signature(known.factory).parameters)
        of = (base, walks.mix_keys, settings.model.label, walks.space, walks.kind, walks.loop,
              walks.easing, options)  # fmt: skip
        if self._of != of:
            self._way, self._of = _way(base, settings, dict(options)), of
        way = self._way
        assert way is not None
        return mix_layers(
            model,
            lambda: way(settings.transport.phase),
            lambda: layer_weights(model.num_ws, walks.mix_first, walks.mix_last, walks.mix),
        )


def _way(
    base: Generator, settings: Settings, options: dict[str, object]
) -> Callable[[float], Latent]:
    walks, label = settings.walk, settings.model.label
    keys = make_keys(base, walks.mix_keys, None if label < 0 else label, walks.space)
    if len(keys) == 1:
        return lambda phase: keys
    made: Walk = walk(keys, walks.kind, loop=walks.loop, easing=walks.easing, **options)
    return made
