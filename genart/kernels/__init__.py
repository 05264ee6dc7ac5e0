"""Kernels: convolutions and other steps of networks, compiled, for the CPU.

| file      | contains                                                                     |
|-----------|------------------------------------------------------------------------------|
| `src/`    | the C++ sources; the interface is plain C over addresses                     |
| `build`   | compiles them to one library, with the system's compiler                     |
| `library` | finds that library; `GENART_NATIVE` switches it off                          |
| `interface` | its functions and their arguments                                          |
| `check`   | compares its results with torch at first use                                 |

The library knows nothing of torch and of Python, so one file serves every version of both. It
contains the code of each kernel for several levels of processor, and uses the fastest one that the
processor has. `pip install` builds it where a C++ compiler is installed; `python -m genart.kernels`
builds it afterwards. Without it, networks run in torch.
"""
