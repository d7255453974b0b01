// How the last attempt at a server failed, as `upstream` rules name it.
#pragma once

#include <google/protobuf/repeated_field.h>

#include "mcp/record.h"

namespace gateway {

// The attempt that ended the call as it is now; null: the server answered, or was not asked.
inline const mcp::UpstreamAttempt* FailedAttempt(const mcp::Record& record) {
  if (record.outcome != mcp::Outcome::kUpstreamFailed || record.attempts.empty()) return nullptr;
  const mcp::UpstreamAttempt& last = record.attempts.back();
  return last.failure == mcp::UpstreamFailure::kNone ? nullptr : &last;
}

// `listed` are values of portolan::v1::UpstreamFailure.
bool IsAmong(mcp::UpstreamFailure failure, const google::protobuf::RepeatedField<int>& listed);

}  // namespace gateway
