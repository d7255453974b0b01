#include "policy/redaction.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace policy {
namespace {

constexpr std::string_view kMark = R"("[redacted]")";
// How deep texts that are JSON may hold texts that are JSON.
constexpr int kMaxTexts = 3;

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

// Without the white space around it.
std::string_view Trim(std::string_view json) {
  constexpr std::string_view kWhite = " \t\r\n";
  const std::size_t begin = std::min(json.find_first_not_of(kWhite), json.size());
  return json.substr(begin, json.find_last_not_of(kWhite) + 1 - begin);
}

base::Error Bad(std::size_t column, const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument,
                    "column " + std::to_string(column + 1) + ": " + what);
}

}  // namespace

// $ ( .name | .* | ..name | ..* | [2] | [*] | ['a name'] | ..[...] )+
base::Result<Redaction::Path> Redaction::Parse(std::string_view text) {
  if (!text.starts_with('$')) return Bad(0, "a path begins with '$'");
  Path path;
  for (std::size_t at = 1; at < text.size();) {
    Step step;
    if (text.substr(at).starts_with("..")) {
      step.at_any_depth = true;
      ++at;
      if (text.substr(at).starts_with(".[")) ++at;
    }
    if (text[at] == '.') {
      const std::size_t begin = ++at;
      if (at < text.size() && text[at] == '*') {
        ++at;
      } else {
        while (at < text.size() && IsNameByte(text[at])) ++at;
        if (at == begin) return Bad(at, "a member's name or '*' expected");
        step.kind = Step::Kind::kName;
        step.name = text.substr(begin, at - begin);
      }
    } else if (text[at] == '[') {
      const std::size_t begin = ++at;
      const std::size_t end = text.find(']', at);
      const char quote = at < text.size() ? text[at] : '\0';
      if (quote == '\'' || quote == '"') {
        const std::size_t close = text.find(quote, at + 1);
        if (close == std::string_view::npos || text.substr(close + 1, 1) != "]")
          return Bad(at, "the name's end and ']' expected");
        step.kind = Step::Kind::kName;
        step.name = text.substr(begin + 1, close - begin - 1);
        at = close + 2;
      } else if (end == std::string_view::npos) {
        return Bad(text.size(), "']' expected");
      } else if (const std::string_view inside = text.substr(begin, end - begin); inside == "*") {
        at = end + 1;
      } else {
        const auto [stop, error] =
            std::from_chars(inside.data(), inside.data() + inside.size(), step.index);
        if (error != std::errc() || stop != inside.data() + inside.size() || inside.empty())
          return Bad(begin, "a number, '*' or a name in quotes expected");
        step.kind = Step::Kind::kIndex;
        at = end + 1;
      }
    } else {
      return Bad(at, "'.' or '[' expected");
    }
    path.push_back(std::move(step));
  }
  if (path.empty()) return Bad(1, "the whole cannot be replaced; name a member, or keep nothing");
  return path;
}

base::Result<void> Redaction::Add(std::string_view path) {
  auto parsed = Parse(path);
  if (!parsed) return parsed.error();
  paths_.push_back(*std::move(parsed));
  return {};
}

base::Result<void> Redaction::AddBelow(std::string_view member, std::string_view path) {
  auto parsed = Parse(path);
  if (!parsed) return parsed.error();
  Step step;
  step.kind = Step::Kind::kName;
  step.name = member;
  parsed->insert(parsed->begin(), std::move(step));
  paths_.push_back(*std::move(parsed));
  return {};
}

Redaction::States Redaction::Beginning() const {
  States states;
  for (std::size_t i = 0; i < paths_.size(); ++i)
    states.push_back({static_cast<std::uint32_t>(i), 0});
  return states;
}

template <class Fits>
std::optional<Redaction::States> Redaction::Below(const States& states, Fits fits) const {
  States below;
  for (const State& state : states) {
    const Path& path = paths_[state.path];
    const Step& step = path[state.step];
    // It may as well begin further down.
    if (step.at_any_depth) below.push_back(state);
    if (!fits(step)) continue;
    if (state.step + 1U == path.size()) return std::nullopt;
    below.push_back({state.path, static_cast<std::uint32_t>(state.step + 1)});
  }
  // `$..a..b` comes to the same place by more ways than one.
  const auto order = [](const State& a, const State& b) {
    return a.path != b.path ? a.path < b.path : a.step < b.step;
  };
  std::sort(below.begin(), below.end(), order);
  below.erase(std::unique(below.begin(), below.end(),
                          [](const State& a, const State& b) {
                            return a.path == b.path && a.step == b.step;
                          }),
              below.end());
  return below;
}

std::optional<std::string> Redaction::Apply(std::string_view json) const {
  if (!mcp::IsJson(json)) return std::nullopt;
  std::string out;
  out.reserve(json.size());
  Walk(Trim(json), Beginning(), kMaxTexts, out);
  return out;
}

// Copies what lies between the values as it is.
void Redaction::Walk(std::string_view value, const States& states, int texts,
                     std::string& out) const {
  const char* copied = value.data();
  const auto replace = [&](std::string_view item, const std::optional<States>& below) {
    out.append(copied, item.data());
    copied = item.data() + item.size();
    if (below) {
      Walk(item, *below, texts, out);
    } else {
      out.append(kMark);
    }
  };
  if (mcp::IsString(value)) return WalkText(value, texts, out);
  if (mcp::IsObject(value)) {
    mcp::Members members(value);
    while (members.Next()) {
      replace(members.value(), Below(states, [&](const Step& step) {
                return step.kind == Step::Kind::kAny ||
                       (step.kind == Step::Kind::kName && members.Is(step.name));
              }));
    }
  } else if (mcp::IsArray(value)) {
    mcp::Elements elements(value);
    for (std::size_t i = 0; elements.Next(); ++i) {
      replace(elements.value(), Below(states, [&](const Step& step) {
                return step.kind == Step::Kind::kAny ||
                       (step.kind == Step::Kind::kIndex && step.index == i);
              }));
    }
  }
  out.append(copied, value.data() + value.size());
}

void Redaction::WalkText(std::string_view raw, int texts, std::string& out) const {
  // Nearly no text is JSON: one look at its first letter.
  const std::size_t first = raw.find_first_not_of(" \t", 1);
  const bool may_be_json = texts > 0 && first != std::string_view::npos &&
                           (raw[first] == '{' || raw[first] == '[' || raw[first] == '\\');
  if (may_be_json) {
    const std::string decoded = mcp::DecodeString(raw);
    const std::string_view text = Trim(decoded);
    if ((mcp::IsObject(text) || mcp::IsArray(text)) && mcp::IsJson(text)) {
      std::string redacted;
      Walk(text, Beginning(), texts - 1, redacted);
      out.append(mcp::Quote(redacted));
      return;
    }
  }
  out.append(raw);
}

}  // namespace policy
