"""An engine for inference, separate from the network, which stays the readable reference.

| module     | is                                                                       |
|------------|--------------------------------------------------------------------------|
| `engine`   | what generators ask: it decides between itself and the network           |
| `watch`    | whether the weights are still the same, and the network a plain one      |
| `plan`     | one picture as a list of steps over fixed memory                         |
| `numbers`  | what changes from picture to picture: styles, demodulation, noise        |
| `forms`    | a styled convolution as steps: dense, or by minimal filtering            |
| `winograd` | the matrices of minimal filtering                                        |
| `canvas`   | what layers to RGB add to the picture                                    |
| `packed`   | weights in the form that is fastest to use                               |
| `memory`   | memory kept from picture to picture                                      |
"""

from .engine import Engine

__all__ = ["Engine"]
