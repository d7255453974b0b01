// A schema and a value, one a line: compiling and validating end, and both ways of asking agree.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "base/json_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const auto schema = base::ParseJson(text.substr(0, line));
  if (schema.has_error()) return 0;
  const auto compiled =
      base::JsonSchema::Compile(*schema, {.assert_formats = true, .max_steps = 10'000});
  if (compiled.has_error() || line == text.npos) return 0;
  const auto value = base::ParseJson(text.substr(line + 1));
  if (value.has_error()) return 0;
  if (compiled->Fits(*value) != compiled->Validate(*value).empty()) std::abort();
  return 0;
}
