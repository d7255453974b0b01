#include "registry/service/version_skew.h"

#include <charconv>
#include <optional>
#include <string_view>

namespace registry {
namespace {

struct MinorVersion {
  int major = 0;
  int minor = 0;
};

// Of `1.2.3`, `1.2.3-rc1`.
std::optional<MinorVersion> Parse(std::string_view text) {
  MinorVersion version;
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc()) return std::nullopt;
  return version;
}

}  // namespace

base::Result<void> CheckGatewayVersion(const std::string& gateway, const std::string& registry) {
  const auto theirs = Parse(gateway);
  const auto ours = Parse(registry);
  if (!ours || gateway.empty()) return {};
  const bool fits = theirs && theirs->major == ours->major && theirs->minor <= ours->minor &&
                    theirs->minor >= ours->minor - 1;
  if (fits) return {};
  const bool is_ahead = theirs && (theirs->major > ours->major ||
                                   (theirs->major == ours->major && theirs->minor > ours->minor));
  return base::Fail(base::Code::kFailedPrecondition,
                    "the gateway is version " + gateway.substr(0, 80) + ", the registry " +
                        registry + ": upgrade the " + (is_ahead ? "registry" : "gateway") +
                        " (the registry first; a gateway may be one minor version behind)");
}

}  // namespace registry
