#include "registry/service/registry_api.h"

#include <nlohmann/json.hpp>

#include "base/error_codes.h"
#include "base/http/target.h"
#include "base/version.h"
#include "registry/service/listing_query.h"

namespace registry {
namespace {

using Answer = RegistryApi::Answer;
using nlohmann::ordered_json;

constexpr char kPrefixStable[] = "/v0.1";
constexpr char kPrefixDevelopment[] = "/v0";

Answer Problem(int status, std::string_view sentence) {
  ordered_json body = {{"error", sentence},
                       {"title", base::http::ReasonPhrase(status)},
                       {"status", status},
                       {"detail", sentence}};
  return {status, body.dump(-1, ' ', false, ordered_json::error_handler_t::replace)};
}

// Behind /v0.1 or /v0; nullopt elsewhere.
std::optional<std::string_view> Below(std::string_view path) {
  for (std::string_view prefix :
       {std::string_view(kPrefixStable), std::string_view(kPrefixDevelopment)}) {
    if (!path.starts_with(prefix)) continue;
    std::string_view rest = path.substr(prefix.size());
    if (rest.empty() || rest.front() == '/') return rest;
  }
  return std::nullopt;
}

Answer ServerList(const std::vector<std::shared_ptr<const ListedVersion>>& versions,
                  const std::string& next_cursor) {
  std::string body = R"({"servers":[)";
  for (const auto& version : versions) {
    if (version != versions.front()) body += ',';
    body += version->json;
  }
  ordered_json metadata = {{"count", versions.size()}};
  if (!next_cursor.empty()) metadata["nextCursor"] = next_cursor;
  body += R"(],"metadata":)" + metadata.dump() + "}";
  return {200, std::move(body)};
}

// The name may come as one encoded segment (`io.x%2Fy`) or as two.
std::string Join(const std::vector<std::string>& segments, std::size_t begin, std::size_t end) {
  std::string name;
  for (std::size_t i = begin; i < end; ++i) name += (i > begin ? "/" : "") + segments[i];
  return name;
}

}  // namespace

bool RegistryApi::Owns(std::string_view path) { return Below(path).has_value(); }

Answer RegistryApi::Get(std::string_view path, std::string_view query, const Caller& caller) const {
  auto segments = base::http::PathSegments(Below(path).value_or(""));
  if (!segments) return Problem(400, "the path is not valid percent-encoded UTF-8");
  if (segments->size() == 1) {
    const std::string& word = segments->front();
    if (word == "health") return {200, R"({"status":"ok"})"};
    if (word == "ping") return {200, R"({"pong":true})"};
    if (word == "version") {
      ordered_json body = {{"version", base::Version()},
                           {"git_commit", base::GitCommit()},
                           {"build_time", base::BuildTime()}};
      return {200, body.dump()};
    }
  }
  if (segments->empty() || segments->front() != "servers")
    return Problem(404, "no such path; there is /v0.1/servers");
  if (auto allowed = CheckAccess(caller, Access::kReader); allowed.has_error()) {
    return Problem(base::HttpStatus(allowed.error().code), allowed.error().message);
  }
  std::size_t size = segments->size();
  if (size == 1) return List(query, caller);
  if ((size == 3 || size == 4) && segments->back() == "versions") {
    return Versions(Join(*segments, 1, size - 1), query, caller);
  }
  if ((size == 4 || size == 5) && (*segments)[size - 2] == "versions") {
    return Version(Join(*segments, 1, size - 2), segments->back(), caller);
  }
  return Problem(
      404,
      "no such path; there is /servers/{name}/versions and /servers/{name}/versions/{version}");
}

Answer RegistryApi::List(std::string_view query, const Caller& caller) const {
  auto asked = ReadListingQuery(query);
  if (asked.has_error()) return Problem(asked.error().status, asked.error().sentence);
  ServerListing::Page page =
      listing_.List(asked->filter, asked->after, asked->limit, caller.principal);
  std::string cursor;
  if (page.more) {
    ServerListing::Position last{page.versions.back()->name, page.versions.back()->version};
    cursor = MakeListingCursor(asked->filter, last);
  }
  return ServerList(page.versions, cursor);
}

Answer RegistryApi::Versions(const std::string& name, std::string_view query,
                             const Caller& caller) const {
  auto asked = ReadListingQuery(query);
  if (asked.has_error()) return Problem(asked.error().status, asked.error().sentence);
  auto versions = listing_.Versions(name, asked->filter.include_deleted, caller.principal);
  if (versions.empty()) return Problem(404, "Server not found");
  return ServerList(versions, "");
}

Answer RegistryApi::Version(const std::string& name, const std::string& version,
                            const Caller& caller) const {
  auto found = listing_.Find(name, version, caller.principal);
  if (!found) return Problem(404, "Server not found");
  return {200, found->json};
}

base::Task<void> RegistryApi::Serve(base::http::Exchange& exchange, Caller caller) const {
  const base::http::RequestHead& head = exchange.head();
  std::vector<base::http::Field> fields = {
      {"Access-Control-Allow-Origin", "*"},
      {"Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"},
      {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
      {"Access-Control-Max-Age", "86400"}};
  Answer answer;
  if (head.method == "OPTIONS") {
    answer.status = 204;
  } else if (head.method == "GET" || head.method == "HEAD") {
    answer = Get(head.path, head.query, caller);
  } else {
    answer = Problem(405, "only GET, HEAD and OPTIONS");
    fields.push_back({"Allow", "GET, HEAD, OPTIONS"});
  }
  if (answer.status != 204) {
    fields.push_back(
        {"Content-Type", answer.status < 400 ? "application/json" : "application/problem+json"});
    fields.push_back({"Cache-Control", "no-cache"});
  }
  if (answer.status == 401) fields.push_back({"WWW-Authenticate", "Bearer"});
  (void)co_await exchange.Respond(answer.status, fields, answer.body);
}

}  // namespace registry
