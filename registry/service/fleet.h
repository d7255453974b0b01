// The Fleet is the gateways as they are right now: who is connected, what each has in force, and
// the probes on their way.
//
// In memory; any thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "portolan/v1/fleet_service.pb.h"
#include "registry/catalog/watch.h"
#include "registry/service/methods.h"

namespace registry {

class Fleet {
 public:
  explicit Fleet(const base::Clock& clock) : clock_(clock) {}

  // ---- Gateways

  // A gateway's Follow stream; a second one of the same name ends the first.
  class Connection {
   public:
    Connection(Fleet& fleet, std::string name, const v1::FollowRequest& request, Wake wake);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Another stream of this gateway has taken over.
    bool superseded() const;
    std::optional<v1::ProbeOrder> TakeOrder();
    std::optional<v1::CachePurge> TakePurge();

   private:
    Fleet& fleet_;
    const std::string name_;
    std::uint64_t number_;
  };

  void Heard(const std::string& gateway, const v1::ReportRequest& report);
  v1::ListGatewaysResponse List() const;
  int connected() const;

  // ---- Kept answers

  // Has every gateway forget, and waits until all say that they have, or until `within` has passed.
  // One that is away is told when it comes back; until then it is not heard of. kResourceExhausted:
  // others wait already, and each holds a thread.
  base::Result<v1::PurgeCacheResponse> Forget(const std::string& server, const std::string& item,
                                              std::chrono::milliseconds within);

  // ---- Probes

  // One probe as its asker sees it.
  class Probe {
   public:
    Probe(Fleet& fleet, std::string id) : fleet_(fleet), id_(std::move(id)) {}
    ~Probe();
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;

    std::optional<v1::ProbeResponse> TakeEvent();
    // The gateway that was asked is gone.
    bool abandoned() const;

   private:
    Fleet& fleet_;
    const std::string id_;
  };
  // Asks a connected gateway. kUnavailable: none is; kFailedPrecondition: none that starts
  // programs, which this server needs.
  base::Result<std::unique_ptr<Probe>> Order(const std::string& server, bool needs_stdio,
                                             Wake wake);
  // An event from a gateway; unknown ids are passed over.
  void ProbeEvent(const std::string& gateway, const v1::ProbeReport& report);

 private:
  struct Gateway {
    v1::GatewayStatus status;
    bool allow_stdio = false;
    std::uint64_t connection = 0;  // 0: not connected
    Wake wake;
    std::deque<v1::ProbeOrder> orders;
    std::deque<v1::CachePurge> purges;
  };
  struct Running {
    std::string gateway;
    std::uint64_t connection = 0;
    std::deque<v1::ProbeResponse> events;
    Wake wake;
  };

  const base::Clock& clock_;
  mutable std::mutex mutex_;
  // Under mutex_
  std::uint64_t next_number_ = 1;
  std::map<std::string, Gateway> gateways_;
  std::map<std::string, Running> probes_;
  // Gateways that have not said yet that they have forgotten, by the order's id; while somebody waits.
  std::map<std::string, std::set<std::string>> purging_;
  std::condition_variable purged_;
};

}  // namespace registry
