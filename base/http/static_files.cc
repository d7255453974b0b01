#include "base/http/static_files.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace base::http {
namespace {

// Scripts, styles, fonts and calls only from where the page came from; no inline script or style
// element. Style attributes are set through the DOM, which no policy hinders.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr Field kSecurityFields[] = {
    {"Content-Security-Policy", kContentSecurityPolicy},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
};

std::string_view Trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Calls `visit` with each element of a comma-separated list until it returns true; says whether one
// did.
template <class Visit>
bool AnyElement(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    if (visit(Trim(list.substr(0, comma)))) return true;
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

// `gzip;q=0` refuses (RFC 9110, section 12.5.3). Only named codings are used: plain bytes need no
// permission.
bool Accepts(std::string_view accept_encoding, std::string_view coding) {
  return AnyElement(accept_encoding, [coding](std::string_view element) {
    const auto semicolon = element.find(';');
    if (!EqualsIgnoreCase(Trim(element.substr(0, semicolon)), coding)) return false;
    if (semicolon == std::string_view::npos) return true;
    const std::string_view weight = Trim(element.substr(semicolon + 1));
    // 0, 0.0, 0.00 and 0.000 are all zero.
    return weight.find_first_of("123456789") != std::string_view::npos;
  });
}

// RFC 9110, section 13.1.2: the weak comparison.
bool MatchesTag(std::string_view if_none_match, std::string_view etag) {
  return AnyElement(if_none_match, [etag](std::string_view element) {
    if (element == "*") return true;
    if (element.starts_with("W/")) element.remove_prefix(2);
    return element == etag;
  });
}

bool IsClientRoute(std::string_view path) {
  if (path.starts_with("/assets/")) return false;
  const bool at_top = path.find('/', 1) == std::string_view::npos;
  return !(at_top && path.find('.') != std::string_view::npos);
}

StaticAnswer Plain(int status, std::string_view text) {
  StaticAnswer answer{.status = status, .fields = {}, .body = text};
  answer.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
  answer.fields.push_back({"Cache-Control", "no-store"});
  return answer;
}

}  // namespace

StaticFiles::StaticFiles(std::span<const StaticFile> files) {
  files_.reserve(files.size());
  for (const StaticFile& file : files) files_.emplace(file.path, &file);
}

const StaticFile* StaticFiles::Find(std::string_view path) const {
  auto found = files_.find(path);
  if (found == files_.end() && IsClientRoute(path)) found = files_.find("/index.html");
  return found == files_.end() ? nullptr : found->second;
}

StaticAnswer StaticFiles::Answer(const RequestHead& head) const {
  StaticAnswer answer;
  const StaticFile* file = Find(head.path);
  if (head.method != "GET" && head.method != "HEAD") {
    answer = Plain(405, "only GET and HEAD\n");
    answer.fields.push_back({"Allow", "GET, HEAD"});
  } else if (file == nullptr) {
    answer = Plain(404, "no such page\n");
  } else {
    const std::string_view accepted = head.fields.Find("Accept-Encoding").value_or("");
    const StaticContent* content = &file->plain;
    std::string_view coding;
    if (!file->brotli.bytes.empty() && Accepts(accepted, "br")) {
      content = &file->brotli;
      coding = "br";
    } else if (!file->gzip.bytes.empty() && Accepts(accepted, "gzip")) {
      content = &file->gzip;
      coding = "gzip";
    }
    answer.fields.push_back({"ETag", content->etag});
    answer.fields.push_back({"Vary", "Accept-Encoding"});
    answer.fields.push_back(
        {"Cache-Control", file->immutable ? "public, max-age=31536000, immutable" : "no-cache"});
    if (MatchesTag(head.fields.Find("If-None-Match").value_or(""), content->etag)) {
      answer.status = 304;
    } else {
      answer.fields.push_back({"Content-Type", file->content_type});
      if (!coding.empty()) answer.fields.push_back({"Content-Encoding", coding});
      answer.body = content->bytes;
    }
  }
  std::ranges::copy(kSecurityFields, std::back_inserter(answer.fields));
  return answer;
}

Task<void> StaticFiles::Serve(Exchange& exchange) {
  const StaticAnswer answer = Answer(exchange.head());
  // A peer that is gone needs no answer.
  (void)co_await exchange.Respond(answer.status, std::span<const Field>(answer.fields),
                                  answer.body);
}

}  // namespace base::http
