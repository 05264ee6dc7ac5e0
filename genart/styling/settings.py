"""Settings of the stylizers that repaint an image."""

from __future__ import annotations

from collections.abc import Iterable

from genart.params import Param


def _styles() -> Iterable[str]:
    """What stylizers offer to be named after their colon."""
    from genart.plugins import registry

    for name, entry in registry("stylizer").items():
        if entry.spec.offers is not None:
            yield from (f"{name}:{each}" for each in entry.spec.offers())


class StyleSettings:
    """The chain of stylizers; the stylizers add their Params."""

    chain = Param(
        "", suggest=_styles, label="stylizers",
        help="Stylizers, for example fast:great_wave + cyclegan:fruit.pth.",
    )  # fmt: skip
    amount = Param(1.0, 0.0, 1.0, help="Share of the repainted image; 0 shows the image itself.")
    size = Param(
        0,
        0,
        8192,
        unit="px",
        label="painted size",
        help="Shorter side of the image that is repainted; 0 is that of the film.",
    )
