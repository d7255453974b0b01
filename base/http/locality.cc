#include "base/http/locality.h"

#include "base/http/message.h"

namespace base::http {

bool IsLoopbackAddress(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

bool TellsOfForwarding(std::string_view field_name) {
  if (field_name.empty()) return false;
  constexpr std::string_view kForwarded = "X-Forwarded-";
  switch (field_name.front() | 0x20) {
    case 'x':
      return field_name.size() >= kForwarded.size() &&
             EqualsIgnoreCase(field_name.substr(0, kForwarded.size()), kForwarded);
    case 'f': return EqualsIgnoreCase(field_name, "Forwarded");
    case 'v': return EqualsIgnoreCase(field_name, "Via");
    default: return false;
  }
}

}  // namespace base::http
