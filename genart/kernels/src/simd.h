// Vectors of floats as wide as the processor this is compiled for, without any intrinsics: the
// vector extensions of GCC and Clang become AVX-512, AVX2 with FMA, SSE2 or NEON.
#pragma once

#include <stddef.h>
#include <stdint.h>

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

constexpr int BLOCK = 16;              // channels that lie together: one cache line
constexpr int VECTORS = BLOCK / LANES; // vectors of a block

typedef float Vec __attribute__((vector_size(4 * LANES)));
typedef int32_t Ints __attribute__((vector_size(4 * LANES)));
typedef float Loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));  // anywhere

inline Vec load(const float* from) { return *reinterpret_cast<const Loose*>(from); }
inline void store(float* to, Vec value) { *reinterpret_cast<Loose*>(to) = value; }
inline Vec all(float value) { return value - Vec{}; }  // x - 0 is x, 0 + x is not for -0
inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }
inline Vec smaller(Vec a, Vec b) { return a < b ? a : b; }

inline float sum(Vec value) {
    float total = 0;
    for (int i = 0; i < LANES; ++i) total += value[i];
    return total;
}

// The product of two rows of numbers.
inline float dot(const float* a, const float* b, int count) {
    Vec sums[4] = {};
    int i = 0;
    for (; i + 4 * LANES <= count; i += 4 * LANES)
        for (int n = 0; n < 4; ++n) sums[n] += load(a + i + n * LANES) * load(b + i + n * LANES);
    float total = sum((sums[0] + sums[1]) + (sums[2] + sums[3]));
    for (; i < count; ++i) total += a[i] * b[i];
    return total;
}

// tanh to about 2e-7, as 1 - 2 / (e^2x + 1).
inline Vec tanh(Vec x) {
    x = smaller(larger(x, all(-9.f)), all(9.f));
    const Vec twice = 2.88539008177792681f * x;  // log2 of e^2x
    const Ints whole = __builtin_convertvector(twice + (twice > 0.f ? all(.5f) : all(-.5f)), Ints);
    const Vec t = 0.69314718055994531f * (twice - __builtin_convertvector(whole, Vec));
    Vec power = 1.f / 5040 + Vec{};
    power = power * t + 1.f / 720, power = power * t + 1.f / 120, power = power * t + 1.f / 24;
    power = power * t + 1.f / 6, power = power * t + .5f, power = power * t + 1.f;
    power = power * t + 1.f;
    const Vec exact = power * reinterpret_cast<Vec>((whole + 127) << 23);
    return 1.f - 2.f / (exact + 1.f);
}

inline int least(int a, int b) { return a < b ? a : b; }
inline int most(int a, int b) { return a > b ? a : b; }
inline size_t most(size_t a, size_t b) { return a > b ? a : b; }
inline int over(int a, int b) { return (a + b - 1) / b; }
inline int blocks(int channels) { return over(channels, BLOCK); }
