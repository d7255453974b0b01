#include "registry/sync/upstream_page.h"

#include "base/json.h"
#include "base/rfc3339.h"

namespace registry::sync {
namespace {

namespace v1 = portolan::v1;
using nlohmann::json;

constexpr std::size_t kMaxEntries = 1000;
constexpr std::size_t kMaxCursorBytes = 16 * 1024;
constexpr std::size_t kMaxNameBytes = 512;
constexpr char kOfficial[] = "io.modelcontextprotocol.registry/official";

base::Error NoPage(const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument,
                    "the answer is no page of the registry API: " + what);
}

const json* Find(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

std::string Text(const json& object, const char* key) {
  const json* value = Find(object, key);
  return value && value->is_string() ? value->get<std::string>() : "";
}

v1::VersionStatus::State StatusOf(const std::string& word) {
  if (word == "deprecated") return v1::VersionStatus::DEPRECATED;
  if (word == "deleted") return v1::VersionStatus::DELETED;
  return v1::VersionStatus::ACTIVE;
}

UpstreamEntry ReadEntry(const json& value, const json& server) {
  UpstreamEntry entry;
  entry.server_json = server.dump(-1, ' ', false, json::error_handler_t::replace);
  entry.name = Text(server, "name").substr(0, kMaxNameBytes);
  entry.version = Text(server, "version").substr(0, kMaxNameBytes);
  const json* meta = Find(value, "_meta");
  const json* official = meta ? Find(*meta, kOfficial) : nullptr;
  if (!official) return entry;
  entry.status = StatusOf(Text(*official, "status"));
  if (entry.status != v1::VersionStatus::ACTIVE)
    entry.status_message = Text(*official, "statusMessage");
  return entry;
}

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

}  // namespace

base::Result<UpstreamPage> ReadUpstreamPage(std::string_view body) {
  const auto document = base::ParseJson(body);
  if (document.has_error()) return NoPage(document.error().message);
  const json* servers = Find(*document, "servers");
  // An empty list is null where the other side is written in Go.
  if (!servers || !(servers->is_array() || servers->is_null()))
    return NoPage("it has no list 'servers'");
  if (servers->size() > kMaxEntries) return NoPage("more than 1,000 servers");
  UpstreamPage page;
  for (const json& value : *servers) {
    const json* server = Find(value, "server");
    if (!server || !server->is_object()) return NoPage("an entry has no object 'server'");
    page.entries.push_back(ReadEntry(value, *server));
  }
  if (const json* metadata = Find(*document, "metadata"))
    page.next_cursor = Text(*metadata, "nextCursor");
  if (page.next_cursor.size() > kMaxCursorBytes) return NoPage("a cursor longer than 16 KiB");
  return page;
}

std::string UpstreamPageUrl(std::string_view url, std::int64_t since_ms, std::string_view cursor) {
  while (url.ends_with('/')) url.remove_suffix(1);
  std::string page(url);
  if (!url.ends_with("/v0.1") && !url.ends_with("/v0")) page += "/v0.1";
  page += "/servers?limit=100";
  if (since_ms > 0) page += "&updated_since=" + PercentEncode(base::FormatRfc3339(since_ms));
  if (!cursor.empty()) page += "&cursor=" + PercentEncode(cursor);
  return page;
}

}  // namespace registry::sync
