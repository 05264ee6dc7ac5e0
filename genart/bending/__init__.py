"""Network bending: the outputs of a network's layers changed by operations that are Params.

After Broad, Leymarie and Grierson 2021, "Network Bending: Expressive Manipulation of Deep
Generative Models".

| module       | is                                                                  |
|--------------|---------------------------------------------------------------------|
| `operations` | what may be done to activations, by name, each with its amounts     |
| `pointwise`  | operations on single values                                         |
| `ops_spatial` | operations that move pixels                                        |
| `shapes`     | operations on neighbourhoods: grown, shrunk                         |
| `spectra`    | operations on frequencies                                           |
| `channels`   | which channels: all, a list, a random share, a cluster              |
| `clusters`   | channels that draw alike, found once a model                        |
| `layers`     | layers by the names that people use                                 |
| `bends`      | a bend and several of them, read from text and presets              |
| `bent`       | a generator that is bent                                            |
| `knobs`      | bends as Params                                                     |
| `view`       | what layers make, as images                                       |
"""
