// A QuotaLeaser carries to the registry what state::Quotas wants, and brings what it grants. One thread
// of its own, one request at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "gateway/state/quotas.h"

namespace portolan::v1 {
class LeaseQuotasRequest;
class LeaseQuotasResponse;
}  // namespace portolan::v1

namespace gateway {

class QuotaLeaser {
 public:
  // Asks the registry and waits, at most so long. kUnavailable: it cannot be reached.
  using Ask = std::function<base::Result<portolan::v1::LeaseQuotasResponse>(
      const portolan::v1::LeaseQuotasRequest& request, std::chrono::milliseconds within)>;

  QuotaLeaser(state::Quotas& quotas, Ask ask);
  ~QuotaLeaser() { Stop(); }

  void Start();
  // When everything was given back, or cannot be.
  void Stop();

 private:
  void Run();
  void Send(const std::vector<state::Quotas::Use>& uses, std::chrono::milliseconds within);

  // Constant after construction
  state::Quotas& quotas_;
  const Ask ask_;
  const base::SystemClock clock_;
  const std::int64_t run_ms_;

  std::atomic<bool> stopping_ = false;
  std::thread thread_;

  // The thread's
  std::int64_t sequence_ = 0;
  bool complained_ = false;
};

}  // namespace gateway
