#include "mcp/legacy/token_session_host.h"

#include <utility>

#include "mcp/legacy/session_token.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace mcp::legacy {
namespace {

constexpr std::size_t kMaxEnded = 10'000;

}  // namespace

TokenSessionHost::TokenSessionHost(base::auth::Aead keys, std::string endpoint,
                                   const base::Clock& clock)
    : keys_(std::move(keys)), endpoint_(std::move(endpoint)), clock_(clock) {}

std::string TokenSessionHost::Open(const base::auth::Principal& principal, Revision revision,
                                   std::string_view client_info, std::string_view) {
  SessionToken token;
  token.id = NewSessionId();
  token.principal = principal.id;
  token.endpoint = endpoint_;
  token.revision = revision;
  token.issued_unix_ms = clock_.UnixMillis();
  token.client_name = DecodeString(Member(client_info, "name"));
  token.client_version = DecodeString(Member(client_info, "version"));
  return Seal(keys_, token);
}

base::Result<Session> TokenSessionHost::Find(std::string_view id,
                                             const base::auth::Principal& principal) {
  base::Result<SessionToken> token = mcp::legacy::Open(keys_, id, clock_.UnixMillis());
  if (!token) return token.error();
  if (token->principal != principal.id || token->endpoint != endpoint_ ||
      ended_.contains(token->id)) {
    return base::Fail(base::Code::kNotFound, "session not found");
  }
  Session session;
  session.revision = token->revision;
  session.key = std::move(token->id);
  session.client_name = std::move(token->client_name);
  session.client_version = std::move(token->client_version);
  return session;
}

base::Result<void> TokenSessionHost::Close(std::string_view id,
                                           const base::auth::Principal& principal) {
  base::Result<Session> session = Find(id, principal);
  if (!session) return session.error();
  if (ended_order_.size() == kMaxEnded) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
  ended_order_.push_back(session->key);
  ended_.insert(std::move(session->key));
  return {};
}

}  // namespace mcp::legacy
