#include "policy/header_names.h"

#include <algorithm>

#include "base/http/message.h"

namespace policy {

namespace {

using base::http::EqualsIgnoreCase;

constexpr std::string_view kOfConnections[] = {"connection",
                                               "keep-alive",
                                               "te",
                                               "trailer",
                                               "transfer-encoding",
                                               "upgrade",
                                               "proxy-connection",
                                               "proxy-authenticate",
                                               "proxy-authorization",
                                               "expect",
                                               "content-length",
                                               "content-type",
                                               "content-encoding",
                                               "accept",
                                               "accept-encoding",
                                               "host",
                                               "last-event-id",
                                               "http2-settings"};
constexpr std::string_view kProofs[] = {"authorization", "cookie", "set-cookie", "forwarded"};
constexpr std::string_view kOurs[] = {
    "x-request-id", "retry-after",   "ratelimit",        "ratelimit-policy",
    "x-cache",      "age",           "deprecation",      "sunset",
    "link",         "vary",          "www-authenticate", "allow",
    "date",         "cache-control", "x-accel-buffering"};

bool StartsWith(std::string_view name, std::string_view beginning) {
  return name.size() >= beginning.size() &&
         EqualsIgnoreCase(name.substr(0, beginning.size()), beginning);
}

template <std::size_t n>
bool Has(const std::string_view (&names)[n], std::string_view name) {
  return std::any_of(names, names + n,
                     [&](std::string_view one) { return EqualsIgnoreCase(one, name); });
}

}  // namespace

bool BelongsToConnection(std::string_view name) {
  return StartsWith(name, "mcp-") || Has(kOfConnections, name);
}

bool IsReservedForRequests(std::string_view name) {
  return BelongsToConnection(name) || Has(kProofs, name);
}

bool IsReservedForAnswers(std::string_view name) {
  return IsReservedForRequests(name) || StartsWith(name, "access-control-") ||
         StartsWith(name, "x-portolan-") || Has(kOurs, name);
}

}  // namespace policy
