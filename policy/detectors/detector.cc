#include "policy/detectors/detector.h"

#include <re2/re2.h>

#include <algorithm>

#include "policy/detectors/hidden_text.h"
#include "policy/detectors/personal_data.h"
#include "policy/detectors/phrases.h"
#include "policy/detectors/secrets.h"

namespace policy {

namespace v1 = portolan::v1;

namespace {

constexpr std::size_t kMaxPatternBytes = 1024;
// What one pattern's automata may take.
constexpr std::int64_t kMaxPatternMemory = 2 << 20;
constexpr std::size_t kMaxNameBytes = 63;

base::Error Bad(const std::string& pointer, const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument, pointer + ": " + what);
}

bool IsLabel(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameBytes || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// `hidden-unicode`
std::string NameOf(v1::DetectorKind::Value kind) {
  std::string name = v1::DetectorKind::Value_Name(kind);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c == '_' ? '-' : static_cast<char>(c - 'A' + 'a'); });
  return name;
}

PersonalKind BitOf(v1::PersonalData::Value kind) {
  switch (kind) {
    case v1::PersonalData::EMAIL: return kEmail;
    case v1::PersonalData::PHONE: return kPhone;
    case v1::PersonalData::CARD: return kCard;
    case v1::PersonalData::BANK_ACCOUNT: return kBankAccount;
    case v1::PersonalData::NATIONAL_ID: return kNationalId;
    case v1::PersonalData::IP_ADDRESS: return kIpAddress;
    default: return kAllPersonalKinds;
  }
}

// Where in the pattern RE2 stumbled, counted from 1; 0: it does not say.
std::size_t ColumnOf(const std::string& pattern, const re2::RE2& compiled) {
  const std::string& stumbled = compiled.error_arg();
  if (stumbled.empty() || stumbled.size() >= pattern.size()) return 0;
  const std::size_t at = pattern.find(stumbled);
  return at == std::string::npos ? 0 : at + 1;
}

base::Result<std::shared_ptr<const re2::RE2>> CompilePattern(const std::string& source) {
  if (source.empty()) return Bad("/pattern", "a detector of kind PATTERN needs one");
  if (source.size() > kMaxPatternBytes)
    return Bad("/pattern", "longer than " + std::to_string(kMaxPatternBytes) + " bytes");
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxPatternMemory);
  auto compiled = std::make_shared<const re2::RE2>(source, options);
  if (!compiled->ok()) {
    const std::size_t column = ColumnOf(source, *compiled);
    return Bad("/pattern",
               (column == 0 ? std::string() : "column " + std::to_string(column) + ": ") +
                   compiled->error());
  }
  if (compiled->Match("", 0, 0, re2::RE2::ANCHOR_BOTH, nullptr, 0))
    return Bad("/pattern", "fits the empty text, so it would find something everywhere");
  return compiled;
}

// Whether it may ask where the text begins or ends. Errs on the side of yes.
bool AsksForEdges(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '$') return true;
    if (pattern[i] == '^' && (i == 0 || pattern[i - 1] != '[')) return true;
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      const char c = pattern[++i];
      if (c == 'A' || c == 'z' || c == 'Q' || c == 'C') return true;
    }
  }
  return false;
}

void FindPattern(const re2::RE2& pattern, std::string_view text, TextRanges& found) {
  const re2::StringPiece piece(text.data(), text.size());
  re2::StringPiece match;
  for (std::size_t at = 0; at < text.size();) {
    if (!pattern.Match(piece, at, text.size(), re2::RE2::UNANCHORED, &match, 1)) return;
    const auto begin = static_cast<std::size_t>(match.data() - text.data());
    const std::size_t end = begin + match.size();
    if (end > begin) found.push_back({begin, end});
    // One that is empty here (`\b`) stands between two characters.
    at = std::max(end, at + 1);
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  }
}

}  // namespace

base::Result<Detector> Detector::Compile(const v1::Detector& spec) {
  Detector detector;
  if (spec.kind() == v1::DetectorKind::UNSPECIFIED || !v1::DetectorKind::Value_IsValid(spec.kind()))
    return Bad("/kind",
               "must be SECRETS, HIDDEN_UNICODE, INJECTION_PHRASES, PERSONAL_DATA or PATTERN");
  detector.kind_ = spec.kind();
  if (!spec.name().empty() && !IsLabel(spec.name()))
    return Bad("/name", "must match [a-z0-9][a-z0-9-]{0,62}");
  detector.name_ = spec.name().empty() ? NameOf(spec.kind()) : spec.name();
  if (spec.kind() == v1::DetectorKind::PATTERN) {
    auto pattern = CompilePattern(spec.pattern());
    if (!pattern) return pattern.error();
    detector.pattern_ = *std::move(pattern);
    detector.is_anywhere_ = !AsksForEdges(spec.pattern());
  } else if (!spec.pattern().empty()) {
    return Bad("/pattern", "only with kind PATTERN");
  }
  if (spec.kind() != v1::DetectorKind::PERSONAL_DATA && !spec.personal_data().empty())
    return Bad("/personal_data", "only with kind PERSONAL_DATA");
  for (int i = 0; i < spec.personal_data_size(); ++i) {
    const v1::PersonalData::Value kind = spec.personal_data(i);
    if (kind == v1::PersonalData::UNSPECIFIED || !v1::PersonalData::Value_IsValid(kind))
      return Bad("/personal_data/" + std::to_string(i), "is no kind of personal data");
    detector.personal_kinds_ |= BitOf(kind);
  }
  // Makes the automaton, here and not when the first call comes.
  if (spec.kind() == v1::DetectorKind::SECRETS) (void)HasSecret({});
  if (spec.personal_data().empty()) detector.personal_kinds_ = kAllPersonalKinds;
  return detector;
}

void Detector::Find(std::string_view text, TextRanges& found) const {
  switch (kind_) {
    case v1::DetectorKind::SECRETS: return FindSecrets(text, found);
    case v1::DetectorKind::HIDDEN_UNICODE: return FindHidden(text, found);
    case v1::DetectorKind::PERSONAL_DATA: return FindPersonalData(text, personal_kinds_, found);
    case v1::DetectorKind::PATTERN: return FindPattern(*pattern_, text, found);
    case v1::DetectorKind::INJECTION_PHRASES: {
      TextRanges ranges;
      for (const Phrase& phrase : FindPhrases(text)) ranges.push_back(phrase.range);
      std::sort(ranges.begin(), ranges.end(),
                [](const TextRange& a, const TextRange& b) { return a.begin < b.begin; });
      for (const TextRange& range : ranges) {
        if (found.empty() || range.begin >= found.back().end) {
          found.push_back(range);
        } else {
          found.back().end = std::max(found.back().end, range.end);
        }
      }
      return;
    }
    default: return;
  }
}

bool Detector::MayBeIn(std::string_view raw) const {
  switch (kind_) {
    case v1::DetectorKind::SECRETS: return HasSecret(raw);
    case v1::DetectorKind::HIDDEN_UNICODE: return MayHide(raw);
    case v1::DetectorKind::INJECTION_PHRASES: return HasPhrase(raw);
    case v1::DetectorKind::PATTERN:
      return !is_anywhere_ || pattern_->Match(re2::StringPiece(raw.data(), raw.size()), 0,
                                              raw.size(), re2::RE2::UNANCHORED, nullptr, 0);
    case v1::DetectorKind::PERSONAL_DATA: {
      TextRanges found;
      FindPersonalData(raw, personal_kinds_, found);
      return !found.empty();
    }
    default: return true;
  }
}

}  // namespace policy
