"""The two types of images: `Image`, torch floats in batches, and `Frame`, the bytes of one image.

| name  | is          | shape                                      | range      |
|-------|-------------|--------------------------------------------|------------|
| Image | torch float | (n, 3, h, w), or (n, 4, h, w) with alpha   | -1..1      |
| Frame | numpy uint8 | (h, w, 3), or (h, w, 4) with alpha         | 0..255 sRGB|
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    #: One frame: numpy uint8 (h, w, 3) in sRGB, or (h, w, 4) with alpha.
    Frame: TypeAlias = NDArray[np.uint8]
    #: Images: torch float (n, 3, h, w) in -1..1, or (n, 4, h, w) with alpha.
    Image: TypeAlias = torch.Tensor
else:
    Frame = Image = Any
