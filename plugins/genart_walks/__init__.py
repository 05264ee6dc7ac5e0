"""The included walks: through keys, around keys, and in truncation.

A factory takes the options of a walk and imports the interpolator when it is needed.
"""

from __future__ import annotations

import genart


@genart.hookimpl
def register_interpolators(register: genart.Register[genart.Interpolator]) -> None:
    """Offer eight kinds of walk; "spherical" is another name of "slerp"."""
    register("linear", linear)
    register("slerp", slerp)
    register("spherical", slerp)
    register("cubic", cubic)
    register("bspline", bspline)
    register("circle", circle)
    register("noise", noise)
    register("pulse", pulse)
    register("traverse", traverse)


def linear() -> genart.Interpolator:
    """Straight from key to key."""
    from genart_walks.splines import linear

    return linear


def slerp() -> genart.Interpolator:
    """Along great circles from key to key; in w and w+, which are no spheres, straight."""
    from genart_walks.splines import slerp

    return slerp


def cubic() -> genart.Interpolator:
    """A Catmull-Rom spline through the keys: no corners."""
    from genart_walks.splines import cubic

    return cubic


def bspline() -> genart.Interpolator:
    """A cubic B-spline through the keys: no corners, with continuous curvature."""
    from genart_walks.splines import bspline

    return bspline


def circle(*, seed: int = 0, radius: float = 1.0) -> genart.Interpolator:
    """A circle in a random plane, from the first key.

    Args:
        seed: which plane.
        radius: in z, 1 is the radius sqrt(z_dim) at which keys lie; in w and w+, 1 is the
            distance of the first key from the keys' mean, which is the centre.
    """
    from genart_walks.circle_noise import Circle

    return Circle(seed, radius)


def noise(*, seed: int = 0, radius: float = 1.0, smoothness: float = 0.6) -> genart.Interpolator:
    """A closed random path around the keys.

    Args:
        seed: which path.
        radius: deviation from the keys; 0 is the keys alone, 1 is as far as the keys are apart.
        smoothness: length scale of the path; 0.2 trembles, 0.6 wanders, 2 is nearly a circle.
    """
    from genart_walks.circle_noise import NoisePath

    return NoisePath(seed, radius, smoothness)


def pulse(
    *, base: str = "slerp", pulses: int = 0, low: float = 0.3, high: float = 1.0
) -> genart.Interpolator:
    """Truncation oscillates while the latent walks.

    Args:
        base: the interpolator of the latent; a single key does not move.
        pulses: breaths in the whole walk; 0 is one a key.
        low: factor on the truncation between breaths.
        high: factor at the height of a breath, and at phase 0.
    """
    from genart_walks.truncation import TruncationWalk

    return TruncationWalk(base, high, low, pulses)


def traverse(*, base: str = "slerp", low: float = -1.0, high: float = 1.0) -> genart.Interpolator:
    """Truncation goes from low to high, and back in a loop: each image meets its opposite.

    Args:
        base: the interpolator of the latent; a single key does not move.
        low: factor on the truncation at phase 0.
        high: factor half way round a loop, or at the end of an open walk.
    """
    from genart_walks.truncation import TruncationWalk

    return TruncationWalk(base, low, high, 1, there_only=True)
