#include "base/auth/identity_providers.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace base::auth {
namespace {

constexpr std::int64_t kBelievedMs = 5 * 60 * 1000;

}  // namespace

IdentityProviders::IdentityProviders(Loop& loop, http::Client& client, const Clock& clock,
                                     std::chrono::milliseconds fetch_within)
    : loop_(loop),
      client_(client),
      clock_(clock),
      fetch_within_(fetch_within),
      table_(std::make_shared<const Table>()) {}

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
  if (!keys) keys = IssuerKeys::Create(loop_, client_, clock_, source, fetch_within_);
  Entry entry{IdentityProvider(std::move(settings)), std::move(keys),
              std::make_unique<VerifiedTokens<ProvenToken>>()};
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

std::optional<std::string> IdentityProviders::IssuerOf(std::string_view name) const {
  const auto now_table = table();
  const auto found = now_table->entries.find(name);
  if (found == now_table->entries.end()) return std::nullopt;
  return found->second->provider.settings().issuer;
}

bool IdentityProviders::LooksLikeJwt(std::string_view bearer) {
  return std::count(bearer.begin(), bearer.end(), '.') == 2;
}

IdentityProviders::Candidates IdentityProviders::CandidatesOf(const Table& table, Uses uses) {
  static const TokenTerms kItsOwn;
  Candidates candidates;
  if (uses.empty()) {
    for (const auto& [name, entry] : table.entries)
      candidates.push_back({entry.get(), &kItsOwn, {}});
  }
  for (const TokenUse& use : uses) {
    const auto found = table.entries.find(use.provider);
    if (found == table.entries.end()) continue;
    candidates.push_back({found->second.get(), use.terms, use.own_names});
  }
  return candidates;
}

void IdentityProviders::Prepare(const TokenKey& token, Uses uses, std::function<void()> then) {
  const auto now_table = table();
  if (!LooksLikeJwt(token.text()) || now_table->entries.empty() || VerifyAgain(token, uses))
    return then();
  const auto jwt = ReadJwt(token.text());
  if (jwt.has_error()) return then();
  // Several providers may read the tokens of one issuer: the first whose keys could help.
  for (const auto& [entry, terms, own_names] : CandidatesOf(*now_table, uses)) {
    if (entry->provider.Precheck(*jwt, *terms, own_names, clock_.UnixMillis()).has_error())
      continue;
    return entry->keys->Prepare(jwt->key_id, std::move(then));
  }
  then();
}

std::optional<IdentityProviders::Verdict> IdentityProviders::VerifyAgain(const TokenKey& token,
                                                                         Uses uses) {
  const auto now_table = table();
  const std::int64_t now = clock_.UnixMillis();
  const Candidates candidates = CandidatesOf(*now_table, uses);
  std::shared_ptr<const ProvenToken> known;
  const Entry* by = nullptr;
  for (const Candidate& candidate : candidates) {
    by = candidate.entry;
    if ((known = by->verified->Find(token, now))) break;
  }
  if (!known) return std::nullopt;

  std::optional<Verdict> verdict;
  for (const auto& [entry, terms, own_names] : candidates) {
    const IdentityProvider& provider = entry->provider;
    if (provider.settings().issuer != by->provider.settings().issuer) continue;
    if (entry != by) {
      if (const auto ok = provider.Precheck(known->jwt, *terms, own_names, now); ok.has_error()) {
        verdict = ok.error();
        continue;
      }
      by = entry;
      if (!(known = entry->verified->Find(token, now))) return std::nullopt;
    }
    const auto ok = provider.Check(*known, *terms, own_names, now);
    if (ok.has_value()) return std::shared_ptr<const Principal>(known, &known->principal);
    verdict = ok.error();
  }
  return verdict;
}

IdentityProviders::Verdict IdentityProviders::Verify(const TokenKey& token, Uses uses) {
  if (auto known = VerifyAgain(token, uses)) return *std::move(known);
  const auto now_table = table();
  const std::int64_t now = clock_.UnixMillis();
  const auto jwt = ReadJwt(token.text());
  if (jwt.has_error()) return jwt.error();
  const std::string issuer = jwt->text("iss");
  Error why = TokenError("TokenIssuerNotAllowed",
                         "the token was issued by nobody whose tokens are believed here");
  for (const auto& [entry, terms, own_names] : CandidatesOf(*now_table, uses)) {
    const IdentityProvider& provider = entry->provider;
    if (provider.settings().issuer != issuer) continue;
    if (const auto ok = provider.Precheck(*jwt, *terms, own_names, now); ok.has_error()) {
      why = ok.error();
      continue;
    }
    const auto keys = entry->keys->Current();
    if (keys.has_error()) return keys.error();
    auto verified = provider.Verify(*jwt, **keys);
    if (verified.has_error()) return verified.error();
    const auto proven = std::make_shared<const ProvenToken>(*std::move(verified));
    entry->verified->Remember(token, proven, now + kBelievedMs);
    if (const auto ok = provider.Check(*proven, *terms, own_names, now); ok.has_error()) {
      why = ok.error();
      continue;
    }
    return std::shared_ptr<const Principal>(proven, &proven->principal);
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
