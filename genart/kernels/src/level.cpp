// Everything that is compiled once for each level. GENART_LEVEL is its name; all of it lies in a
// namespace of that name, so that no function of one level is ever taken for that of another.

#define GENART_TEXT_(x) #x
#define GENART_TEXT(x) GENART_TEXT_(x)
#define GENART_JOIN_(a, b) a##b
#define GENART_JOIN(a, b) GENART_JOIN_(a, b)

#include "kernels.h"
#include "team.h"

namespace genart {
namespace GENART_LEVEL {
namespace {

size_t packed_floats(const Convolution*) { return 0; }
void pack(const Convolution*, const float*, float*, int) {}
size_t scratch_floats(const Step*, int, int) { return 0; }
int run(const Step*, int count, float*, int) { return count != 0; }

}  // namespace
}  // namespace GENART_LEVEL
}  // namespace genart

extern "C" {
extern const genart::Level GENART_JOIN(genart_level_, GENART_LEVEL);
const genart::Level GENART_JOIN(genart_level_, GENART_LEVEL) = {
    GENART_TEXT(GENART_LEVEL), genart::GENART_LEVEL::packed_floats, genart::GENART_LEVEL::pack,
    genart::GENART_LEVEL::scratch_floats, genart::GENART_LEVEL::run};
}
