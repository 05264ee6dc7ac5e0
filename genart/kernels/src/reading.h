// Where the pixels of a map lie, what becomes of them as they are read, and of sums as they are
// written.
#pragma once

#include "simd.h"

alignas(64) const float NOTHING[BLOCK] = {};
alignas(64) const float ONES[BLOCK] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

// The pixel of an axis of `size` pixels that stands for one beyond its edge.
inline int inside(int at, int size, int edge) {
    if (edge == REFLECT) {
        at = at < 0 ? -at : at;
        at = at >= size ? 2 * size - 2 - at : at;
    }
    return most(0, least(at, size - 1));
}

// Reads one block of channels of a map. FULL: with all that Reading tells; otherwise only the scale.
struct Reader {
    const float* map;
    int64_t row, pixel;
    int h, w, edge;
    const float *scale, *shift;
    ptrdiff_t gate;  // from a value to its gate; 0: none
    float slope;

    Reader(const Map& x, const Reading& how, int block)
        : map(x.data + block * x.block), row(x.row), pixel(x.pixel), h(x.h), w(x.w), edge(how.edge),
          scale(how.scale ? how.scale + block * BLOCK : ONES),
          shift(how.shift ? how.shift + block * BLOCK : NOTHING),
          gate(how.gate ? how.gate - x.data : 0), slope(how.slope) {}

    static bool is_full(const Reading& how) { return how.shift || how.gate || how.slope != 1.f; }

    template <bool EDGE, bool FULL>
    Vec get(int y, int x, int n) const {
        if (EDGE && (y < 0 || x < 0 || y >= h || x >= w)) {
            if (edge == ZEROS) return Vec{};
            y = inside(y, h, edge), x = inside(x, w, edge);
        }
        const float* at = map + y * row + x * pixel + n * LANES;
        Vec value = load(scale + n * LANES) * load(at);
        if (FULL) {
            value += load(shift + n * LANES);
            value = larger(value, slope * value);
            if (gate) value = load(at + gate) > 0.f ? value : Vec{};
        }
        return value;
    }
};

// Ends the sums of one block of channels, and stores them.
struct Writer {
    float* map;
    int64_t row, pixel;
    const float *scale, *shift, *noise;
    int w;
    float slope, limit;

    Writer(const Map& y, const Writing& how, int block)
        : map(y.data + block * y.block), row(y.row), pixel(y.pixel),
          scale(how.scale ? how.scale + block * BLOCK : ONES),
          shift(how.shift ? how.shift + block * BLOCK : NOTHING), noise(how.noise), w(y.w),
          slope(how.slope), limit(how.limit) {}

    void put(Vec value, int y, int x, int n) const {
        Vec plus = load(shift + n * LANES);
        if (noise) plus += all(noise[size_t(y) * w + x]);
        value = value * load(scale + n * LANES) + plus;
        value = larger(value, slope * value);
        value = smaller(larger(value, all(-limit)), all(limit));
        store(map + y * row + x * pixel + n * LANES, value);
    }
};
