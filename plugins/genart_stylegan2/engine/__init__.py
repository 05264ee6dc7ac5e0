"""An engine for inference, separate from the network, which stays the readable reference.

| module     | is                                                                       |
|------------|--------------------------------------------------------------------------|
| `engine`   | what generators ask: it decides between itself and the network           |
| `watch`    | whether the weights are still the same, and the network a plain one      |
| `plan`     | one image as stages over fixed memory                                  |
| `tapped`   | a plan that stops at layers which are changed on their way               |
| `crew`     | threads that share the tasks of one stage                                |
| `numbers`  | what changes from image to image: styles, demodulation, noise        |
| `forms`    | what every form of a styled convolution has in common                    |
| `dense`    | the form for few pixels                                                  |
| `tiled`    | the forms for many, by minimal filtering                                 |
| `winograd` | its matrices                                                             |
| `phased`   | the form for layers to twice the size, with fewer products still         |
| `phases`   | its matrices                                                             |
| `windows`  | how windows of a map are read and converted to points                    |
| `canvas`   | what layers to RGB add to the image                                    |
| `packed`   | weights in the form that is fastest to use                               |
| `memory`   | memory kept from image to image                                      |
"""

from .engine import Engine

__all__ = ["Engine"]
