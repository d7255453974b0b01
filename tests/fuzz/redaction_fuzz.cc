// Redaction: whatever is written as a path, and whatever JSON it is applied to, what comes out is JSON
// in which the path's members say nothing.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mcp/raw_json.h"
#include "policy/redaction.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The path, a newline, the JSON.
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto newline = bytes.find('\n');
  if (newline == bytes.npos) return 0;
  const std::string_view path = bytes.substr(0, newline);
  const std::string_view json = bytes.substr(newline + 1);
  policy::Redaction redaction;
  if (!redaction.Add(path) || !redaction.AddBelow("structuredContent", path)) return 0;
  const auto redacted = redaction.Apply(json);
  if (redacted.has_value() != mcp::IsJson(json)) std::abort();
  if (!redacted) return 0;
  if (!mcp::IsJson(*redacted)) std::abort();
  // Once more changes nothing: what is replaced says nothing that could be replaced again.
  const auto again = redaction.Apply(*redacted);
  if (!again || *again != *redacted) std::abort();
  return 0;
}
