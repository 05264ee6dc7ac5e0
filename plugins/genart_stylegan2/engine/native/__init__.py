"""The accelerator: the engine's work in compiled kernels, optional, needs a compiler.

| module    | is                                                                            |
|-----------|-------------------------------------------------------------------------------|
| `choice`  | whether there is an accelerator, by `GENART_NATIVE` and what was built        |
| `build`   | the system's C++ compiler, run once, into the cache folder                    |
| `check`   | whether a library makes what torch makes                                      |
| `library` | its functions as Python sees them                                             |
| `plan`    | one image in one call                                                       |
| `noise`   | the noise of a plan's layers                                                  |
| `*.cpp`, `*.h` | the kernels: `simd` vectors, `team` threads, `product` of matrices,      |
|           | `filtering` Winograd's, `plain` and `raised` convolutions, `paint` RGB        |

The interface is plain C over addresses, called by ctypes. It knows nothing of torch, so the library
serves every version of torch and Python, compiles in seconds, and needs no headers of theirs. One
library is compiled for each kind of processor, AVX-512, AVX2 or neither, as torch names it; the
source has no intrinsics, only the vector extensions that GCC and Clang share.

`python -m genart_stylegan2.engine.native` builds it. If there is none, there is no message and the
engine does the work in torch.
"""

from .choice import library
from .plan import Kernels, NativePlan, is_possible

__all__ = ["Kernels", "NativePlan", "is_possible", "library"]
