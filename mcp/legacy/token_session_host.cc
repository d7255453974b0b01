#include "mcp/legacy/token_session_host.h"

#include <utility>

#include "mcp/legacy/session_token.h"

namespace mcp::legacy {
namespace {

constexpr std::size_t kMaxEnded = 10'000;

base::Error NotFound() { return base::Fail(base::Code::kNotFound, "session not found"); }

}  // namespace

TokenSessionHost::TokenSessionHost(base::auth::Aead keys, std::string endpoint,
                                   const base::Clock& clock)
    : keys_(std::move(keys)), endpoint_(std::move(endpoint)), clock_(clock), table_(clock) {}

std::string TokenSessionHost::Open(const base::auth::Principal& principal, Revision revision,
                                   std::string_view client_info, std::string_view capabilities) {
  SessionToken token =
      NewToken(principal.id, endpoint_, revision, client_info, capabilities, clock_.UnixMillis());
  return Seal(keys_, token);
}

base::Result<SessionPointer> TokenSessionHost::Find(std::string_view id,
                                                    const base::auth::Principal& principal) {
  const std::int64_t now = clock_.UnixMillis();
  if (SessionPointer known = table_.Find(id)) {
    if (!IsFor(known->facts(), principal.id, endpoint_, now)) return NotFound();
    return known;
  }
  base::Result<SessionToken> token = mcp::legacy::Open(keys_, id, now);
  if (!token) return token.error();
  if (ended_.contains(token->id)) return NotFound();
  CallerSession::Facts facts = FactsOf(*std::move(token));
  if (!IsFor(facts, principal.id, endpoint_, now)) return NotFound();
  facts.anonymous = principal.anonymous();
  return table_.Adopt(id, std::move(facts));
}

base::Result<void> TokenSessionHost::Close(std::string_view id,
                                           const base::auth::Principal& principal) {
  const base::Result<SessionPointer> session = Find(id, principal);
  if (!session) return session.error();
  if (ended_order_.size() == kMaxEnded) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
  ended_order_.push_back((*session)->facts().key);
  ended_.insert((*session)->facts().key);
  table_.End(id);
  return {};
}

}  // namespace mcp::legacy
