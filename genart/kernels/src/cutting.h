// How a convolution is cut into strips, kinds of products and panels of 16 output channels.
#pragma once

#include "minimal.h"
#include "product.h"
#include "reading.h"

constexpr int KINDS = SIX * SIX;  // at most
constexpr int TILE = 4;           // pixels of a tile along an axis
constexpr int PAD = 1;            // rows between kinds, so that they do not meet in the same sets of a cache

// Rows of tiles that are worked on together; of pixels where every tap is taken.
struct Strip {
    int first, rows, columns;
    int tiles() const { return rows * columns; }
};

// The products of a strip: for every kind a matrix of so many rows.
struct Kinds {
    int count, rows[KINDS];
    size_t start[KINDS + 1];  // rows before a kind

    size_t all() const { return start[count]; }
    void add_up() {
        start[0] = 0;
        for (int k = 0; k < count; ++k) start[k + 1] = start[k] + size_t(rows[k] + PAD);
    }
};

// What does not change from strip to strip.
struct Cut {
    const Convolution& conv;
    int depth, deep, panels, kinds;  // blocks read, blocks of a product, of 16 channels, of weights
    int tile, rows, columns, strip_rows, strips;  // pixels of a tile along an axis; the rest in tiles

    static bool raises(const Convolution& conv) { return conv.method == RAISED || conv.method == TAPS; }

    explicit Cut(const Convolution& conv)
        : conv(conv), depth(blocks(conv.x.channels)), deep(depth), panels(blocks(conv.y.channels)),
          kinds(1) {
        const int taps = conv.kernel_h * conv.kernel_w, method = conv.method;
        if (method == DIRECT) deep = taps * depth;
        if (method == GATHER) deep = blocks(taps * conv.x.channels);
        if (method == TWO) deep = depth * conv.stride * conv.stride, kinds = 25;
        if (method == THREE || method == RAISED) kinds = KINDS;
        if (method == TAPS) kinds = 9;
        if (method == SMALL) kinds = 16;
        const Map& map = raises(conv) ? conv.x : conv.y;
        const bool tiled = method == THREE || method == TWO || method == RAISED;
        tile = tiled ? TILE : method == SMALL ? 2 : 1;
        rows = over(map.h, tile), columns = over(map.w, tile);
        strip_rows = method == TAPS ? rows : least(rows, most(1, tiles_of(method) / columns));
        strips = over(rows, strip_rows);
    }

    // Tiles of a strip: few enough for the cache.
    int tiles_of(int method) const {
        if (method == RAISED) return 32;
        if (method == THREE || method == TWO || method == SMALL) return 64;
        return most(48, least(256, 131072 / (deep * BLOCK)));
    }

    Strip strip(int n) const {
        const int first = n * strip_rows;
        return {first, least(strip_rows, rows - first), columns};
    }

    // Whether members take strips, each with points of its own; otherwise they share all points and
    // take panels, which reads weights once.
    bool on_strips(int members) const { return conv.method != TAPS && strips >= 2 * members; }

    size_t kind() const { return size_t(deep) * BLOCK * BLOCK; }  // floats of weights
    size_t wide() const { return kinds * kind(); }
    size_t packed() const { return panels * wide(); }
};

// The kinds of a raising convolution: 0 to 4 along an axis are even results at the points, the last
// of them once more beyond the edge; 5 odd results, one for each pixel.
struct Raised : Kinds {
    int down[SIX], along[SIX];
    bool bottom, right;  // whether the strip ends the map, and needs what lies beyond

    Raised(const Cut& cut, const Strip& strip) {
        const int h = cut.conv.x.h, w = cut.conv.x.w, rest = h - TILE * strip.first;
        bottom = TILE * strip.rows == rest;
        right = TILE * strip.columns == w;
        for (int p = 0; p < 5; ++p) down[p] = strip.rows, along[p] = strip.columns;
        down[4] += bottom, along[4] += right;
        down[5] = least(TILE * strip.rows, rest), along[5] = w;
        count = KINDS;
        for (int k = 0; k < KINDS; ++k) rows[k] = down[k / SIX] * along[k % SIX];
        add_up();
    }

    // The first number of row (i, j) of kind (p, q), in blocks of 16.
    size_t at(int p, int q, int i, int j) const {
        return start[p * SIX + q] + size_t(i) * along[q] + j;
    }
};

inline Kinds kinds_of(const Cut& cut, const Strip& strip) {
    if (cut.conv.method == RAISED) return Raised(cut, strip);
    Kinds found;
    found.count = cut.kinds;
    for (int k = 0; k < found.count; ++k) found.rows[k] = strip.tiles();
    found.add_up();
    return found;
}

// Floats of a strip's points; TAPS has the same ones for all its kinds.
inline size_t point_floats(const Cut& cut, const Strip& strip) {
    const size_t rows = cut.conv.method == TAPS ? strip.tiles() : kinds_of(cut, strip).all();
    return rows * cut.deep * BLOCK;
}

// Products m (panels, all rows, 16) of a strip's points with panels first ... first + count - 1.
inline void multiply(const Cut& cut, const Kinds& kinds, const float* v, int first, int count, float* m) {
    const float* u = cut.conv.weights + first * cut.wide();
    const size_t tall = kinds.all() * BLOCK;
    const bool same = cut.conv.method == TAPS;
    for (int k = 0; k < kinds.count; ++k)
        product(v + (same ? 0 : kinds.start[k] * cut.deep * BLOCK), kinds.rows[k], cut.deep,
                u + k * cut.kind(), cut.wide(), count, m + kinds.start[k] * BLOCK, tall);
}
