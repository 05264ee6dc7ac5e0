// Everything that is compiled once for each level. GENART_LEVEL is its name; all of it lies in a
// namespace of that name, so that no function of one level is ever taken for that of another.

#include <stddef.h>
#include <stdint.h>

#include "kernels.h"
#include "team.h"

#define GENART_TEXT_(x) #x
#define GENART_TEXT(x) GENART_TEXT_(x)
#define GENART_JOIN_(a, b) a##b
#define GENART_JOIN(a, b) GENART_JOIN_(a, b)

namespace genart {
namespace GENART_LEVEL {
namespace {

#include "program.h"

size_t packed_floats(const Convolution* conv) { return Cut(*conv).packed(); }

struct Packing {
    const Convolution* conv;
    const float* weight;
    float* packed;
    int next;
};

void pack_some(void* data, int) {
    Packing& job = *static_cast<Packing*>(data);
    const Cut cut(*job.conv);
    for (int p; (p = take_next(&job.next)) < cut.panels;) pack_panel(cut, job.weight, p, job.packed);
}

void pack(const Convolution* conv, const float* weight, float* packed, int threads) {
    Packing job{conv, weight, packed, 0};
    if (!run_team(threads, pack_some, &job)) pack_some(&job, 0);
}

size_t scratch_floats(const Step* steps, int count, int threads) {
    const size_t alone = Run::floats(steps, count, 1), many = Run::floats(steps, count, threads);
    return most(alone, many);
}

int run(const Step* steps, int count, float* scratch, int threads) {
    for (int n = 0; n < count; ++n)
        if (steps[n].kind < CONVOLVE || steps[n].kind > LOW_PASS) return 1;
    Run together(steps, count, scratch, threads);
    if (run_team(threads, Run::work, &together)) return 0;
    Run alone(steps, count, scratch, 1);
    Run::work(&alone, 0);
    return 0;
}

}  // namespace
}  // namespace GENART_LEVEL
}  // namespace genart

extern "C" {
extern const genart::Level GENART_JOIN(genart_level_, GENART_LEVEL);
const genart::Level GENART_JOIN(genart_level_, GENART_LEVEL) = {
    GENART_TEXT(GENART_LEVEL), genart::GENART_LEVEL::packed_floats, genart::GENART_LEVEL::pack,
    genart::GENART_LEVEL::scratch_floats, genart::GENART_LEVEL::run};
}
