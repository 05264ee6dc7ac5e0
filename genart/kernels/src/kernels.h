// The C interface. Python's copy of these structures is in genart/kernels/structures.py.
//
// Nothing here allocates memory or throws: every address belongs to the caller, and stays valid
// while genart_run works with it. Numbers are float32. Nothing knows of torch or of Python.
#pragma once

#include <cstddef>
#include <cstdint>

#define GENART_VERSION 1

extern "C" {

// One step of a program: what to do, and the structure that describes it.
struct Step {
    int32_t kind, unused;
    const void* spec;
};

// Weights are packed once; `packed` has room for genart_packed_floats(conv) floats.
struct Convolution;
}

namespace genart {

// What is compiled once for every kind of processor. `name` is baseline, avx2 or avx512.
struct Level {
    const char* name;
    size_t (*packed_floats)(const Convolution*);
    void (*pack)(const Convolution*, const float* weight, float* packed, int threads);
    size_t (*scratch_floats)(const Step*, int count, int threads);
    int (*run)(const Step*, int count, float* scratch, int threads);
};

}  // namespace genart
