#include "gateway/routing/sessions.h"

#include <utility>

#include "mcp/legacy/session_token.h"

namespace gateway {

using mcp::legacy::SessionPointer;

namespace {

base::Error NotFound() { return base::Fail(base::Code::kNotFound, "session not found"); }

}  // namespace

Sessions::Sessions(std::vector<std::string> key_ring, mcp::legacy::SessionTable& table,
                   state::EndedSessions& ended, const base::Clock& clock)
    : table_(table), ended_(ended), clock_(clock), keys_(std::move(key_ring)) {}

void Sessions::SetKeyRing(std::vector<std::string> key_ring) {
  keys_ = base::auth::Aead(std::move(key_ring));
}

std::string Sessions::OfEndpoint::Open(const base::auth::Principal& principal,
                                       mcp::Revision revision, std::string_view client_info,
                                       std::string_view capabilities) {
  const mcp::legacy::SessionToken token = mcp::legacy::NewToken(
      principal.id, endpoint_, revision, client_info, capabilities, sessions_.clock_.UnixMillis());
  return mcp::legacy::Seal(sessions_.keys_, token);
}

base::Result<SessionPointer> Sessions::OfEndpoint::Find(std::string_view id,
                                                        const base::auth::Principal& principal) {
  const std::int64_t now = sessions_.clock_.UnixMillis();
  if (SessionPointer known = sessions_.table_.Find(id)) {
    if (!IsFor(known->facts(), principal.id, endpoint_, now)) return NotFound();
    return known;
  }
  auto token = mcp::legacy::Open(sessions_.keys_, id, now);
  if (!token) return token.error();
  mcp::legacy::CallerSession::Facts facts = mcp::legacy::FactsOf(*std::move(token));
  if (!IsFor(facts, principal.id, endpoint_, now)) return NotFound();
  facts.anonymous = principal.anonymous();
  const std::string key = facts.key;
  if (sessions_.ended_.Contains(key)) return NotFound();
  base::Result<SessionPointer> session = sessions_.table_.Adopt(id, std::move(facts));
  // Another worker may have ended it meanwhile, before there was anything to take out of the table.
  if (session && sessions_.ended_.Contains(key)) {
    sessions_.table_.End(id);
    return NotFound();
  }
  return session;
}

base::Result<void> Sessions::OfEndpoint::Close(std::string_view id,
                                               const base::auth::Principal& principal) {
  const base::Result<SessionPointer> session = Find(id, principal);
  if (!session) return session.error();
  const mcp::legacy::CallerSession::Facts& facts = (*session)->facts();
  sessions_.ended_.Add(facts.key, facts.expires_unix_ms);
  sessions_.table_.End(id);
  sessions_.on_end_(facts.key);
  return {};
}

base::Result<mcp::legacy::OpenedStream> Sessions::OfEndpoint::OpenStream(
    const base::auth::Principal& principal) {
  return sessions_.table_.OpenStream(principal, endpoint_);
}

void Sessions::OfEndpoint::CloseStream(std::string_view id) {
  const SessionPointer session = sessions_.table_.Find(id);
  sessions_.table_.End(id);
  if (session) sessions_.on_end_(session->facts().key);
}

}  // namespace gateway
