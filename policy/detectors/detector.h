// A Detector finds one kind of thing in texts: what a `detect` entry of a rule `inspect` says.
//
// Compiled once, immutable, shared by threads. Every kind is linear in the text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/detectors/text_range.h"
#include "portolan/v1/policy.pb.h"

namespace re2 {
class RE2;
}

namespace policy {

class Detector {
 public:
  // kInvalidArgument says what cannot be; the message begins with the pointer of the field below the
  // entry's own: `/pattern: ...`.
  static base::Result<Detector> Compile(const portolan::v1::Detector& spec);

  const std::string& name() const { return name_; }
  portolan::v1::DetectorKind::Value kind() const { return kind_; }

  // Appends where it is in `text`, in order; ranges do not overlap.
  void Find(std::string_view text, TextRanges& found) const;
  // False only when nothing can be found in any of the strings of `raw`, JSON without an escape: then
  // they need not be taken apart.
  bool MayBeIn(std::string_view raw) const;

 private:
  Detector() = default;

  std::string name_;
  portolan::v1::DetectorKind::Value kind_ = portolan::v1::DetectorKind::UNSPECIFIED;
  std::uint8_t personal_kinds_ = 0;
  // Of kind PATTERN; shared by copies.
  std::shared_ptr<const re2::RE2> pattern_;
  // What it finds does not depend on where a text begins and ends.
  bool is_anywhere_ = true;
};

}  // namespace policy
