#include "registry/service/proven_stream.h"

#include <algorithm>
#include <string>

#include "registry/service/authenticator.h"

namespace registry {
namespace {

bool IsSame(const base::auth::Principal& one, const base::auth::Principal& other) {
  const auto same = [](const base::auth::RoleGrant& a, const base::auth::RoleGrant& b) {
    return a.role == b.role && a.namespaces == b.namespaces;
  };
  return one.id == other.id && one.groups == other.groups &&
         std::equal(one.roles.begin(), one.roles.end(), other.roles.begin(), other.roles.end(),
                    same);
}

}  // namespace

ProvenStream::Still StillProven(Authenticator& authenticator, const Proof& proof,
                                const Caller& caller) {
  if (caller.principal.anonymous() || !caller.gateway.empty()) return nullptr;
  return [&authenticator, authorization = std::string(proof.authorization),
          api_key = std::string(proof.api_key), session = std::string(proof.session),
          local = proof.local, address = std::string(proof.address), face = proof.face,
          principal = caller.principal]() -> base::Result<void> {
    const Proof shown{.authorization = authorization,
                      .api_key = api_key,
                      .session = session,
                      .local = local,
                      .address = address,
                      .face = face};
    // A provider's keys may have to be fetched anew: they are there the next time.
    const auto prepared = std::make_shared<std::atomic<bool>>(false);
    authenticator.Prepare(shown, [prepared] { *prepared = true; });
    if (!*prepared) return {};
    const auto now = authenticator.Identify(shown);
    if (now.has_error()) return now.error();
    if (IsSame(now->principal, principal)) return {};
    return base::Fail(base::Code::kUnauthenticated,
                      "what " + principal.id + " may do has changed; open the stream again");
  };
}

}  // namespace registry
