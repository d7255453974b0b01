// Detectors: whatever a caller or a server sends, every range lies in the text and in order, what is
// judged by the raw JSON is judged as its strings are, and what is redacted is JSON again, of the same
// shape, in which nothing is found any more that leaves a mark.
#include <google/protobuf/text_format.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "policy/json_inspector.h"

namespace {

policy::Inspection Everything() {
  policy::EffectivePolicy policy;
  policy::EffectiveRule rule;
  google::protobuf::TextFormat::ParseFromString(
      "id: 'all' inspect { detect { kind: SECRETS action: REDACT } "
      "detect { kind: HIDDEN_UNICODE action: REDACT } "
      "detect { kind: INJECTION_PHRASES action: REDACT } "
      "detect { kind: PERSONAL_DATA action: REDACT } "
      "detect { kind: PATTERN pattern: '[a-c]+[0-9]' action: REDACT } }",
      &rule.rule);
  policy.rules.push_back(rule);
  return policy::Inspection(policy);
}

void CheckRanges(std::string_view text, const policy::TextRanges& ranges) {
  std::size_t end = 0;
  for (const policy::TextRange& range : ranges) {
    if (range.begin < end || range.end <= range.begin || range.end > text.size()) std::abort();
    end = range.end;
  }
}

// Every string that stands in it, as detectors see them one by one.
void CheckPrefilter(std::string_view raw, const policy::Inspection& inspection) {
  if (raw.find('\\') != raw.npos) return;
  for (const policy::Inspection::Looker& looker : inspection.lookers()) {
    if (looker.detector.MayBeIn(raw)) continue;
    for (std::size_t at = raw.find('"'); at != raw.npos; at = raw.find('"', at)) {
      const std::size_t begin = ++at;
      at = raw.find('"', at);
      policy::TextRanges found;
      looker.detector.Find(raw.substr(begin, at - begin), found);
      if (!found.empty()) std::abort();
      ++at;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const policy::Inspection inspection = Everything();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const policy::Inspection::Looker& looker : inspection.lookers()) {
    policy::TextRanges found;
    looker.detector.Find(bytes, found);
    CheckRanges(bytes, found);
  }
  if (!mcp::IsJson(bytes)) return 0;
  CheckPrefilter(bytes, inspection);
  policy::Facts facts;
  const policy::Inspection::Terms terms =
      inspection.For(policy::Inspection::Part::ARGUMENTS, facts);
  policy::JsonInspector inspector(bytes, terms);
  inspector.Look(bytes);
  const std::optional<std::string> redacted = inspector.Redacted();
  if (redacted.has_value() == inspector.found().empty()) std::abort();
  if (redacted && !mcp::IsJson(*redacted)) std::abort();
  return 0;
}
