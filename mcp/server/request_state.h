// RequestState is the `requestState` of an input_required result: what the caller answered in
// earlier rounds, sealed, so that a server keeps nothing between the rounds and nobody can change
// it (MCP 2026-07-28, Multi Round-Trip Requests).
//
//   base64url( AES-256-GCM( {"KEY":RAW,...} ) ), bound to the caller, the method and its item
//
// The key is random and lives as long as the object. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/auth/aead.h"
#include "mcp/call.h"
#include "mcp/server/question.h"

namespace mcp {

class RequestState {
 public:
  static constexpr std::size_t kMaxBytes = 64 * 1024;

  RequestState();

  // nullopt when the answers are too many to carry.
  std::optional<std::string> Seal(const Call& call, const Answers& answers);
  // nullopt when it was not sealed here, for this caller and this item.
  std::optional<Answers> Open(const Call& call, std::string_view text);

 private:
  base::auth::Aead key_;
};

}  // namespace mcp
