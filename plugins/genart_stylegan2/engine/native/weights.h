// A convolution's weights in the order that products read them.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

#include "filtering.h"

namespace genart {

// Floats on a cache line's edge.
class Floats {
  public:
    explicit Floats(size_t count = 0) {
        if (count == 0) return;
        const size_t bytes = (count * sizeof(float) + 63) / 64 * 64;
        void* found = nullptr;
        if (bytes / sizeof(float) < count || posix_memalign(&found, 64, bytes)) throw std::bad_alloc();
        held_.reset(static_cast<float*>(found));
    }
    float* get() const { return held_.get(); }

  private:
    struct Free {
        void operator()(float* at) const { std::free(at); }
    };
    std::unique_ptr<float, Free> held_;
};

enum Form { DIRECT = 0, MINIMAL = 1 };

// Weights (panels, kinds, 16 * depth, 16): of 16 output channels, every kind of product, every
// input channel; channels beyond the last are zeros. Kinds are the 9 taps or 36 points, row by row.
struct Packed {
    int in, out, depth, panels, kinds;
    Floats values, powers;  // and squares summed over taps, (out, 16 * depth)

    Packed(int in, int out, Form form)
        : in(in), out(out), depth(blocks(in)), panels(blocks(out)),
          kinds(form == DIRECT ? 9 : SIX * SIX), values(size_t(panels) * wide()),
          powers(size_t(panels) * depth * BLOCK * BLOCK) {}

    size_t wide() const { return size_t(kinds) * depth * BLOCK * BLOCK; }

    // Take in a panel, from contiguous weights (out, in, 3, 3).
    void fill(const float* weight, bool up, Form form, int panel) {
        float* to = values.get() + panel * wide();
        float* power = powers.get() + size_t(panel) * BLOCK * depth * BLOCK;
        const size_t kind = size_t(depth) * BLOCK * BLOCK;
        for (int c = 0; c < depth * BLOCK; ++c) {
            double points[SIX * SIX][BLOCK] = {};
            for (int o = 0; o < BLOCK && c < in && panel * BLOCK + o < out; ++o)
                evaluate(weight + (size_t(panel * BLOCK + o) * in + c) * 9, up, form, points, o);
            for (int o = 0; o < BLOCK; ++o) {
                const bool real = c < in && panel * BLOCK + o < out;
                const float* taps = weight + (size_t(panel * BLOCK + o) * in + c) * 9;
                power[size_t(o) * depth * BLOCK + c] = real ? dot(taps, taps, 9) : 0.f;
            }
            for (int k = 0; k < kinds; ++k)
                for (int o = 0; o < BLOCK; ++o)
                    to[k * kind + size_t(c) * BLOCK + o] = float(points[k][o]);
        }
    }

    // What channel `o` of the result is demodulated by, of padded styles, before the root.
    float power(int o, const float* styles) const {
        const float* row = powers.get() + size_t(o) * depth * BLOCK;
        Vec total{};
        for (int i = 0; i < depth * BLOCK; i += LANES)
            total += load(row + i) * (load(styles + i) * load(styles + i));
        return sum(total);
    }

  private:
    static void evaluate(const float* w, bool up, Form form, double (*to)[BLOCK], int o) {
        if (form == DIRECT) {
            for (int k = 0; k < 9; ++k) to[k][o] = w[k];
            return;
        }
        const auto along = up ? raised_kernel<double> : plain_kernel<double>;
        double rows[3][SIX], column[3], points[SIX];
        for (int y = 0; y < 3; ++y) {
            const double taps[3] = {w[3 * y], w[3 * y + 1], w[3 * y + 2]};
            along(taps, rows[y]);
        }
        for (int q = 0; q < SIX; ++q) {
            for (int y = 0; y < 3; ++y) column[y] = rows[y][q];
            along(column, points);
            for (int p = 0; p < SIX; ++p) to[p * SIX + q][o] = points[p];
        }
    }
};

}  // namespace genart
