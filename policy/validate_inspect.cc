#include "policy/validate_inspect.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "policy/detectors/detector.h"
#include "policy/expression.h"
#include "policy/redaction.h"
#include "portolan/v1/policy.pb.h"

namespace policy {

namespace v1 = portolan::v1;

namespace {

constexpr int kMaxDetectors = 32;
constexpr std::int64_t kMaxMessageBytes = 67'108'864;
constexpr std::int64_t kMaxPayloadBytes = 65'536;
constexpr int kMaxRedact = 64;
constexpr std::size_t kMaxPathBytes = 256;
constexpr int kMaxDimensions = 16;
constexpr std::size_t kMaxDimensionName = 63;

base::Error Bad(const std::string& pointer, const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument, pointer + ": " + what);
}

base::Result<void> CheckRange(std::int64_t value, std::int64_t least, std::int64_t most,
                              const std::string& pointer) {
  if (value >= least && value <= most) return {};
  return Bad(pointer, "must be from " + std::to_string(least) + " to " + std::to_string(most));
}

std::string At(const std::string& pointer, const char* list, int index) {
  return pointer + "/" + list + "/" + std::to_string(index);
}

bool IsDimensionName(std::string_view name) {
  if (name.empty() || name.size() > kMaxDimensionName || name[0] < 'a' || name[0] > 'z')
    return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

base::Result<void> CheckDetector(const v1::Detector& spec, const std::string& pointer) {
  for (int i = 0; i < spec.on_size(); ++i) {
    if (spec.on(i) == v1::InspectedPart::UNSPECIFIED ||
        !v1::InspectedPart::Value_IsValid(spec.on(i)))
      return Bad(At(pointer, "on", i), "must be ARGUMENTS, RESULT or DESCRIPTION");
  }
  if (!v1::DetectorAction::Value_IsValid(spec.action()))
    return Bad(pointer + "/action", "must be FLAG, REDACT or BLOCK");
  if (auto detector = Detector::Compile(spec); !detector)
    return base::Fail(base::Code::kInvalidArgument, pointer + detector.error().message);
  return {};
}

}  // namespace

base::Result<void> ValidateInspect(const v1::Inspect& inspect, const std::string& pointer) {
  if (inspect.detect().empty()) return Bad(pointer + "/detect", "needs at least one detector");
  if (inspect.detect_size() > kMaxDetectors)
    return Bad(pointer + "/detect", "more than " + std::to_string(kMaxDetectors) + " entries");
  for (int i = 0; i < inspect.detect_size(); ++i) {
    if (auto ok = CheckDetector(inspect.detect(i), At(pointer, "detect", i)); !ok) return ok;
  }
  return CheckRange(inspect.max_bytes(), 0, kMaxMessageBytes, pointer + "/max_bytes");
}

base::Result<void> ValidateRecord(const v1::Record& record, const std::string& pointer) {
  const double sample = record.sample();
  // Written so that NaN fails.
  if (record.has_sample() && !(sample >= 0 && sample <= 1))
    return Bad(pointer + "/sample", "must be from 0 to 1");
  if (auto ok = CheckRange(record.payload_bytes(), 0, kMaxPayloadBytes, pointer + "/payload_bytes");
      !ok)
    return ok;
  if (record.redact_size() > kMaxRedact)
    return Bad(pointer + "/redact", "more than " + std::to_string(kMaxRedact) + " entries");
  for (int i = 0; i < record.redact_size(); ++i) {
    const std::string at = At(pointer, "redact", i);
    if (record.redact(i).size() > kMaxPathBytes)
      return Bad(at, "longer than " + std::to_string(kMaxPathBytes) + " bytes");
    if (auto ok = Redaction().Add(record.redact(i)); !ok) return Bad(at, ok.error().message);
  }
  if (record.dimensions_size() > kMaxDimensions)
    return Bad(pointer + "/dimensions", "more than " + std::to_string(kMaxDimensions) + " entries");
  std::set<std::string_view> names;
  for (int i = 0; i < record.dimensions_size(); ++i) {
    const std::string at = At(pointer, "dimensions", i);
    const v1::Dimension& dimension = record.dimensions(i);
    if (!IsDimensionName(dimension.name()))
      return Bad(at + "/name", "must match [a-z][a-z0-9_]{0,62}");
    if (!names.insert(dimension.name()).second)
      return Bad(at + "/name", "'" + dimension.name() + "' stands on an earlier entry already");
    if (dimension.value().empty()) return Bad(at + "/value", "must not be empty");
    if (auto value = Expression::Compile(dimension.value()); !value)
      return Bad(at + "/value", value.error().message);
  }
  return {};
}

}  // namespace policy
