#include "registry/service/locality.h"

#include "base/http/message.h"

namespace registry {

bool IsLoopbackAddress(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

bool TellsOfForwarding(std::string_view header_name) {
  constexpr std::string_view kForwarded = "x-forwarded-";
  return base::http::EqualsIgnoreCase(header_name, "forwarded") ||
         base::http::EqualsIgnoreCase(header_name, "via") ||
         (header_name.size() > kForwarded.size() &&
          base::http::EqualsIgnoreCase(header_name.substr(0, kForwarded.size()), kForwarded));
}

}  // namespace registry
