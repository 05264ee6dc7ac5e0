// Vectors of floats as wide as the processor this is compiled for, without any intrinsics: the
// vector extensions of GCC and Clang become AVX-512, AVX2 with FMA, SSE2 or NEON.
#pragma once

#include <cstddef>

#if defined(__AVX512F__)
#define LANES 16
#define ROWS 12  // of a block of the product: with two panels 24 of 32 registers
#define PANELS 2
#elif defined(__AVX__)
#define LANES 8
#define ROWS 6  // with two vectors of one panel 12 of 16 registers
#define PANELS 1
#elif defined(__aarch64__)
#define LANES 4
#define ROWS 6  // with four vectors of one panel 24 of 32 registers
#define PANELS 1
#else
#define LANES 4
#define ROWS 3  // with four vectors of one panel 12 of 16 registers
#define PANELS 1
#endif

namespace genart {


constexpr int BLOCK = 16;              // channels that lie together: one cache line
constexpr int VECTORS = BLOCK / LANES; // vectors of a block

typedef float Vec __attribute__((vector_size(4 * LANES)));
typedef float Loose __attribute__((vector_size(4 * LANES), aligned(4)));  // in memory, anywhere

inline Vec load(const float* from) { return *reinterpret_cast<const Vec*>(from); }
inline void store(float* to, Vec value) { *reinterpret_cast<Vec*>(to) = value; }
inline Vec all(float value) { return value - Vec{}; }  // x - 0 is x, 0 + x is not for -0
inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }
inline Vec smaller(Vec a, Vec b) { return a < b ? a : b; }

inline float sum(Vec value) {
    float total = 0;
    for (int i = 0; i < LANES; ++i) total += value[i];
    return total;
}

// The product of two rows of numbers, anywhere in memory.
inline float dot(const float* a, const float* b, int count) {
    Vec sums[4] = {};
    int i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES)
        for (int n = 0; n < 4; ++n)
            sums[n] += Vec(*reinterpret_cast<const Loose*>(a + i + n * LANES)) *
                       Vec(*reinterpret_cast<const Loose*>(b + i + n * LANES));
    float total = sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    for (; i < count; ++i) total += a[i] * b[i];
    return total;
}

inline int blocks(int channels) { return (channels + BLOCK - 1) / BLOCK; }
inline int over(int a, int b) { return (a + b - 1) / b; }

}  // namespace genart
