#include <algorithm>
#include <set>

#include "base/json.h"
#include "registry/catalog/names.h"
#include "registry/catalog/validate.h"
#include "registry/import/server_json.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

constexpr std::size_t kMaxTitleCharacters = 100;
constexpr std::size_t kMaxDescriptionBytes = 4096;
constexpr int kMaxTags = 64;
constexpr int kMaxAliases = 16;
constexpr int kMaxAudiences = 256;
constexpr int kMaxArguments = 256;
constexpr int kMaxPoolMembers = 64;
constexpr std::size_t kMaxStatusMessageCharacters = 500;

base::Result<void> CheckBasePath(std::string_view pointer, const std::string& base_path) {
  if (!IsLabel(base_path)) {
    return FieldError(pointer,
                      "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
  }
  if (IsReservedBasePath(base_path)) return FieldError(pointer, "'" + base_path + "' is reserved");
  return {};
}

base::Result<void> CheckAudience(const std::string& pointer, const std::string& audience) {
  const bool named = (audience.starts_with("group:") && audience.size() > 6) ||
                     (audience.starts_with("consumer:") && audience.size() > 9) ||
                     (audience.starts_with("principal:") && audience.size() > 10);
  if (audience.size() > 300 || !(audience == "public" || audience == "authenticated" || named)) {
    return FieldError(pointer,
                      "must be public, authenticated, group:NAME, consumer:NAME or principal:ID");
  }
  return {};
}

bool IsVariableName(const std::string& name) {
  return !name.empty() && name.size() <= 256 && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

base::Result<void> CheckStdio(const v1::Stdio& stdio) {
  const std::string here = "/spec/endpoint/stdio";
  if (stdio.command().empty()) return FieldError(here + "/command", "is missing");
  if (stdio.command().size() > 4096) return FieldError(here + "/command", "at most 4,096 bytes");
  if (stdio.args_size() > kMaxArguments) return FieldError(here + "/args", "at most 256");
  if (stdio.env_size() > kMaxArguments) return FieldError(here + "/env", "at most 256");
  std::set<std::string_view> names;
  for (int i = 0; i < stdio.env_size(); ++i) {
    const std::string variable = here + "/env/" + std::to_string(i) + "/name";
    if (!IsVariableName(stdio.env(i).name()))
      return FieldError(variable, "is not the name of a variable");
    if (!names.insert(stdio.env(i).name()).second) return FieldError(variable, "is given twice");
  }
  if (!stdio.cwd().empty() && stdio.cwd().front() != '/')
    return FieldError(here + "/cwd", "must be absolute");
  return {};
}

base::Result<void> CheckRange(std::int64_t value, std::int64_t most, const std::string& pointer) {
  if (value >= 0 && value <= most) return {};
  return FieldError(pointer, "must be from 0 to " + std::to_string(most));
}

base::Result<void> CheckMember(const v1::PoolMember& member, const std::string& here) {
  if (!IsLabel(member.name()))
    return FieldError(here + "/name",
                      "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
  const bool sse = member.has_sse();
  if (!sse && !member.has_streamable_http())
    return FieldError(here, "needs a transport: streamable_http or sse");
  const std::string at = here + (sse ? "/sse/url" : "/streamable_http/url");
  const std::string& url = sse ? member.sse().url() : member.streamable_http().url();
  if (url.empty()) return FieldError(at, "is missing");
  if (const auto ok = CheckUrl(at, url); ok.has_error()) return ok.error();
  if (const auto ok = CheckRange(member.weight(), 1'000, here + "/weight"); ok.has_error())
    return ok.error();
  return CheckRange(member.priority(), 100, here + "/priority");
}

base::Result<void> CheckPool(const v1::Pool& pool) {
  const std::string here = "/spec/endpoint/pool";
  if (pool.members().empty() || pool.members_size() > kMaxPoolMembers)
    return FieldError(here + "/members", "must be 1 to 64");
  std::set<std::string_view> names;
  for (int i = 0; i < pool.members_size(); ++i) {
    const std::string at = here + "/members/" + std::to_string(i);
    if (const auto ok = CheckMember(pool.members(i), at); ok.has_error()) return ok.error();
    if (!names.insert(pool.members(i).name()).second)
      return FieldError(at + "/name", "is given twice");
  }
  if (!v1::PoolAffinity::Value_IsValid(pool.affinity()))
    return FieldError(here + "/affinity", "must be SESSION or PRINCIPAL");
  const v1::PoolHealth& health = pool.health();
  const std::string of = here + "/health";
  if (const auto ok = CheckRange(health.interval_s(), 3'600, of + "/interval_s"); ok.has_error())
    return ok.error();
  if (const auto ok = CheckRange(health.timeout_ms(), 60'000, of + "/timeout_ms"); ok.has_error())
    return ok.error();
  if (const auto ok = CheckRange(health.unhealthy_after(), 100, of + "/unhealthy_after");
      ok.has_error())
    return ok.error();
  return CheckRange(health.healthy_after(), 100, of + "/healthy_after");
}

base::Result<void> CheckEndpoint(const v1::Endpoint& endpoint) {
  switch (endpoint.transport_case()) {
    case v1::Endpoint::kStreamableHttp: {
      if (endpoint.streamable_http().url().empty()) {
        return FieldError("/spec/endpoint/streamable_http/url", "is missing");
      }
      return CheckUrl("/spec/endpoint/streamable_http/url", endpoint.streamable_http().url());
    }
    case v1::Endpoint::kStdio: return CheckStdio(endpoint.stdio());
    case v1::Endpoint::kSse:
      if (endpoint.sse().url().empty()) return FieldError("/spec/endpoint/sse/url", "is missing");
      return CheckUrl("/spec/endpoint/sse/url", endpoint.sse().url());
    case v1::Endpoint::kPool: return CheckPool(endpoint.pool());
    case v1::Endpoint::TRANSPORT_NOT_SET: break;
  }
  return FieldError("/spec/endpoint", "needs a transport: streamable_http, stdio, sse or pool");
}

base::Result<void> CheckPaths(const v1::Server& server) {
  if (!server.has_endpoint()) {
    if (!server.base_path().empty()) {
      return FieldError("/spec/base_path", "only a server with an endpoint has one");
    }
    if (server.base_path_aliases_size() > 0) {
      return FieldError("/spec/base_path_aliases", "only a server with an endpoint has them");
    }
    return {};
  }
  if (!server.base_path().empty()) {
    if (const auto ok = CheckBasePath("/spec/base_path", server.base_path()); ok.has_error())
      return ok.error();
  }
  if (server.base_path_aliases_size() > kMaxAliases)
    return FieldError("/spec/base_path_aliases", "at most 16");
  std::set<std::string_view> paths{server.base_path()};
  for (int i = 0; i < server.base_path_aliases_size(); ++i) {
    const std::string here = "/spec/base_path_aliases/" + std::to_string(i);
    if (const auto ok = CheckBasePath(here, server.base_path_aliases(i)); ok.has_error())
      return ok.error();
    if (!paths.insert(server.base_path_aliases(i)).second)
      return FieldError(here, "is given twice");
  }
  return {};
}

}  // namespace

base::Result<void> ValidateServer(const v1::Server& server) {
  if (Characters(server.title()) > kMaxTitleCharacters)
    return FieldError("/spec/title", "at most 100 characters");
  if (server.description().size() > kMaxDescriptionBytes) {
    return FieldError("/spec/description", "at most 4,096 bytes, this has " +
                                               std::to_string(server.description().size()));
  }
  if (!server.website_url().empty()) {
    if (const auto ok = CheckUrl("/spec/website_url", server.website_url()); ok.has_error())
      return ok.error();
  }
  if (!server.repository_url().empty()) {
    if (const auto ok = CheckUrl("/spec/repository_url", server.repository_url()); ok.has_error())
      return ok.error();
  }
  if (server.has_endpoint()) {
    if (const auto ok = CheckEndpoint(server.endpoint()); ok.has_error()) return ok.error();
  }
  if (const auto ok = CheckPaths(server); ok.has_error()) return ok.error();
  if (!server.credential().empty()) {
    if (!server.has_endpoint() || server.endpoint().has_stdio()) {
      return FieldError("/spec/credential", "only a server that is reached over HTTP is shown one");
    }
    if (!IsLabel(server.credential()))
      return FieldError("/spec/credential", "is not the name of a credential");
  }
  if (server.owner().size() > 200) return FieldError("/spec/owner", "at most 200 bytes");
  if (server.tags_size() > kMaxTags) return FieldError("/spec/tags", "at most 64");
  std::set<std::string_view> tags;
  for (int i = 0; i < server.tags_size(); ++i) {
    const std::string here = "/spec/tags/" + std::to_string(i);
    if (!IsLabel(server.tags(i))) {
      return FieldError(here,
                        "must be 1 to 63 of a-z, 0-9 and '-', beginning with a letter or digit");
    }
    if (!tags.insert(server.tags(i)).second) return FieldError(here, "is given twice");
  }
  if (const auto ok = CheckVisibility(server.visibility()); ok.has_error()) return ok.error();
  if (server.current_version().size() > 255)
    return FieldError("/spec/current_version", "at most 255 bytes");
  return ValidateGovernance(server);
}

base::Result<void> CheckVisibility(const v1::Visibility& visibility) {
  const auto& audiences = visibility.audiences();
  if (audiences.size() > kMaxAudiences)
    return FieldError("/spec/visibility/audiences", "at most 256; a group may stand for many");
  for (int i = 0; i < audiences.size(); ++i) {
    const auto ok = CheckAudience("/spec/visibility/audiences/" + std::to_string(i), audiences[i]);
    if (ok.has_error()) return ok.error();
  }
  return {};
}

base::Result<void> ValidateServerVersion(std::string_view name, const v1::ServerVersion& version) {
  const auto parts = ParseVersionName(name);
  if (parts.has_error()) return parts.error();
  const auto document = base::ParseJson(version.server_json());
  if (document.has_error()) return FieldError("/spec/server_json", document.error().message);
  if (const auto problems = import::CheckServerJson(*document, 1); !problems.empty()) {
    return FieldError("/spec/server_json", problems.front());
  }
  const auto is = [&](const char* member, std::string_view value) {
    const auto found = document->find(member);
    return found != document->end() && found->is_string() &&
           found->get_ref<const std::string&>() == value;
  };
  if (!is("name", parts->server)) {
    return FieldError("/spec/server_json", "its name is not '" + std::string(parts->server) + "'");
  }
  if (!is("version", parts->version)) {
    return FieldError("/spec/server_json",
                      "its version is not '" + std::string(parts->version) + "'");
  }
  if (Characters(version.status_message()) > kMaxStatusMessageCharacters) {
    return FieldError("/spec/status_message", "at most 500 characters");
  }
  return {};
}

}  // namespace registry
