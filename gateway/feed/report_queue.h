// The ReportQueue is the Reporter of a running gateway: it holds what is to be sent, bounded, until
// the feed takes it.
//
// Any thread puts; one takes. A call record costs an atomic increment, and when it is kept a copy
// under a short lock. While the registry is away the newest status and definitions of each server
// are kept and at most 10,000 records; what does not fit is counted. Refusals are counted for the audit
// besides (base/refusals.h); a minute's counts are sent when it is over, or at the end.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/clock.h"
#include "gateway/feed/reporter.h"

namespace portolan::v1 {
class ReportRequest;
}

namespace gateway {

class ReportQueue final : public Reporter {
 public:
  ReportQueue(std::string gateway_name, const base::Clock& clock);
  ~ReportQueue() override;

  void Call(const mcp::Record& record) override;
  void Status(portolan::v1::ServerStatus&& status) override;
  void Definitions(portolan::v1::ServerDefinitions&& definitions) override;
  void Probe(portolan::v1::ProbeReport&& report) override;
  void InForce(std::int64_t revision) override;
  void Reject(portolan::v1::Rejection&& rejection) override;
  void Purged(const std::string& purge_id) override;

  // The taker's side. Waits until there is something to send (a moment longer, so that a burst is
  // one report), and fills `report`; false when `timeout` passed or Stop was called and nothing is
  // left.
  bool Take(portolan::v1::ReportRequest& report, std::chrono::milliseconds timeout);
  // A report that could not be sent; it will be taken again, unless newer facts replaced it.
  void GiveBack(portolan::v1::ReportRequest&& report);
  // Take returns at once from now on.
  void Stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gateway
