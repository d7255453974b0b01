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

// How one attempt to ask a server failed.
enum class UpstreamFailure {
  kNone,      // it answered
  kConnect,   // it could not be reached: nothing was sent
  kTimedOut,  // a bound was reached after something was sent
  kBroken,    // the connection broke, or what came is no MCP
  kHttp429,
  kHttp500,
  kHttp502,
  kHttp503,
  kHttp504
};

struct UpstreamAttempt {
  std::string member;  // of a pool
  UpstreamFailure failure = UpstreamFailure::kNone;
  int http_status = 0;                    // 0: no head came
  std::chrono::microseconds duration{0};  // to the answer's first byte, or to the failure
  std::chrono::seconds retry_after{0};    // as the server said it; 0: it did not
  bool nothing_sent = false;
  bool refused_by_breaker = false;  // not tried
};

// What a detector of a rule `inspect` found, and what became of it. Never the content.
struct Detection {
  enum class Kind { kSecrets, kHiddenUnicode, kInjectionPhrases, kPersonalData, kPattern };
  enum class Part { kArguments, kResult, kDescription };
  enum class Action { kFlag, kRedact, kBlock };
  std::string detector;
  std::string rule;
  Kind kind = Kind::kSecrets;
  Part part = Part::kArguments;
  Action action = Action::kFlag;
  int count = 0;
};

// What a rule `record` keeps of a call besides: redacted, and cut to what the rule allows.
struct Payload {
  std::string arguments;
  std::string result;
  // Before they were cut.
  std::uint64_t arguments_bytes = 0;
  std::uint64_t result_bytes = 0;
  std::vector<std::pair<std::string, std::string>> dimensions;
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
  // Resource names of what the call was made by, and of what the server was shown; empty: none.
  std::string subscription;
  std::string product;
  std::string credential;
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
  // Header lines that the answer carries besides, however it goes out (`RateLimit`).
  std::vector<std::pair<std::string, std::string>> answer_fields;
  // Share of successes that is reported (policy `record`).
  double sample = 1;
  CacheUse cache = CacheUse::kNone;
  // A rule `mock` answered.
  bool mocked = false;
  // In order; the newest 16.
  std::vector<UpstreamAttempt> attempts;
  // At most 32.
  std::vector<Detection> detections;
  Payload payload;

  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::chrono::microseconds queue{0};  // waited for a place (rules `concurrency`)
  std::chrono::microseconds server_time{0};
  std::chrono::microseconds total{0};
};

}  // namespace mcp
