"""Kernels: convolutions and other steps of networks, compiled, for the CPU.

| file      | contains                                                                     |
|-----------|------------------------------------------------------------------------------|
| `src/`    | the C++ sources; the interface is plain C over addresses                     |
| `build`   | compiles them to one library, with the system's compiler                     |
| `library` | finds that library; `GENART_NATIVE` switches it off                          |
| `interface` | its functions and their arguments                                          |
| `check`   | compares its results with torch at first use                                 |
| `program` | the steps of a network, its weights and its memory                           |
| `values`  | maps of a program, and values by channel, as they lie in memory              |
| `upsampling` | weights of layers to twice the size                                       |
| `watch`   | checks of a call and of a network: whether the kernels may be used           |
| `inference` | a network's outputs by programs, where the kernels may be used             |

The library knows nothing of torch and of Python, so one file serves every version of both. It
contains the code of each kernel for several levels of processor, and uses the fastest one that the
processor has. `pip install` builds it where a C++ compiler is installed; `python -m genart.kernels`
builds it afterwards. Without it, networks run in torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genart.lazy_names import lazy_names

if TYPE_CHECKING:
    from genart.kernels.frozen import convolve
    from genart.kernels.inference import Inference, Plan, Planner
    from genart.kernels.interface import Library
    from genart.kernels.program import FEW, Program, method_of_three
    from genart.kernels.structures import (
        BLOCK,
        MOST_COLORS,
        MOST_TAPS,
        Convolution,
        Demod,
        Demods,
        Edge,
        Kind,
        Map,
        Method,
        Paint,
        Painting,
        Reading,
        Style,
        Styles,
        Writing,
    )
    from genart.kernels.upsampling import doubling_weight, phases_weight
    from genart.kernels.values import Values, address, blocks, by_channel
    from genart.kernels.watch import Marks, Probe, marks
    from genart.kernels.weights import PackedWeights
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "genart.kernels.frozen": "convolve",
            "genart.kernels.inference": "Inference Plan Planner",
            "genart.kernels.interface": "Library",
            "genart.kernels.program": "FEW Program method_of_three",
            "genart.kernels.structures": (
                "BLOCK MOST_COLORS MOST_TAPS Convolution Demod Demods Edge Kind Map Method Paint "
                "Painting Reading Style Styles Writing"
            ),
            "genart.kernels.upsampling": "doubling_weight phases_weight",
            "genart.kernels.values": "Values address blocks by_channel",
            "genart.kernels.watch": "Marks Probe marks",
            "genart.kernels.weights": "PackedWeights",
        },
    )

__all__ = [
    "BLOCK",
    "FEW",
    "MOST_COLORS",
    "MOST_TAPS",
    "Convolution",
    "Demod",
    "Demods",
    "Edge",
    "Inference",
    "Kind",
    "Library",
    "Map",
    "Marks",
    "Method",
    "PackedWeights",
    "Paint",
    "Painting",
    "Plan",
    "Planner",
    "Probe",
    "Program",
    "Reading",
    "Style",
    "Styles",
    "Values",
    "Writing",
    "address",
    "blocks",
    "by_channel",
    "convolve",
    "doubling_weight",
    "marks",
    "method_of_three",
    "phases_weight",
]
