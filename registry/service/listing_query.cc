#include "registry/service/listing_query.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/auth/api_key.h"
#include "base/http/target.h"
#include "base/rfc3339.h"

namespace registry {
namespace {

using base::http::FindField;
using nlohmann::json;

constexpr std::size_t kMaxLimit = 100;
constexpr std::size_t kMaxSearchBytes = 4096;
constexpr std::size_t kMaxCursorBytes = 16 * 1024;

// The cursor: ["name","version","search","version filter",updated_since or null,include_deleted].
bool ReadCursor(std::string_view cursor, ListingQuery& out) {
  if (cursor.size() > kMaxCursorBytes) return false;
  auto bytes = base::auth::Base64UrlDecode(cursor);
  if (!bytes) return false;
  json parts = json::parse(*bytes, nullptr, /*allow_exceptions=*/false);
  if (!parts.is_array() || parts.size() != 6 || !parts[0].is_string() || !parts[1].is_string() ||
      !parts[2].is_string() || !parts[3].is_string() ||
      !(parts[4].is_null() || parts[4].is_number_integer()) || !parts[5].is_boolean()) {
    return false;
  }
  out.after = {parts[0], parts[1]};
  out.filter.search = parts[2];
  out.filter.version = parts[3];
  if (parts[4].is_number_integer()) out.filter.updated_since_ms = parts[4].get<std::int64_t>();
  out.filter.include_deleted = parts[5];
  return true;
}

bool ReadLimit(const std::string& text, std::size_t& limit) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  return error == std::errc() && end == text.data() + text.size() && limit >= 1 &&
         limit <= kMaxLimit;
}

}  // namespace

boost::system::result<ListingQuery, QueryProblem> ReadListingQuery(std::string_view query) {
  auto fields = base::http::ParseQuery(query);
  if (!fields) return QueryProblem{400, "the query is not valid percent-encoded UTF-8"};
  ListingQuery out;
  if (const std::string* text = FindField(*fields, "search")) {
    if (text->size() > kMaxSearchBytes) return QueryProblem{422, "search: at most 4096 bytes"};
    out.filter.search = *text;
  }
  if (const std::string* text = FindField(*fields, "version")) out.filter.version = *text;
  const std::string* deleted = FindField(*fields, "include_deleted");
  if (deleted) {
    if (*deleted != "true" && *deleted != "false")
      return QueryProblem{422, "include_deleted: must be true or false"};
    out.filter.include_deleted = *deleted == "true";
  }
  if (const std::string* text = FindField(*fields, "updated_since"); text && !text->empty()) {
    // A plus sign that was not encoded has become a space.
    std::string time = *text;
    if (std::size_t space = time.rfind(' '); space != std::string::npos && space > 10)
      time[space] = '+';
    out.filter.updated_since_ms = base::ParseRfc3339(time);
    if (!out.filter.updated_since_ms) {
      return QueryProblem{400,
                          "updated_since: must be a time of RFC 3339, as 2026-08-07T13:15:04.280Z"};
    }
    if (deleted && !out.filter.include_deleted) {
      return QueryProblem{400, "include_deleted: cannot be false together with updated_since"};
    }
    out.filter.include_deleted = true;
  }
  if (const std::string* text = FindField(*fields, "limit"); text && !ReadLimit(*text, out.limit)) {
    return QueryProblem{422, "limit: must be a whole number from 1 to 100"};
  }
  if (const std::string* text = FindField(*fields, "cursor");
      text && !text->empty() && !ReadCursor(*text, out)) {
    return QueryProblem{400, "cursor: not one of ours"};
  }
  return out;
}

std::string MakeListingCursor(const ServerListing::Filter& filter,
                              const ServerListing::Position& last) {
  json since;
  if (filter.updated_since_ms) since = *filter.updated_since_ms;
  json parts = {last.name,      last.version, filter.search,
                filter.version, since,        filter.include_deleted};
  return base::auth::Base64UrlEncode(parts.dump());
}

}  // namespace registry
