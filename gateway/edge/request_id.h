// Names for an exchange: the request id that is found again in the answer, the log and the
// registry, and the W3C trace id.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gateway {

// The caller's own id when it is fit to be repeated (1 to 64 of A-Z a-z 0-9 . _ -), else a new one.
void AssignRequestId(std::string_view offered, std::int64_t now_unix_ms, std::string& out);

// A ULID: 26 characters, ordered by time, unique.
void MakeUlid(std::int64_t now_unix_ms, std::string& out);

// The trace id of a `traceparent` header; empty when it is not well-formed (W3C Trace Context).
std::string_view TraceIdOf(std::string_view traceparent);

}  // namespace gateway
