#include "registry/service/registry_api.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/http/target.h"
#include "base/json.h"
#include "base/version.h"
#include "registry/service/listing_query.h"
#include "registry/service/prepared.h"
#include "registry/service/registry_path.h"

namespace registry {
namespace {

using Answer = RegistryAnswer;
using nlohmann::ordered_json;

// A server.json, and a little for the way it is written.
constexpr std::size_t kMaxBodyBytes = 1024 * 1024;
constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

// What a path names. The server's name may come as one encoded segment (`io.x%2Fy`) or as two.
struct Target {
  enum class What {
    kNothing,
    kWord,  // name: health, ping, version, publish, validate
    kServers,
    kVersions,   // of `name`
    kVersion,    // `name`, `version`
    kStatus,     // of `name`, `version`
    kAllStatus,  // of `name`
    kAuth,       // name: the method
  };
  What what = What::kNothing;
  std::string name;
  std::string version;
};

std::string Join(const std::vector<std::string>& segments, std::size_t begin, std::size_t end) {
  std::string name;
  for (std::size_t i = begin; i < end; ++i) name += (i > begin ? "/" : "") + segments[i];
  return name;
}

Target ReadTarget(const std::vector<std::string>& segments) {
  using enum Target::What;
  const std::size_t size = segments.size();
  if (size == 0) return {};
  if (segments[0] == "auth") return size == 2 ? Target{kAuth, segments[1], {}} : Target{};
  if (segments[0] != "servers") return size == 1 ? Target{kWord, segments[0], {}} : Target{};
  if (size == 1) return {kServers, {}, {}};
  // From behind, since the name in front has one segment or two.
  const auto is = [&](std::size_t from_end, std::string_view word) {
    return size >= from_end && segments[size - from_end] == word;
  };
  const auto named = [&](std::size_t behind) { return size == behind + 2 || size == behind + 3; };
  if (named(3) && is(3, "versions") && is(1, "status"))
    return {kStatus, Join(segments, 1, size - 3), segments[size - 2]};
  if (named(2) && is(2, "versions"))
    return {kVersion, Join(segments, 1, size - 2), segments[size - 1]};
  if (named(1) && is(1, "versions")) return {kVersions, Join(segments, 1, size - 1), {}};
  if (named(1) && is(1, "status")) return {kAllStatus, Join(segments, 1, size - 1), {}};
  return {};
}

std::optional<Target> ReadTarget(std::string_view path) {
  const auto at = RegistryPath::Read(path);
  const auto segments = base::http::PathSegments(at ? at->rest : std::string_view());
  if (!segments) return std::nullopt;
  return ReadTarget(*segments);
}

bool IsRead(std::string_view method) { return method == "GET" || method == "HEAD"; }

Answer NotAPath() { return Problem(400, "the path is not valid percent-encoded UTF-8"); }
Answer NoSuchPath() {
  return Problem(404,
                 "no such path; there is /v0.1/servers, /v0.1/servers/{name}/versions and "
                 "/v0.1/servers/{name}/versions/{version}");
}

// Which methods a path has beside HEAD and OPTIONS; empty: there is no such path.
std::string_view MethodsOf(const Target& target) {
  switch (target.what) {
    case Target::What::kNothing: return "";
    case Target::What::kWord:
      if (target.name == "health" || target.name == "ping" || target.name == "version")
        return "GET";
      return target.name == "publish" || target.name == "validate" ? "POST" : "";
    case Target::What::kServers:
    case Target::What::kVersions: return "GET";
    case Target::What::kVersion: return "GET, PUT, DELETE";
    case Target::What::kStatus:
    case Target::What::kAllStatus: return "PATCH";
    case Target::What::kAuth: return "POST";
  }
  return "";
}

bool Has(std::string_view methods, std::string_view method) {
  if (method.empty()) return false;
  const std::size_t at = methods.find(method);
  return at != methods.npos && (at == 0 || methods[at - 1] == ' ') &&
         (at + method.size() == methods.size() || methods[at + method.size()] == ',');
}

// What may be asked without a word about who asks is asked by everybody's probes.
bool IsOpen(const Target& target) { return target.what == Target::What::kWord; }

// A write, as the audit names it.
std::string_view NameOf(const Target& target, std::string_view method) {
  switch (target.what) {
    case Target::What::kWord: return "Publish";
    case Target::What::kVersion: return method == "PUT" ? "Edit" : "Delete";
    case Target::What::kAuth: return "Exchange";
    default: return "SetStatus";
  }
}

// A member of the body that holds one of our tokens, by the names that official clients use.
std::string TokenIn(std::string_view body) {
  const auto document = base::ParseJson(body, {.max_bytes = 64 * 1024});
  if (document.has_error() || !document->is_object()) return "";
  for (const char* member : {"github_token", "oidc_token", "token"}) {
    const auto found = document->find(member);
    if (found != document->end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

}  // namespace

Answer RegistryApi::Get(std::string_view path, std::string_view query, const Caller& caller) const {
  const auto target = ReadTarget(path);
  if (!target) return NotAPath();
  using enum Target::What;
  if (target->what == kWord) {
    if (target->name == "health") return {200, R"({"status":"ok"})"};
    if (target->name == "ping") return {200, R"({"pong":true})"};
    if (target->name == "version") {
      const ordered_json body = {{"version", base::Version()},
                                 {"git_commit", base::GitCommit()},
                                 {"build_time", base::BuildTime()}};
      return {200, body.dump()};
    }
  }
  if (!Has(MethodsOf(*target), "GET")) return NoSuchPath();
  if (const auto allowed = CheckAccess(caller, Access::kReader); allowed.has_error())
    return Problem(allowed.error());
  switch (target->what) {
    case kServers: return List(query, caller);
    case kVersions: return Versions(target->name, query, caller);
    case kVersion: return Version(target->name, target->version, query, caller);
    default: return NoSuchPath();
  }
}

Answer RegistryApi::List(std::string_view query, const Caller& caller) const {
  const auto asked = ReadListingQuery(query);
  if (asked.has_error()) return Problem(asked.error().status, asked.error().sentence);
  const ServerListing::Page page =
      parts_.listing.List(asked->filter, asked->after, asked->limit, caller.principal);
  std::string cursor;
  if (page.more) cursor = MakeListingCursor(asked->filter, page.last);
  return ServerList(page.versions, cursor);
}

Answer RegistryApi::Versions(const std::string& name, std::string_view query,
                             const Caller& caller) const {
  const auto asked = ReadListingQuery(query);
  if (asked.has_error()) return Problem(asked.error().status, asked.error().sentence);
  const auto versions =
      parts_.listing.Versions(name, asked->filter.include_deleted, caller.principal);
  if (versions.empty()) return Problem(404, "Server not found");
  return ServerList(versions);
}

Answer RegistryApi::Version(const std::string& name, const std::string& version,
                            std::string_view query, const Caller& caller) const {
  const auto asked = ReadListingQuery(query);
  if (asked.has_error()) return Problem(asked.error().status, asked.error().sentence);
  auto found = parts_.listing.Find(name, version, caller.principal);
  const bool hidden =
      found && found->status == ListedVersion::Status::kDeleted && !asked->filter.include_deleted;
  if (!found || hidden) return Problem(404, "Server not found");
  return {200, std::move(found->json)};
}

Answer RegistryApi::Write(std::string_view method, std::string_view path, std::string_view body,
                          const Caller& caller) const {
  Answer answer = DoWrite(method, path, body, caller);
  Tell(method, path, caller, answer.status);
  return answer;
}

void RegistryApi::Tell(std::string_view method, std::string_view path, const Caller& caller,
                       int status) const {
  if (status != 401 && status != 403) return;
  const auto target = ReadTarget(path);
  if (!target) return;
  parts_.refused(caller, NameOf(*target, method),
                 status == 401 ? base::Code::kUnauthenticated : base::Code::kPermissionDenied);
}

Answer RegistryApi::DoWrite(std::string_view method, std::string_view path, std::string_view body,
                            const Caller& caller) const {
  const auto target = ReadTarget(path);
  if (!target) return NotAPath();
  if (!Has(MethodsOf(*target), method)) return NoSuchPath();
  using enum Target::What;
  Publishing& publishing = parts_.publishing;
  switch (target->what) {
    case kWord:
      return target->name == "publish" ? publishing.Publish(caller, body)
                                       : Publishing::Validate(body);
    case kVersion:
      return method == "PUT" ? publishing.Edit(caller, target->name, target->version, body)
                             : publishing.Delete(caller, target->name, target->version);
    case kStatus: return publishing.SetStatus(caller, target->name, target->version, body);
    case kAllStatus: return publishing.SetStatusOfAll(caller, target->name, body);
    case kAuth: return Exchange(target->name, body, caller);
    default: return NoSuchPath();
  }
}

Answer RegistryApi::Exchange(const std::string& method, std::string_view body,
                             const Caller& caller) const {
  if (method == "dns" || method == "http") {
    return Problem(501, "namespaces are given by role here, not proven by " + method +
                            "; log in with a token: mcp-publisher login github --token ptt_...");
  }
  if (method != "none" && method != "github-at" && method != "oidc" && method != "github-oidc")
    return NoSuchPath();
  Caller who = caller;
  if (const std::string token = TokenIn(body); !token.empty()) {
    const std::string authorization = "Bearer " + token;
    auto identified = parts_.authenticator.Identify({.authorization = authorization,
                                                     .api_key = {},
                                                     .session = {},
                                                     .local = caller.local,
                                                     .address = caller.address,
                                                     .face = caller.face});
    if (identified.has_error()) return Problem(identified.error());
    who = std::move(*identified);
  }
  const auto issued = parts_.tokens.Issue(who);
  if (issued.has_error()) return Problem(issued.error());
  const ordered_json answer = {{"registry_token", issued->token},
                               {"expires_at", issued->expires_at_s}};
  return {200, answer.dump()};
}

base::Task<Answer> RegistryApi::ReadAndWrite(base::http::Exchange& exchange,
                                             const Caller& caller) const {
  const auto body = co_await exchange.ReadBody(kMaxBodyBytes);
  if (body.has_error()) co_return Problem(body.error());
  if (const auto target = ReadTarget(exchange.head().path);
      target && target->what == Target::What::kAuth) {
    const std::string authorization = "Bearer " + TokenIn(*body);
    const Proof proof{.authorization = authorization, .api_key = {}, .session = {}};
    Prepared prepared(parts_.authenticator, parts_.loop, proof);
    co_await prepared;
  }
  const auto write = [&] {
    return Write(exchange.head().method, exchange.head().path, *body, caller);
  };
  OnPool writing(parts_.pool, parts_.loop, write);
  co_return co_await writing;
}

base::Task<void> RegistryApi::Serve(base::http::Exchange& exchange,
                                    base::Result<Caller> caller) const {
  const base::http::RequestHead& head = exchange.head();
  std::vector<base::http::Field> fields = {
      {"Access-Control-Allow-Origin", "*"},
      {"Access-Control-Allow-Methods", kMethods},
      {"Access-Control-Allow-Headers", "Authorization, Content-Type, X-Api-Key"},
      {"Access-Control-Max-Age", "86400"}};
  const auto path = RegistryPath::Read(head.path);
  const bool reads_only = path && !path->capability.empty();
  const std::optional<Target> target = ReadTarget(head.path);
  const std::string methods(target ? MethodsOf(*target) : std::string_view());
  std::string allow;
  const Caller nobody;
  Answer answer;
  if (head.method == "OPTIONS") {
    answer.status = 204;
  } else if (!target) {
    answer = NotAPath();
  } else if (methods.empty()) {
    answer = NoSuchPath();
  } else if (reads_only ? !IsRead(head.method) || !Has(methods, "GET")
                        : !Has(methods, IsRead(head.method) ? "GET" : head.method)) {
    answer = reads_only ? Problem(405, "this address is for reading only")
                        : Problem(405, "this path has " + methods);
    allow = Has(methods, "GET") ? (reads_only ? "GET, HEAD, OPTIONS" : methods + ", HEAD, OPTIONS")
                                : methods + ", OPTIONS";
    fields.push_back({"Allow", allow});
  } else if (caller.has_error() && !IsOpen(*target)) {
    answer =
        reads_only ? Problem(404, "there is nothing at this address") : Problem(caller.error());
  } else if (IsRead(head.method)) {
    const Caller& who = caller.has_error() ? nobody : std::as_const(*caller);
    // What the listing shows is in the store.
    const auto read = [&] { return Get(head.path, head.query, who); };
    OnPool reading(parts_.pool, parts_.loop, read);
    answer = co_await reading;
  } else {
    // A stranger's body is never read: who may write nothing hears so on the head alone.
    const bool validates = target->what == Target::What::kWord && target->name == "validate";
    const Access needed = target->what == Target::What::kAuth ? Access::kAnyone
                          : validates                         ? Access::kReader
                                                              : Access::kWriter;
    const base::Result<void> may =
        caller.has_error() ? base::Result<void>(caller.error()) : CheckAccess(*caller, needed);
    if (may.has_error()) {
      answer = Problem(may.error());
      if (caller.has_value()) Tell(head.method, head.path, *caller, answer.status);
    } else {
      answer = co_await ReadAndWrite(exchange, *caller);
    }
  }
  if (answer.status != 204) {
    fields.push_back(
        {"Content-Type", answer.status < 400 ? "application/json" : "application/problem+json"});
    // A token is nobody else's, also not a cache's.
    const bool secret = target && target->what == Target::What::kAuth;
    fields.push_back({"Cache-Control", secret ? "no-store" : "no-cache"});
    fields.push_back({"X-Content-Type-Options", "nosniff"});
  }
  // Nobody passes the address on by following a link.
  if (reads_only) fields.push_back({"Referrer-Policy", "no-referrer"});
  if (answer.status == 401) fields.push_back({"WWW-Authenticate", "Bearer"});
  const std::string_view bytes = answer.body;
  (void)co_await exchange.Respond(answer.status, fields, bytes);
}

}  // namespace registry
