// A Reporter takes what the gateway found out toward the registry: one pipe for call records,
// status, definitions and probes. Calls return at once and never block on I/O; from any thread.
#pragma once

#include <cstdint>
#include <string>

namespace mcp {
struct Record;
}
namespace portolan::v1 {
class ProbeReport;
class Rejection;
class ServerDefinitions;
class ServerStatus;
}  // namespace portolan::v1

namespace gateway {

class Reporter {
 public:
  virtual ~Reporter() = default;
  // One finished exchange. Past 200/s only a sample is kept, refusals and errors first; the rest is
  // counted.
  virtual void Call(const mcp::Record& record) = 0;
  // The newest of a server replaces one that was not sent yet.
  virtual void Status(portolan::v1::ServerStatus&& status) = 0;
  virtual void Definitions(portolan::v1::ServerDefinitions&& definitions) = 0;
  // Sent at once.
  virtual void Probe(portolan::v1::ProbeReport&& report) = 0;
  // The catalog's revision that every worker serves now.
  virtual void InForce(std::int64_t revision) = 0;
  // A resource that this gateway could not take. A later good revision needs no word.
  virtual void Reject(portolan::v1::Rejection&& rejection) = 0;
  // What an order to forget named is forgotten (FeedSink::OnPurge). Sent at once.
  virtual void Purged(const std::string& purge_id) { (void)purge_id; }
};

// For tests, and for a gateway that nobody listens to.
class NullReporter final : public Reporter {
 public:
  void Call(const mcp::Record&) override {}
  void Status(portolan::v1::ServerStatus&&) override {}
  void Definitions(portolan::v1::ServerDefinitions&&) override {}
  void Probe(portolan::v1::ProbeReport&&) override {}
  void InForce(std::int64_t) override {}
  void Reject(portolan::v1::Rejection&&) override {}
};

}  // namespace gateway
