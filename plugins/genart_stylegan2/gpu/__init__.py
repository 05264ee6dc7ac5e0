"""An engine for inference on CUDA, beside the one for CPUs.

| module    | is                                                                        |
|-----------|---------------------------------------------------------------------------|
| `engine`  | what generators ask: it decides between itself and the network            |
| `flow`    | one batch of images as few, large operations of torch                   |
| `kernels` | the passes after a convolution, in torch, and in Triton where there is one |
| `graphs`  | work of fixed shapes, recorded once and played again                      |
"""

from .engine import GpuEngine

__all__ = ["GpuEngine"]
