#include "gateway/routing/sessions.h"

#include "mcp/legacy/session_token.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"

namespace gateway {

using mcp::legacy::SessionToken;

namespace {

base::Error NotFound() { return base::Fail(base::Code::kNotFound, "session not found"); }

}  // namespace

Sessions::Sessions(Home home, std::vector<std::string> key_ring, state::EndedSessions& ended,
                   const base::Clock& clock)
    : home_(std::move(home)), ended_(ended), clock_(clock), keys_(std::move(key_ring)) {}

void Sessions::SetKeyRing(std::vector<std::string> key_ring) {
  keys_ = base::auth::Aead(std::move(key_ring));
}

std::string Sessions::OfEndpoint::Open(const base::auth::Principal& principal,
                                       mcp::Revision revision, std::string_view client_info,
                                       std::string_view) {
  SessionToken token;
  token.id = mcp::legacy::NewSessionId();
  token.principal = principal.id;
  token.endpoint = endpoint_;
  token.gateway = sessions_.home_.gateway;
  token.worker = sessions_.home_.worker;
  token.revision = revision;
  token.issued_unix_ms = sessions_.clock_.UnixMillis();
  token.client_name = mcp::DecodeString(mcp::Member(client_info, "name"));
  token.client_version = mcp::DecodeString(mcp::Member(client_info, "version"));
  return mcp::legacy::Seal(sessions_.keys_, token);
}

base::Result<mcp::legacy::Session> Sessions::OfEndpoint::Find(
    std::string_view id, const base::auth::Principal& principal) {
  auto token = mcp::legacy::Open(sessions_.keys_, id, sessions_.clock_.UnixMillis());
  if (!token) return token.error();
  // Another principal's, another endpoint's and an ended one look the same as one that never was.
  if (token->principal != principal.id || token->endpoint != endpoint_) return NotFound();
  if (sessions_.ended_.Contains(token->id)) return NotFound();
  mcp::legacy::Session session;
  session.revision = token->revision;
  session.key = std::move(token->id);
  session.client_name = std::move(token->client_name);
  session.client_version = std::move(token->client_version);
  return session;
}

base::Result<void> Sessions::OfEndpoint::Close(std::string_view id,
                                               const base::auth::Principal& principal) {
  auto session = Find(id, principal);
  if (!session) return session.error();
  sessions_.ended_.Add(session->key, sessions_.clock_.UnixMillis() + mcp::legacy::kTokenLifeMs);
  return {};
}

}  // namespace gateway
