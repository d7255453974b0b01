// A Record is what is known about one exchange with a caller: begun when its head arrived, finished
// when its last byte left, refusals included. The same facts feed log, metrics and the registry.
//
// One thread; owned by the exchange.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mcp {

enum class Outcome {
  kUnknown,
  kOk,
  kToolError,
  kRpcError,
  kRefused,
  kUpstreamFailed,
  kCancelled,
  kInternal
};

// What a rule `cache` did.
enum class CacheUse { kNone, kMiss, kHit };

struct Record {
  // Made or accepted at the gate.
  std::string request_id;
  std::string trace_id;
  std::int64_t started_unix_ms = 0;
  std::chrono::steady_clock::time_point started;

  std::string server;
  std::string endpoint;
  std::string method;
  std::string item;
  std::string_view protocol_revision;
  std::string principal;
  std::string_view authentication;
  std::string client_name;
  std::string client_version;
  std::string user_agent;
  std::string peer_address;

  int http_status = 0;
  Outcome outcome = Outcome::kUnknown;
  int error_code = 0;
  std::string_view reason;  // a constant: `RateLimitExceeded`
  std::string rule;
  std::string message;
  bool observed_only = false;
  // Header lines that the answer carries besides, however it goes out (`RateLimit`). Names are
  // constants.
  std::vector<std::pair<std::string_view, std::string>> answer_fields;
  // Share of successes that is reported (policy `record`).
  double sample = 1;
  CacheUse cache = CacheUse::kNone;
  // A rule `mock` answered.
  bool mocked = false;

  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::chrono::microseconds server_time{0};
  std::chrono::microseconds total{0};
};

}  // namespace mcp
