#include "base/http/client.h"
#include "registry/catalog/names.h"
#include "registry/catalog/validate.h"

namespace registry {

namespace v1 = portolan::v1;

base::Result<void> ValidateSyncSource(std::string_view name, const v1::SyncSource& source) {
  constexpr std::size_t kMaxUrlBytes = 2048;
  constexpr std::int64_t kLeastInterval = 60;
  constexpr std::int64_t kMostInterval = 31LL * 24 * 3600;
  constexpr int kMaxNamespaces = 256;
  if (!IsLabel(name)) {
    return FieldError("/name",
                      "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
  }
  if (source.url().empty()) return FieldError("/spec/url", "is missing");
  if (source.url().size() > kMaxUrlBytes) return FieldError("/spec/url", "at most 2,048 bytes");
  const auto url = base::http::Url::Parse(source.url());
  if (url.has_error()) return FieldError("/spec/url", url.error().message);
  if (url->target.find('?') != std::string::npos)
    return FieldError("/spec/url", "must end before the '?'; the pages' queries are ours");
  const std::int64_t interval = source.interval_s();
  if (interval != 0 && (interval < kLeastInterval || interval > kMostInterval))
    return FieldError("/spec/interval_s", "must be 0 (an hour), or 60 to 2,678,400");
  if (source.namespaces_size() > kMaxNamespaces)
    return FieldError("/spec/namespaces", "at most 256");
  for (int i = 0; i < source.namespaces_size(); ++i) {
    if (IsNamespacePattern(source.namespaces(i))) continue;
    return FieldError("/spec/namespaces/" + std::to_string(i),
                      "must be a namespace (io.github.acme), with '.*' behind it for those below");
  }
  return {};
}

}  // namespace registry
