// The functions of the library, and the choice of the level that this processor can run.

#include "kernels.h"

#if defined(__x86_64__) || defined(_M_X64)
#define GENART_X86 1
#include <cpuid.h>
#endif

using genart::Convolution;
using genart::Level;
using genart::Step;

extern "C" {
extern const Level genart_level_baseline;
#ifdef GENART_X86
extern const Level genart_level_avx2, genart_level_avx512;
#endif
}

namespace {

#ifdef GENART_X86
// What processor and system can do: AVX2 with FMA, and AVX-512 (F, DQ, BW, VL). Not by
// __builtin_cpu_supports, which finds nothing in what zig links.
struct Processor {
    bool avx2 = false, avx512 = false;

    Processor() {
        unsigned a, b, c, d, saved, high;
        if (!__get_cpuid(1, &a, &b, &c, &d)) return;
        const unsigned fma_osxsave_avx = 1u << 12 | 1u << 27 | 1u << 28;
        if ((c & fma_osxsave_avx) != fma_osxsave_avx || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
        asm volatile("xgetbv" : "=a"(saved), "=d"(high) : "c"(0));  // registers that the system saves
        const unsigned f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
        avx2 = (saved & 0x6) == 0x6 && b & 1u << 5;
        avx512 = avx2 && (saved & 0xe6) == 0xe6 && (b & f_dq_bw_vl) == f_dq_bw_vl;
    }
};
#endif

// The levels of this file that the processor can run, the fastest last.
struct Levels {
    const Level* known[3];
    int count = 0;

    Levels() {
        known[count++] = &genart_level_baseline;
#ifdef GENART_X86
        const Processor found;
        if (found.avx2) known[count++] = &genart_level_avx2;
        if (found.avx512) known[count++] = &genart_level_avx512;
#endif
    }
};

const Levels& levels() {
    static const Levels found;
    return found;
}

const Level* level(int number) {
    return number >= 0 && number < levels().count ? levels().known[number] : nullptr;
}

}  // namespace

#if defined(_WIN32)
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C" __attribute__((visibility("default")))
#endif

// The version of this interface; Python refuses another.
EXPORTED int genart_version() { return GENART_VERSION; }

// How many levels this processor can run. The last one is the fastest.
EXPORTED int genart_levels() { return levels().count; }

// The name of a level, or null.
EXPORTED const char* genart_level_name(int number) {
    const Level* found = level(number);
    return found ? found->name : nullptr;
}

// Floats that the packed weights of a convolution take at a level. 0: this one cannot be made.
EXPORTED size_t genart_packed_floats(int number, const Convolution* conv) {
    return level(number)->packed_floats(conv);
}

// Write the weights of a convolution, contiguous (out, in, k, k), in the order a level reads them.
EXPORTED void genart_pack(int number, const Convolution* conv, const float* weight, float* packed,
                          int threads) {
    level(number)->pack(conv, weight, packed, threads);
}

// Floats of working memory that a program takes.
EXPORTED size_t genart_scratch_floats(int number, const Step* steps, int count, int threads) {
    return level(number)->scratch_floats(steps, count, threads);
}

// Run a program; 0 where all went well, 1 where a step is not known: then nothing was done.
EXPORTED int genart_run(int number, const Step* steps, int count, float* scratch, int threads) {
    return level(number)->run(steps, count, scratch, threads);
}
