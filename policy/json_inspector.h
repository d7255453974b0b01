// A JsonInspector lets detectors look at the strings of one JSON text (the names of members, too),
// as who parses it would read them: escapes decoded. What is to be redacted is replaced in the raw text,
// and not a byte around it is changed.
//
// REQUIRES: the text is valid JSON. Lives on the stack for one text; one pass of each detector over
// it, and a closer look only where something may be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/inspection.h"

namespace policy {

class JsonInspector {
 public:
  // Both outlive it.
  JsonInspector(std::string_view text, const Inspection::Terms& terms)
      : text_(text), terms_(terms) {}

  // What becomes of what is to be redacted there.
  enum class Redact { kReplace, kBlock };
  // `part` is a part of the text: a whole value.
  void Look(std::string_view part, Redact redact = Redact::kReplace);
  // False only when nobody would find anything in the part.
  bool MayFindIn(std::string_view part) const;
  // The members of an object, but those that machines talk to each other with: cursors, states,
  // progress tokens, and what the protocol itself and tracing keep in `_meta`.
  void LookAtMembers(std::string_view object);

  struct Found {
    const Inspection::Looker* looker;
    int count;
    Inspection::Action::Value action;
  };
  // At most one for each looker.
  const std::vector<Found>& found() const { return found_; }
  // Who blocks it; null: nobody does.
  const Inspection::Looker* blocked_by() const { return blocked_by_; }
  // The text as it may pass; nullopt: as it is.
  std::optional<std::string> Redacted();

 private:
  struct Edit {
    std::size_t begin;
    std::size_t end;
    bool leaves_mark;  // `[redacted]`; else it is taken out
  };
  // For each of those who look.
  std::vector<bool> MayBeIn(std::string_view part) const;
  void LookAtString(std::string_view raw, const std::vector<bool>& may_be, Redact redact);
  void Note(const Inspection::Looker& looker, std::size_t count, Redact redact);
  void AddEdits(std::string_view raw, bool escaped, const TextRanges& ranges, bool leaves_mark);

  const std::string_view text_;
  const Inspection::Terms& terms_;
  std::vector<Found> found_;
  std::vector<Edit> edits_;
  const Inspection::Looker* blocked_by_ = nullptr;
  std::string decoded_;
};

}  // namespace policy
