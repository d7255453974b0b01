#include "policy/json_inspector.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace policy {

namespace v1 = portolan::v1;
using Action = portolan::v1::DetectorAction;

namespace {

constexpr std::string_view kMark = "[redacted]";

// Members of params, results and `_meta` that no model and no person reads.
constexpr std::array<std::string_view, 9> kOfMachines = {
    "cursor",      "nextCursor", "requestState", "progressToken", "requestId",
    "traceparent", "tracestate", "resultType",   "baggage"};
constexpr std::string_view kOfProtocol = "io.modelcontextprotocol/";

bool IsOfMachines(std::string_view raw_key) {
  const auto plain = mcp::PlainString(raw_key);
  return plain && std::find(kOfMachines.begin(), kOfMachines.end(), *plain) != kOfMachines.end();
}

bool IsEscaped(std::string_view raw) {
  return !raw.empty() && std::memchr(raw.data(), '\\', raw.size()) != nullptr;
}

// For each byte of a decoded string where it begins in the raw one, and one more for the end.
std::vector<std::size_t> OriginsOf(std::string_view raw) {
  std::vector<std::size_t> origins;
  origins.reserve(raw.size() + 1);
  for (std::size_t i = 0; i < raw.size();) {
    std::size_t size = 1, decoded = 1;
    if (raw[i] == '\\') {
      size = raw[i + 1] == 'u' ? 6 : 2;
      std::string unit = mcp::DecodeString('"' + std::string(raw.substr(i, size)) + '"');
      // Two of these may be one character.
      if (size == 6 && raw.substr(i + 6, 2) == "\\u") {
        const std::string pair = mcp::DecodeString('"' + std::string(raw.substr(i, 12)) + '"');
        if (pair.size() == 4) {
          size = 12;
          unit = pair;
        }
      }
      decoded = unit.size();
    }
    origins.insert(origins.end(), decoded, i);
    i += size;
  }
  origins.push_back(raw.size());
  return origins;
}

}  // namespace

std::vector<bool> JsonInspector::MayBeIn(std::string_view part) const {
  std::vector<bool> may_be;
  for (const Inspection::Looker* looker : terms_.lookers)
    may_be.push_back(looker->detector.MayBeIn(part));
  return may_be;
}

bool JsonInspector::MayFindIn(std::string_view part) const {
  if (terms_.empty()) return false;
  const std::vector<bool> may_be = MayBeIn(part);
  return IsEscaped(part) || std::find(may_be.begin(), may_be.end(), true) != may_be.end();
}

void JsonInspector::Look(std::string_view part, Redact redact) {
  if (part.empty()) return;
  const std::vector<bool> may_be = MayBeIn(part);
  const bool anything = std::find(may_be.begin(), may_be.end(), true) != may_be.end();
  if (!anything && !IsEscaped(part)) return;
  for (std::size_t at = part.find('"'); at != std::string_view::npos; at = part.find('"', at)) {
    const std::size_t begin = ++at;
    for (; at < part.size() && part[at] != '"'; ++at) at += part[at] == '\\';
    if (at >= part.size()) return;
    LookAtString(part.substr(begin, at - begin), may_be, redact);
    ++at;
  }
}

void JsonInspector::LookAtMembers(std::string_view object) {
  mcp::Members members(object);
  while (members.Next()) {
    if (IsOfMachines(members.key())) continue;
    Look(members.key(), Redact::kBlock);
    if (!members.Is("_meta")) {
      // What a call is of is no call of it any more when it is changed.
      const bool names = members.Is("name") || members.Is("uri") || members.Is("ref");
      Look(members.value(), names ? Redact::kBlock : Redact::kReplace);
      continue;
    }
    mcp::Members notes(members.value());
    while (notes.Next()) {
      const auto key = mcp::PlainString(notes.key());
      if (IsOfMachines(notes.key()) || (key && key->starts_with(kOfProtocol))) continue;
      Look(notes.key(), Redact::kBlock);
      Look(notes.value());
    }
  }
}

void JsonInspector::LookAtString(std::string_view raw, const std::vector<bool>& may_be,
                                 Redact redact) {
  if (raw.empty()) return;
  const bool escaped = IsEscaped(raw);
  std::string_view text = raw;
  if (escaped) {
    // With its quotes, which stand around it in the text.
    decoded_ = mcp::DecodeString({raw.data() - 1, raw.size() + 2});
    text = decoded_;
  }
  TextRanges ranges;
  for (std::size_t i = 0; i < terms_.lookers.size(); ++i) {
    if (!escaped && !may_be[i]) continue;
    const Inspection::Looker& looker = *terms_.lookers[i];
    ranges.clear();
    looker.detector.Find(text, ranges);
    if (ranges.empty()) continue;
    Note(looker, ranges.size(), redact);
    if (looker.action == Action::REDACT && redact == Redact::kReplace)
      AddEdits(raw, escaped, ranges, looker.detector.kind() != v1::DetectorKind::HIDDEN_UNICODE);
  }
}

void JsonInspector::Note(const Inspection::Looker& looker, std::size_t count, Redact redact) {
  const bool blocks = looker.action == Action::BLOCK ||
                      (looker.action == Action::REDACT && redact == Redact::kBlock);
  if (blocks && !blocked_by_) blocked_by_ = &looker;
  auto found = std::find_if(found_.begin(), found_.end(),
                            [&](const Found& one) { return one.looker == &looker; });
  if (found == found_.end()) found = found_.insert(found, {&looker, 0, looker.action});
  found->count += static_cast<int>(count);
  if (blocks) found->action = Action::BLOCK;
}

void JsonInspector::AddEdits(std::string_view raw, bool escaped, const TextRanges& ranges,
                             bool leaves_mark) {
  const auto base = static_cast<std::size_t>(raw.data() - text_.data());
  std::vector<std::size_t> origins;
  if (escaped) origins = OriginsOf(raw);
  const auto origin = [&](std::size_t at) { return base + (escaped ? origins[at] : at); };
  for (const TextRange& range : ranges)
    edits_.push_back({origin(range.begin), origin(range.end), leaves_mark});
}

std::optional<std::string> JsonInspector::Redacted() {
  if (edits_.empty()) return std::nullopt;
  std::sort(edits_.begin(), edits_.end(),
            [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
  std::string redacted;
  redacted.reserve(text_.size());
  std::size_t copied = 0;
  for (auto edit = edits_.begin(); edit != edits_.end();) {
    Edit all = *edit;
    for (++edit; edit != edits_.end() && edit->begin < all.end; ++edit) {
      all.end = std::max(all.end, edit->end);
      all.leaves_mark = all.leaves_mark || edit->leaves_mark;
    }
    redacted.append(text_.substr(copied, all.begin - copied));
    if (all.leaves_mark) redacted.append(kMark);
    copied = all.end;
  }
  return redacted.append(text_.substr(copied));
}

}  // namespace policy
