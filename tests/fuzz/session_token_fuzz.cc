// Session tokens and the header values beside them: nothing that was not sealed by us opens, and
// header values survive.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mcp/legacy/session_token.h"
#include "mcp/request_headers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static base::auth::Aead keys({std::string(32, 'k')});
  if (mcp::legacy::Open(keys, bytes, 0)) std::abort();

  mcp::legacy::SessionToken token;
  token.principal = bytes;
  token.client_info = bytes.substr(0, size / 2);
  const std::string sealed = mcp::legacy::Seal(keys, token);
  const auto opened = mcp::legacy::Open(keys, sealed, 0);
  if (sealed.size() <= mcp::legacy::kMaxTokenBytes && (!opened || !(*opened == token)))
    std::abort();
  if (size > 0 && opened) {
    std::string changed = sealed;
    changed[data[0] % changed.size()] ^= 1;
    if (mcp::legacy::Open(keys, changed, 0)) std::abort();
  }

  mcp::DecodeHeaderValue(bytes);
  const std::string value = mcp::EncodeHeaderValue(bytes);
  for (const char c : value) {
    if (c < 0x20 || c >= 0x7F) std::abort();
  }
  if (mcp::DecodeHeaderValue(value) != bytes) std::abort();
  return 0;
}
