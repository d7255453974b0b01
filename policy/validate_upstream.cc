#include "policy/validate_upstream.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/http/characters.h"
#include "base/http/message.h"
#include "policy/expression.h"
#include "policy/header_names.h"
#include "portolan/v1/policy.pb.h"

namespace policy {

namespace v1 = portolan::v1;

namespace {

using Names = std::vector<std::string_view>;

constexpr int kMaxEntries = 32;
constexpr std::size_t kMaxNameBytes = 64;
constexpr std::size_t kMaxCredentialBytes = 200;
constexpr std::int64_t kMaxPauseMillis = 60'000;

base::Error Bad(const std::string& pointer, const std::string& what) {
  return base::Fail(base::Code::kInvalidArgument, pointer + ": " + what);
}

base::Result<void> CheckRange(std::int64_t value, std::int64_t least, std::int64_t most,
                              const std::string& pointer) {
  if (value >= least && value <= most) return {};
  return Bad(pointer, "must be from " + std::to_string(least) + " to " + std::to_string(most));
}

// ---- Header lines

base::Result<void> CheckName(const std::string& name, bool (*reserved)(std::string_view),
                             const std::string& pointer) {
  if (name.empty() || name.size() > kMaxNameBytes ||
      !std::all_of(name.begin(), name.end(), base::http::IsToken))
    return Bad(pointer, "must be a header's name of at most 64 characters");
  if (!reserved(name)) return {};
  return Bad(pointer, "'" + name +
                          "' is not for rules: it belongs to the connection, to MCP or to "
                          "somebody's proof (a Credential shows the gateway's own)");
}

// One name stands in one place, or which of them counts would be a matter of luck.
base::Result<void> CheckOnce(const std::string& name, Names& seen, const std::string& pointer) {
  const bool there = std::any_of(seen.begin(), seen.end(), [&](std::string_view one) {
    return base::http::EqualsIgnoreCase(one, name);
  });
  if (there) return Bad(pointer, "'" + name + "' stands in this rule already");
  seen.push_back(name);
  return {};
}

base::Result<void> CheckCount(int count, const std::string& pointer) {
  if (count <= kMaxEntries) return {};
  return Bad(pointer, "more than " + std::to_string(kMaxEntries) + " entries");
}

// Where callers show their keys.
bool IsReservedForForwarding(std::string_view name) {
  return IsReservedForRequests(name) || base::http::EqualsIgnoreCase(name, "X-Api-Key") ||
         base::http::EqualsIgnoreCase(name, "Ocp-Apim-Subscription-Key");
}

template <class List>
base::Result<void> CheckNames(const List& names, bool (*reserved)(std::string_view), Names& seen,
                              const std::string& pointer) {
  if (auto ok = CheckCount(names.size(), pointer); !ok) return ok;
  for (int i = 0; i < names.size(); ++i) {
    const std::string at = pointer + "/" + std::to_string(i);
    if (auto ok = CheckName(names[i], reserved, at); !ok) return ok;
    if (auto ok = CheckOnce(names[i], seen, at); !ok) return ok;
  }
  return {};
}

template <class List>
base::Result<void> CheckLines(const List& lines, bool (*reserved)(std::string_view), Names& seen,
                              const std::string& pointer) {
  if (auto ok = CheckCount(lines.size(), pointer); !ok) return ok;
  for (int i = 0; i < lines.size(); ++i) {
    const std::string at = pointer + "/" + std::to_string(i);
    const v1::HeaderValue& line = lines[i];
    if (auto ok = CheckName(line.name(), reserved, at + "/name"); !ok) return ok;
    if (auto ok = CheckOnce(line.name(), seen, at + "/name"); !ok) return ok;
    if (line.value().empty()) return Bad(at + "/value", "must not be empty");
    if (auto value = Expression::Compile(line.value()); !value)
      return Bad(at + "/value", value.error().message);
    if (!v1::HeaderConflict::Value_IsValid(line.if_there()))
      return Bad(at + "/if_there", "must be REPLACE, APPEND or KEEP");
  }
  return {};
}

base::Result<void> CheckHeaders(const v1::HeaderRules& headers, const std::string& pointer) {
  Names removed;
  // What never travels may be named here: some feel better so.
  if (auto ok = CheckNames(headers.remove(), BelongsToConnection, removed, pointer + "/remove");
      !ok)
    return ok;
  // The caller's line and ours may be the same: `if_there` says what becomes of them.
  Names forwarded = removed;
  if (auto ok =
          CheckNames(headers.forward(), IsReservedForForwarding, forwarded, pointer + "/forward");
      !ok)
    return ok;
  Names set = removed;
  if (auto ok = CheckLines(headers.set(), IsReservedForRequests, set, pointer + "/set"); !ok)
    return ok;
  Names answer;
  if (auto ok = CheckLines(headers.answer(), IsReservedForAnswers, answer, pointer + "/answer");
      !ok)
    return ok;
  for (int i = 0; i < headers.answer_size(); ++i) {
    const auto conflict = headers.answer(i).if_there();
    if (conflict == v1::HeaderConflict::APPEND || conflict == v1::HeaderConflict::KEEP)
      return Bad(pointer + "/answer/" + std::to_string(i) + "/if_there",
                 "no other line of an answer has a name that rules may set; leave it out");
  }
  if (headers.forward().empty() && headers.set().empty() && headers.remove().empty() &&
      headers.answer().empty())
    return Bad(pointer, "needs forward, set, remove or answer");
  return {};
}

// ---- Bounds

base::Result<void> CheckTimeouts(const v1::Timeouts& timeout, const std::string& pointer) {
  bool any = false;
  auto check = [&](bool said, std::int64_t value, std::int64_t most,
                   const std::string& name) -> base::Result<void> {
    any = any || said;
    return said ? CheckRange(value, 1, most, pointer + name) : base::Result<void>();
  };
  if (auto ok = check(timeout.has_connect_ms(), timeout.connect_ms(), 60'000, "/connect_ms"); !ok)
    return ok;
  if (auto ok =
          check(timeout.has_first_byte_ms(), timeout.first_byte_ms(), 3'600'000, "/first_byte_ms");
      !ok)
    return ok;
  if (auto ok = check(timeout.has_idle_ms(), timeout.idle_ms(), 3'600'000, "/idle_ms"); !ok)
    return ok;
  if (auto ok = check(timeout.has_total_ms(), timeout.total_ms(), 86'400'000, "/total_ms"); !ok)
    return ok;
  return any ? base::Result<void>()
             : Bad(pointer, "needs connect_ms, first_byte_ms, idle_ms or total_ms");
}

// ---- Retry and breaker

template <class List>
base::Result<void> CheckFailures(const List& failures, const std::string& pointer) {
  for (int i = 0; i < failures.size(); ++i) {
    const std::string at = pointer + "/" + std::to_string(i);
    const auto failure = failures.Get(i);
    if (!v1::UpstreamFailure::Value_IsValid(failure) || failure == v1::UpstreamFailure::UNSPECIFIED)
      return Bad(at,
                 "must be CONNECT, TIMED_OUT, BROKEN, HTTP_429, HTTP_500, HTTP_502, HTTP_503 or "
                 "HTTP_504");
    if (std::find(failures.begin(), failures.begin() + i, failures.Get(i)) != failures.begin() + i)
      return Bad(at, "stands in the list already");
  }
  return {};
}

base::Result<void> CheckRetry(const v1::Retry& retry, const std::string& pointer) {
  if (auto ok = CheckRange(retry.attempts(), 0, 10, pointer + "/attempts"); !ok) return ok;
  if (auto ok = CheckRange(retry.backoff_ms(), 0, kMaxPauseMillis, pointer + "/backoff_ms"); !ok)
    return ok;
  if (auto ok = CheckRange(retry.max_backoff_ms(), 0, kMaxPauseMillis, pointer + "/max_backoff_ms");
      !ok)
    return ok;
  if (auto ok = CheckRange(retry.delta_ms(), 0, kMaxPauseMillis, pointer + "/delta_ms"); !ok)
    return ok;
  const std::int64_t backoff = retry.has_backoff_ms() ? retry.backoff_ms() : 200;
  const std::int64_t longest = retry.has_max_backoff_ms() ? retry.max_backoff_ms() : 2'000;
  if (backoff > longest)
    return Bad(pointer + "/max_backoff_ms",
               "shorter than backoff_ms (" + std::to_string(backoff) + "): give it, too");
  return CheckFailures(retry.on(), pointer + "/on");
}

base::Result<void> CheckBreaker(const v1::Breaker& breaker, const std::string& pointer) {
  if (auto ok = CheckRange(breaker.failures(), 0, 10'000, pointer + "/failures"); !ok) return ok;
  if (auto ok = CheckRange(breaker.window_s(), 0, 3'600, pointer + "/window_s"); !ok) return ok;
  if (auto ok = CheckRange(breaker.open_s(), 0, 3'600, pointer + "/open_s"); !ok) return ok;
  if (auto ok = CheckRange(breaker.half_open_calls(), 0, 100, pointer + "/half_open_calls"); !ok)
    return ok;
  if (auto ok = CheckRange(breaker.failure_percent(), 0, 100, pointer + "/failure_percent"); !ok)
    return ok;
  if (auto ok = CheckRange(breaker.min_calls(), 0, 10'000, pointer + "/min_calls"); !ok) return ok;
  if (breaker.min_calls() != 0 && breaker.failure_percent() == 0)
    return Bad(pointer + "/min_calls", "counts only with failure_percent");
  return CheckFailures(breaker.on(), pointer + "/on");
}

}  // namespace

base::Result<void> ValidateUpstream(const v1::Upstream& upstream, const std::string& pointer) {
  const bool says = !upstream.credential().empty() || upstream.has_headers() ||
                    upstream.has_timeout() || upstream.has_retry() || upstream.has_breaker();
  if (!says) return Bad(pointer, "needs credential, headers, timeout, retry or breaker");
  if (upstream.credential().size() > kMaxCredentialBytes)
    return Bad(pointer + "/credential", "must be a Credential's name, or '-' for none");
  if (upstream.has_headers()) {
    if (auto ok = CheckHeaders(upstream.headers(), pointer + "/headers"); !ok) return ok;
  }
  if (upstream.has_timeout()) {
    if (auto ok = CheckTimeouts(upstream.timeout(), pointer + "/timeout"); !ok) return ok;
  }
  if (upstream.has_retry()) {
    if (auto ok = CheckRetry(upstream.retry(), pointer + "/retry"); !ok) return ok;
  }
  if (upstream.has_breaker()) {
    if (auto ok = CheckBreaker(upstream.breaker(), pointer + "/breaker"); !ok) return ok;
  }
  return {};
}

}  // namespace policy
