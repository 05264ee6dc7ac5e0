// A program: its steps one after the other, by members of a team that share out every step.
#pragma once

#include "maps.h"
#include "packing.h"
#include "paint.h"
#include "pixels.h"
#include "points.h"
#include "pooling.h"
#include "raising.h"
#include "styles.h"
#include "team.h"

constexpr int GROUP = 2;     // panels of a product
constexpr int COUNTERS = 3;  // of a step

// Working memory, in floats, of one member and of all.
struct Sizes {
    size_t points = 0, products = 0, results = 0, rows = 0, line = 0, shared = 0;

    void grow(const Sizes& other) {
        points = most(points, other.points), products = most(products, other.products);
        results = most(results, other.results), rows = most(rows, other.rows);
        line = most(line, other.line), shared = most(shared, other.shared);
    }
    static size_t whole(size_t floats) { return (floats + BLOCK - 1) / BLOCK * BLOCK; }
    size_t own() const { return whole(points) + whole(products) + whole(results) + whole(rows) + whole(line); }
};

// The memory of one member.
struct Scratch {
    float *points, *products, *results, *rows, *line;

    Scratch(const Sizes& sizes, float* at)
        : points(at), products(points + Sizes::whole(sizes.points)),
          results(products + Sizes::whole(sizes.products)), rows(results + Sizes::whole(sizes.results)),
          line(rows + Sizes::whole(sizes.rows)) {}
};

inline size_t all_points(const Cut& cut) {
    size_t total = 0;
    for (int n = 0; n < cut.strips; ++n) total += point_floats(cut, cut.strip(n));
    return total;
}

// Whether each member makes all points of a layer for itself where panels are shared out: with two,
// what comes from the cache of another core costs more than the work done twice.
inline bool own_points(int members) { return members <= 2; }

inline int results_across(const Cut& cut, const Strip& strip) {
    return cut.conv.method == TAPS ? 2 * cut.conv.x.w + 1 : raised_across(strip);
}

// Floats of a map (panels, h, w, 16) that nobody keeps.
inline size_t map_floats(const Map& y) { return size_t(blocks(y.channels)) * y.h * y.w * BLOCK; }

inline Sizes sizes_of(const Convolution& conv, int members) {
    const Cut cut(conv);
    const Map& y = conv.y;
    Sizes found;
    found.line = conv.paint ? line_floats(y.w) : 0;
    const bool apart = cut.on_strips(members);
    size_t points = 0, products = 0;
    for (int n = 0; n < cut.strips; ++n) {
        points = most(points, point_floats(cut, cut.strip(n)));
        products = most(products, kinds_of(cut, cut.strip(n)).all() * BLOCK);
    }
    if (apart) found.points = points;
    else (own_points(members) ? found.points : found.shared) = all_points(cut);
    found.products = products * (Cut::raises(conv) ? 1 : GROUP);
    if (Cut::raises(conv)) {
        const int rows = conv.method == TAPS ? y.h + 1 : 8 * cut.strip_rows + 1;
        found.results = size_t(rows) * results_across(cut, cut.strip(0)) * BLOCK;
        const size_t tall = size_t(y.h + 1) * y.w * BLOCK;
        if (apart) found.shared = tall * cut.panels;
        else found.rows = tall;
    } else if (!y.data) {
        if (apart) found.rows = size_t(cut.tile) * cut.strip_rows * y.w * cut.panels * BLOCK;
        else found.shared += map_floats(y);
    }
    return found;
}

inline Sizes sizes_of(const Step& step, int members) {
    if (step.kind == CONVOLVE) return sizes_of(*static_cast<const Convolution*>(step.spec), members);
    Sizes found;
    if (step.kind == PAINT) found.line = line_floats(static_cast<const Painting*>(step.spec)->x.w);
    if (step.kind == LOW_PASS) found.rows = low_pass_floats(*static_cast<const LowPass*>(step.spec));
    if (step.kind == NORM) {
        const Map& x = static_cast<const Norm*>(step.spec)->x;
        found.shared = size_t(blocks(x.channels)) * norm_parts(x) * sizeof(Moments) / sizeof(float);
    }
    return found;
}

inline Sizes sizes_of(const Step* steps, int count, int members) {
    Sizes most;
    for (int n = 0; n < count; ++n) most.grow(sizes_of(steps[n], members));
    return most;
}

// Counters of the steps, and the barrier, come before the rest.
inline size_t head_floats(int count) { return Sizes::whole(size_t(count) * COUNTERS + sizeof(Barrier) / 4); }

class Run {
  public:
    Run(const Step* steps, int count, float* scratch, int members)
        : steps_(steps), count_(count), members_(members), sizes_(sizes_of(steps, count, members)),
          counters_(reinterpret_cast<int*>(scratch)),
          barrier_(reinterpret_cast<Barrier*>(counters_ + size_t(count) * COUNTERS)),
          shared_(scratch + head_floats(count)), own_(shared_ + Sizes::whole(sizes_.shared)) {
        for (size_t n = 0; n < head_floats(count); ++n) counters_[n] = 0;
    }

    static size_t floats(const Step* steps, int count, int members) {
        const Sizes sizes = sizes_of(steps, count, members);
        return head_floats(count) + Sizes::whole(sizes.shared) + members * sizes.own();
    }

    // What a member of the team does.
    static void work(void* run, int member) { static_cast<Run*>(run)->all(member); }

  private:
    const Step* steps_;
    int count_, members_;
    Sizes sizes_;
    int* counters_;
    Barrier* barrier_;
    float *shared_, *own_;

    void wait() const { barrier_->wait(members_); }

    // Take pieces of a part of a step, whoever is free the next, until there are none.
    template <class Piece>
    void share(int step, int part, int pieces, Piece piece) const {
        for (int n; (n = take_next(counters_ + step * COUNTERS + part)) < pieces;) piece(n);
    }

    void all(int member) const {
        Scratch own(sizes_, own_ + member * sizes_.own());
        for (int n = 0; n < count_; ++n) {
            one(n, steps_[n], own);
            wait();
        }
    }

    void one(int n, const Step& step, Scratch& own) const {
        switch (step.kind) {
            case CONVOLVE: return convolve(n, *static_cast<const Convolution*>(step.spec), own);
            case NORM: return normalise(n, *static_cast<const Norm*>(step.spec));
            case STYLES: return take_styles(n, *static_cast<const Styles*>(step.spec));
            case DEMODS: return take_demods(n, *static_cast<const Demods*>(step.spec));
            case PAINT: {
                const auto& spec = *static_cast<const Painting*>(step.spec);
                return paint(n, 0, *spec.paint, spec.x, own);
            }
            case COMBINE: {
                const auto& spec = *static_cast<const Combine*>(step.spec);
                return rows(n, spec.y, [&](int block, int y) { combine_row(spec, block, y); });
            }
            case POOL: {
                const auto& spec = *static_cast<const Pool*>(step.spec);
                return rows(n, spec.y, [&](int block, int y) { pool_row(spec, block, y); });
            }
            case LOW_PASS: {
                const auto& spec = *static_cast<const LowPass*>(step.spec);
                const int chunks = over(spec.y.h, LOW_PASS_ROWS);
                return share(n, 0, blocks(spec.y.channels) * chunks, [&](int piece) {
                    const int from = piece % chunks * LOW_PASS_ROWS;
                    low_pass_rows(spec, piece / chunks, from, least(spec.y.h, from + LOW_PASS_ROWS), own.rows);
                });
            }
            case UNPOOL: {
                const auto& spec = *static_cast<const Unpool*>(step.spec);
                return rows(n, spec.y, [&](int block, int y) { unpool_row(spec, block, y); });
            }
            case IMPORT: {
                const auto& spec = *static_cast<const Import*>(step.spec);
                return share(n, 0, spec.y.h, [&](int y) { import_row(spec, y); });
            }
            case EXPORT: {
                const auto& spec = *static_cast<const Export*>(step.spec);
                return share(n, 0, spec.x.h, [&](int y) { export_row(spec, y); });
            }
        }
    }

    // Every row of every block of a map, some at a time.
    template <class Row>
    void rows(int n, const Map& map, Row row) const {
        const int chunk = most(1, 1024 / map.w), chunks = over(map.h, chunk);
        share(n, 0, blocks(map.channels) * chunks, [&](int piece) {
            const int first = piece % chunks * chunk;
            for (int y = first; y < least(map.h, first + chunk); ++y) row(piece / chunks, y);
        });
    }

    void normalise(int n, const Norm& norm) const {
        const int parts = norm_parts(norm.x), depth = blocks(norm.x.channels);
        Moments* moments = reinterpret_cast<Moments*>(shared_);
        share(n, 0, parts * depth, [&](int i) { take_moments(norm.x, i / parts, i % parts, moments + i); });
        wait();
        share(n, 1, depth, [&](int block) { end_norm(norm, block, moments + block * parts); });
    }

    void take_styles(int n, const Styles& styles) const {
        int most_blocks = 0;
        for (int i = 0; i < styles.count; ++i) most_blocks = most(most_blocks, blocks(styles.items[i].channels));
        share(n, 0, styles.count * most_blocks, [&](int piece) {
            const Style& style = styles.items[piece / most_blocks];
            if (piece % most_blocks < blocks(style.channels)) take_style(style, styles.ws, piece % most_blocks);
        });
    }

    void take_demods(int n, const Demods& demods) const {
        int most_blocks = 0;
        for (int i = 0; i < demods.count; ++i) most_blocks = most(most_blocks, blocks(demods.items[i].out));
        share(n, 0, demods.count * most_blocks, [&](int piece) {
            const Demod& demod = demods.items[piece / most_blocks];
            if (piece % most_blocks < blocks(demod.out)) take_demod(demod, piece % most_blocks);
        });
    }

    void convolve(int n, const Convolution& conv, Scratch& own) const {
        const Cut cut(conv);
        if (Cut::raises(conv)) return cut.on_strips(members_) ? raise_strips(n, cut, own) : raise_panels(n, cut, own);
        cut.on_strips(members_) ? convolve_strips(n, cut, own) : convolve_panels(n, cut, own);
    }

    // Panels first ... first + count - 1 of a strip, from its points to y.
    void panels(const Cut& cut, const Strip& strip, const float* v, int first, int count, const Map& y,
                float* products) const {
        const Kinds kinds = kinds_of(cut, strip);
        multiply(cut, kinds, v, first, count, products);
        for (int p = 0; p < count; ++p)
            put_pixels(cut, strip, products + p * kinds.all() * BLOCK, Writer(y, cut.conv.writing, first + p));
    }

    void convolve_strips(int n, const Cut& cut, Scratch& own) const {
        const Convolution& conv = cut.conv;
        const int high = cut.tile;
        share(n, 0, cut.strips, [&](int piece) {
            const Strip strip = cut.strip(piece);
            for (int c = 0; c < point_pieces(cut); ++c) take_points(cut, strip, c, own.points);
            const int from = high * strip.first, end = least(conv.y.h, from + high * strip.rows);
            Map y = conv.y;
            if (!y.data) y = fresh(conv.y, own.rows, end - from), y.data -= from * y.row;
            for (int first = 0; first < cut.panels; first += GROUP)
                panels(cut, strip, own.points, first, least(GROUP, cut.panels - first), y, own.products);
            if (conv.paint) paint_rows(*conv.paint, y, conv.y.h, 0, from, end, own.line);
        });
    }

    // A map of blocks over memory, of so many rows.
    static Map fresh(const Map& like, float* data, int rows) {
        return {data, int64_t(like.w) * BLOCK, BLOCK, int64_t(rows) * like.w * BLOCK,
                like.h, like.w, like.channels, 0};
    }

    // All points of a layer, and where they are.
    const float* share_points(int n, const Cut& cut, Scratch& own) const {
        const int pieces = point_pieces(cut);
        if (own_points(members_)) {
            for (int at = 0; at < cut.strips; ++at)
                for (int c = 0; c < pieces; ++c) take_points(cut, cut.strip(at), c, own.points + offset(cut, at));
            return own.points;
        }
        share(n, 0, pieces * cut.strips, [&](int piece) {
            const int at = piece % cut.strips;
            take_points(cut, cut.strip(at), piece / cut.strips, shared_ + offset(cut, at));
        });
        wait();
        return shared_;
    }

    static size_t offset(const Cut& cut, int n) {
        size_t before = 0;
        for (int i = 0; i < n; ++i) before += point_floats(cut, cut.strip(i));
        return before;
    }

    void convolve_panels(int n, const Cut& cut, Scratch& own) const {
        const Convolution& conv = cut.conv;
        const size_t before = own_points(members_) ? 0 : all_points(cut);
        const Map y = conv.y.data ? conv.y : fresh(conv.y, shared_ + before, conv.y.h);
        const float* points = share_points(n, cut, own);
        const int groups = over(cut.panels, GROUP);
        share(n, 1, groups * cut.strips, [&](int piece) {
            const int at = piece % cut.strips, first = piece / cut.strips * GROUP;
            panels(cut, cut.strip(at), points + offset(cut, at), first, least(GROUP, cut.panels - first), y,
                   own.products);
        });
        if (!conv.paint) return;
        wait();
        paint(n, 2, *conv.paint, y, own);
    }

    void paint(int n, int part, const Paint& paint, const Map& y, Scratch& own) const {
        const int chunk = most(1, 1024 / y.w);
        share(n, part, over(y.h, chunk), [&](int piece) {
            paint_rows(paint, y, y.h, 0, piece * chunk, least(y.h, (piece + 1) * chunk), own.line);
        });
    }

    // A strip of a panel up to the filter along rows, into `to` (h + 1, w, 16).
    static void raise_strip(const Cut& cut, const Strip& strip, int panel, const float* v, Scratch& own, float* to) {
        const Convolution& conv = cut.conv;
        const int across = results_across(cut, strip);
        multiply(cut, kinds_of(cut, strip), v, panel, 1, own.products);
        if (conv.method == TAPS) {
            taps_results(cut, own.products, own.results, across);
            return filter_rows(conv, own.results, across, conv.y.h + 1, to);
        }
        raised_results(cut, strip, own.products, own.results);
        filter_rows(conv, own.results, across, raised_rows(cut, strip), to + size_t(8) * strip.first * conv.y.w * BLOCK);
    }

    void raise_panels(int n, const Cut& cut, Scratch& own) const {
        const Convolution& conv = cut.conv;
        const float* points = share_points(n, cut, own);
        share(n, 1, cut.panels, [&](int panel) {
            for (int at = 0; at < cut.strips; ++at)
                raise_strip(cut, cut.strip(at), panel, points + offset(cut, at), own, own.rows);
            filter_columns(conv, own.rows, 0, conv.y.h, Writer(conv.y, conv.writing, panel));
        });
    }

    void raise_strips(int n, const Cut& cut, Scratch& own) const {
        const Convolution& conv = cut.conv;
        const size_t whole = size_t(conv.y.h + 1) * conv.y.w * BLOCK;
        share(n, 0, cut.strips, [&](int piece) {
            const Strip strip = cut.strip(piece);
            for (int c = 0; c < cut.depth; ++c) take_points(cut, strip, c, own.points);
            for (int p = 0; p < cut.panels; ++p)
                raise_strip(cut, strip, p, own.points, own, shared_ + p * whole);
        });
        wait();
        const int chunk = 8, chunks = over(conv.y.h, chunk);
        share(n, 1, cut.panels * chunks, [&](int piece) {
            const int panel = piece / chunks, from = piece % chunks * chunk;
            filter_columns(conv, shared_ + panel * whole, from, least(conv.y.h, from + chunk),
                           Writer(conv.y, conv.writing, panel));
        });
    }
};
