// The readers of base/manifest: whatever the bytes are, reading ends with a message or an error.
#include <cstdint>

#include "tests/fuzz/manifest_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::ManifestInput({reinterpret_cast<const char*>(data), size});
  return 0;
}
