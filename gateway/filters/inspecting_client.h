// An InspectingClient stands between a caller and who answers it, and lets detectors look at each
// message that passes: it goes on as it is, or redacted, or not at all.
//
// Lives in a filter's frame while `next` runs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/filters/inspect_rules.h"
#include "mcp/call.h"

namespace gateway {

class InspectingClient final : public mcp::Client {
 public:
  // Who looks at what the caller sends, and at what it is told. All outlive it.
  InspectingClient(mcp::Call& call, const InspectRules& rules, const InspectRules::Terms& sent,
                   const InspectRules::Terms& told)
      : call_(call), rules_(rules), sent_(sent), told_(told) {}

  base::Task<base::Result<void>> Notify(std::string_view message) override;
  // Where something may be changed, the answer is kept for TakeAnswer, and only what comes before it
  // goes on.
  base::Task<base::Result<void>> Relay(mcp::Source& source) override;
  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override;
  base::Task<base::Result<void>> BreakOff() override { return call_.client.BreakOff(); }

  // Of what was blocked or too long; nullopt: nothing was.
  std::optional<mcp::Response> TakeRefusal();
  std::string TakeAnswer() { return std::move(answer_); }
  // An answer as it may pass; nullopt: as it is, unless there is a refusal.
  std::optional<std::string> LookAtAnswer(std::string_view message);

 private:
  using Part = InspectRules::Part;
  class Watched;

  // A message as it may pass; nullopt: as it is. What is blocked is noted.
  std::optional<std::string> Look(std::string_view message, Part::Value part);
  bool refused() const { return blocked_by_ || too_long_; }

  mcp::Call& call_;
  const InspectRules& rules_;
  const InspectRules::Terms& sent_;
  const InspectRules::Terms& told_;
  std::string answer_;
  const InspectRules::Looker* blocked_by_ = nullptr;
  Part::Value part_ = Part::RESULT;  // of what was blocked
  bool too_long_ = false;
};

}  // namespace gateway
