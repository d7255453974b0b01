#include "mcp/server/uri_template.h"

#include <algorithm>

namespace mcp {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = HexDigit(text[i + 1]);
    const int low = HexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool IsName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

base::Result<UriTemplate> UriTemplate::Parse(std::string_view text) {
  UriTemplate out;
  out.text_ = text;
  for (;;) {
    const std::size_t open = text.find('{');
    out.literals_.emplace_back(text.substr(0, open));
    if (open == std::string_view::npos) return out;
    if (!out.names_.empty() && out.literals_.back().empty())
      return base::Fail(base::Code::kInvalidArgument, "two variables touch");
    const std::size_t close = text.find('}', open);
    const std::string_view name =
        close == std::string_view::npos ? "" : text.substr(open + 1, close - open - 1);
    if (!IsName(name)) return base::Fail(base::Code::kInvalidArgument, "only {name} is known here");
    out.names_.emplace_back(name);
    text.remove_prefix(close + 1);
  }
}

std::optional<UriTemplate::Variables> UriTemplate::Match(std::string_view uri) const {
  if (!uri.starts_with(literals_.front())) return std::nullopt;
  uri.remove_prefix(literals_.front().size());
  Variables out;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const std::string& next = literals_[i + 1];
    const bool last = i + 1 == names_.size();
    // The last gap is what is left before the end; any other ends where its literal begins.
    const std::size_t end = !last                 ? uri.find(next)
                            : uri.ends_with(next) ? uri.size() - next.size()
                                                  : std::string_view::npos;
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    const std::string_view raw = uri.substr(0, end);
    std::optional<std::string> value = PercentDecode(raw);
    const bool at_end = last && next.empty();
    if (!value || (!at_end && raw.find('/') != std::string_view::npos)) return std::nullopt;
    out[names_[i]] = std::move(*value);
    uri.remove_prefix(end + next.size());
  }
  if (!uri.empty()) return std::nullopt;
  return out;
}

}  // namespace mcp
