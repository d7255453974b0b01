#include "base/auth/identity_providers.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace base::auth {
namespace {

constexpr std::int64_t kBelievedMs = 5 * 60 * 1000;

}  // namespace

IdentityProviders::IdentityProviders(Loop& loop, http::Client& client, const Clock& clock)
    : loop_(loop), client_(client), clock_(clock), table_(std::make_shared<const Table>()) {}

IdentityProviders::~IdentityProviders() = default;

std::shared_ptr<const IdentityProviders::Table> IdentityProviders::table() const {
  const std::lock_guard lock(mutex_);
  return table_;
}

void IdentityProviders::Put(ProviderSettings settings) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  const std::string name = settings.name;
  const KeySource source{settings.issuer, settings.jwks_uri};
  std::shared_ptr<IssuerKeys> keys;
  if (const auto old = table_->entries.find(name);
      old != table_->entries.end() && old->second->keys->source() == source)
    keys = old->second->keys;
  if (!keys) keys = IssuerKeys::Create(loop_, client_, clock_, source);
  Entry entry{IdentityProvider(std::move(settings)), std::move(keys)};
  Replace(name, std::make_shared<const Entry>(std::move(entry)));
}

void IdentityProviders::Remove(std::string_view name) {
  const std::lock_guard lock(mutex_);
  Replace(name, nullptr);
}

void IdentityProviders::Replace(std::string_view name, std::shared_ptr<const Entry> by) {
  auto next = std::make_shared<Table>();
  next->entries = table_->entries;
  if (const auto old = next->entries.find(name); old != next->entries.end()) {
    if (!by || by->keys != old->second->keys)
      loop_.Post([keys = old->second->keys] { keys->Stop(); });
    next->entries.erase(old);
  }
  if (by) next->entries.emplace(name, std::move(by));
  table_ = std::move(next);
}

bool IdentityProviders::Has(std::string_view name) const { return table()->entries.contains(name); }

bool IdentityProviders::LooksLikeJwt(std::string_view bearer) {
  return std::count(bearer.begin(), bearer.end(), '.') == 2;
}

void IdentityProviders::Prepare(std::string_view token, std::function<void()> then) {
  const auto now_table = table();
  const std::int64_t now = clock_.UnixMillis();
  if (!LooksLikeJwt(token) || now_table->entries.empty() || now_table->verified->Find(token, now))
    return then();
  const auto jwt = ReadJwt(token);
  if (jwt.has_error()) return then();
  // Several providers may read the tokens of one issuer, for different audiences: the first whose keys could help.
  for (const auto& [name, entry] : now_table->entries) {
    if (entry->provider.Precheck(*jwt, now).has_error()) continue;
    return entry->keys->Prepare(jwt->key_id, std::move(then));
  }
  then();
}

IdentityProviders::Verdict IdentityProviders::Verify(std::string_view token) {
  const auto now_table = table();
  const std::int64_t now = clock_.UnixMillis();
  if (auto known = now_table->verified->Find(token, now)) return known;

  const auto jwt = ReadJwt(token);
  if (jwt.has_error()) return jwt.error();
  const std::string issuer = jwt->text("iss");
  Error why = TokenError("TokenIssuerNotAllowed",
                         "no identity provider that is known here has issued the token");
  for (const auto& [name, entry] : now_table->entries) {
    const IdentityProvider& provider = entry->provider;
    if (provider.settings().issuer != issuer) continue;
    if (const auto ok = provider.Precheck(*jwt, now); ok.has_error()) {
      why = ok.error();
      continue;
    }
    const auto keys = entry->keys->Current();
    if (keys.has_error()) return keys.error();
    auto principal = provider.Verify(*jwt, **keys, now);
    if (principal.has_error()) return principal.error();
    auto proven = std::make_shared<const Principal>(*std::move(principal));
    now_table->verified->Remember(token, proven,
                                  std::min(provider.ExpiryMs(*jwt), now + kBelievedMs));
    return proven;
  }
  return why;
}

void IdentityProviders::Stop() {
  std::shared_ptr<const Table> last;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    last = table_;
  }
  for (const auto& [name, entry] : last->entries) entry->keys->Stop();
}

}  // namespace base::auth
