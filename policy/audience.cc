#include "policy/audience.h"

namespace policy {
namespace {

constexpr std::string_view kConsumerPrincipal = "consumer/";

// What stands behind `prefix`; empty when `word` does not begin with it.
std::string_view Behind(std::string_view prefix, std::string_view word) {
  return word.starts_with(prefix) ? word.substr(prefix.size()) : std::string_view();
}

}  // namespace

bool SeesAllOf(const base::auth::Principal& who, std::string_view server) {
  const std::string_view name_space = server.substr(0, server.find('/'));
  return std::any_of(who.roles.begin(), who.roles.end(), [&](const auto& grant) {
    return !grant.role.empty() && grant.Covers(name_space);
  });
}

bool IsInAudience(const base::auth::Principal& who, std::string_view audience) {
  if (audience == "public") return true;
  // Nobody in particular is in no other.
  if (who.anonymous()) return false;
  if (audience == "authenticated") return true;
  if (const auto group = Behind("group:", audience); !group.empty())
    return std::find(who.groups.begin(), who.groups.end(), group) != who.groups.end();
  if (const auto id = Behind("principal:", audience); !id.empty()) return who.id == id;
  const auto consumer = Behind("consumer:", audience);
  return !consumer.empty() && Behind(kConsumerPrincipal, who.id) == consumer;
}

std::string AudienceOf(std::string_view principal_id) {
  const std::string_view consumer = Behind(kConsumerPrincipal, principal_id);
  return consumer.empty() ? "principal:" + std::string(principal_id)
                          : "consumer:" + std::string(consumer);
}

}  // namespace policy
