#include "registry/catalog/quota_book.h"

#include <algorithm>
#include <optional>

#include "policy/quota_window.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

constexpr int kMaxUses = 1'000;
constexpr std::size_t kMaxKeyBytes = 96;
constexpr std::size_t kMaxNameBytes = 200;
// More than any quota holds, and far from what would overflow.
constexpr std::int64_t kMaxCount = 1'000'000'000'000'000'000;
constexpr std::int64_t kTidyEveryMs = 3'600'000;
constexpr std::int64_t kKeepEndedMs = 86'400'000;

base::Result<void> Check(const v1::LeaseQuotasRequest& request) {
  if (request.run_ms() <= 0) return FieldError("/run_ms", "is missing");
  if (request.sequence() <= 0) return FieldError("/sequence", "must be positive");
  if (request.uses_size() < 1 || request.uses_size() > kMaxUses)
    return FieldError("/uses", "must hold 1 to 1,000 entries");
  for (int i = 0; i < request.uses_size(); ++i) {
    const v1::QuotaUse& use = request.uses(i);
    const std::string at = "/uses/" + std::to_string(i);
    if (use.set().size() > kMaxNameBytes || use.rule().size() > kMaxNameBytes)
      return FieldError(at, "names a rule by more than 200 bytes");
    if (use.subscription().size() > kMaxNameBytes)
      return FieldError(at + "/subscription", "has more than 200 bytes");
    if (use.key().size() > kMaxKeyBytes) return FieldError(at + "/key", "has more than 96 bytes");
    for (const std::int64_t count : {use.calls(), use.bytes(), use.running()}) {
      if (count < 0 || count > kMaxCount) return FieldError(at, "counts what cannot be");
    }
  }
  return {};
}

// One kind of unit, within one window and one lease.
struct Account {
  std::int64_t limit;  // of the rule; 0: none
  std::int64_t& sum;
  std::int64_t& given;
  std::int64_t& used;

  // What the run no longer knows of was spent; what it has not spent is still its own.
  void Normalise() {
    given = std::max<std::int64_t>(0, given - used);
    used = 0;
  }
  // `used_now` and `running` as the run says.
  void Settle(std::int64_t used_now, std::int64_t running, bool release) {
    if (limit == 0) return;
    used = std::max(used, used_now);
    // Also what it admitted without asking.
    const std::int64_t least = used + running;
    std::int64_t next = release ? least : std::max(given, least);
    if (!release) {
      const std::int64_t slice = std::max<std::int64_t>(1, limit / 100);
      const std::int64_t room = std::max<std::int64_t>(0, limit - (sum + next - given));
      next += std::clamp<std::int64_t>(least + slice - next, 0, room);
    }
    sum += next - given;
    given = next;
  }
  std::int64_t left() const { return limit == 0 ? 0 : std::max<std::int64_t>(0, limit - sum); }
};

}  // namespace

// One request, inside its transaction.
class QuotaBook::Booking {
 public:
  Booking(QuotaBook& book, Transaction& store, const std::string& gateway,
          const v1::LeaseQuotasRequest& request, std::int64_t now_ms)
      : book_(book), store_(store), gateway_(gateway), request_(request), now_ms_(now_ms) {}

  base::Result<v1::QuotaGrant> Grant(const v1::QuotaUse& use) {
    v1::QuotaGrant grant;
    const auto found = FindQuota(use);
    if (found.has_error()) return found.error();
    if (!*found) {
      grant.set_unknown(true);
      return grant;
    }
    const v1::Quota& quota = (*found)->quota;
    const QuotaKey key{use.set(), use.rule(), use.key()};
    const auto subscribed_at_ms = SubscribedAt(use);
    if (subscribed_at_ms.has_error()) return subscribed_at_ms.error();
    const std::int64_t anchor_ms = policy::AnchorOf(quota, *subscribed_at_ms);
    auto window = Window(key, quota, (*found)->created_ms, anchor_ms);
    if (window.has_error()) return window.error();
    grant.set_window_start_ms(window->start_ms);
    grant.set_window_end_ms(window->end_ms);
    if (window->end_ms != 0)
      grant.set_remaining_ms(std::max<std::int64_t>(1, window->end_ms - now_ms_));
    if (crowded_) return grant;  // a key too many: there is nothing for it

    auto lease = LeaseOf(key);
    if (lease.has_error()) return lease.error();
    Account calls{quota.calls(), window->calls, lease->calls, lease->calls_used};
    Account bytes{quota.bytes(), window->bytes, lease->bytes, lease->bytes_used};
    if (request_.sequence() > lease->sequence) {
      lease->sequence = request_.sequence();
      if (use.window_start_ms() == 0) {
        calls.Normalise();
        bytes.Normalise();
      }
      // What was done in another window is done with.
      const bool of_this = use.window_start_ms() == 0 || use.window_start_ms() == window->start_ms;
      calls.Settle(of_this ? use.calls() : 0, of_this ? use.running() : 0, use.release());
      bytes.Settle(of_this ? use.bytes() : 0, 0, use.release());
      if (auto put = store_.PutQuotaWindow(key, *window); put.has_error()) return put.error();
      if (auto put = store_.PutQuotaLease(key, gateway_, *lease); put.has_error())
        return put.error();
    }
    grant.set_calls(calls.limit == 0 ? 0 : calls.given);
    grant.set_bytes(bytes.limit == 0 ? 0 : bytes.given);
    grant.set_calls_left(calls.left());
    grant.set_bytes_left(bytes.left());
    return grant;
  }

 private:
  struct Found {
    v1::Quota quota;
    std::int64_t created_ms = 0;
  };

  base::Result<std::optional<Found>> FindQuota(const v1::QuotaUse& use) {
    if (!set_ || set_->name() != use.set()) {
      set_.reset();
      const auto stored = store_.Find("PolicySet", use.set());
      if (stored.has_error()) return stored.error();
      if (!*stored) return std::optional<Found>();
      auto resource = ToResource(**stored);
      if (resource.has_error()) return resource.error();
      set_ = *std::move(resource);
    }
    for (const v1::Rule& rule : set_->policy_set().rules()) {
      if (rule.id() == use.rule() && rule.has_quota())
        return std::optional<Found>(Found{rule.quota(), set_->created_at_ms()});
    }
    return std::optional<Found>();
  }

  // When the subscription began that the use is of; 0: it is of none, or that one is gone.
  base::Result<std::int64_t> SubscribedAt(const v1::QuotaUse& use) {
    if (use.subscription().empty()) return 0;
    const auto stored = store_.Find("Subscription", use.subscription());
    if (stored.has_error()) return stored.error();
    if (!*stored) return 0;
    const auto resource = ToResource(**stored);
    if (resource.has_error()) return resource.error();
    return resource->subscription().started_at_ms();
  }

  // The window in force. One that has begun since has nothing given away.
  base::Result<StoredQuotaWindow> Window(const QuotaKey& key, const v1::Quota& quota,
                                         std::int64_t created_ms, std::int64_t anchor_ms) {
    const policy::QuotaWindow now = policy::WindowOf(quota, now_ms_, created_ms, anchor_ms);
    const std::string period = policy::PeriodName(quota, anchor_ms);
    crowded_ = false;
    auto stored = store_.QuotaWindow(key);
    if (stored.has_error()) return stored.error();
    // A clock that was put back opens no window a second time.
    if (*stored && (*stored)->period == period && (*stored)->start_ms >= now.start_ms)
      return **stored;
    if (*stored) {
      if (auto dropped = store_.DropQuotaLeases(key); dropped.has_error()) return dropped.error();
    } else if (auto room = TakeKey(key); room.has_error()) {
      return room.error();
    } else {
      crowded_ = !*room;
    }
    return StoredQuotaWindow{period, now.start_ms, now.end_ms, 0, 0};
  }

  // Whether there is room for one key more.
  base::Result<bool> TakeKey(const QuotaKey& key) {
    const std::string name = std::string(key.set) + "#" + std::string(key.rule);
    auto known = book_.keys_.find(name);
    if (known == book_.keys_.end()) {
      const auto count = store_.CountQuotaKeys(key.set, key.rule);
      if (count.has_error()) return count.error();
      known = book_.keys_.emplace(name, *count).first;
    }
    if (known->second >= book_.max_keys_) return false;
    ++known->second;
    return true;
  }

  base::Result<StoredQuotaLease> LeaseOf(const QuotaKey& key) {
    const auto stored = store_.QuotaLease(key, gateway_);
    if (stored.has_error()) return stored.error();
    StoredQuotaLease lease = stored->value_or(StoredQuotaLease{});
    if (lease.run == request_.run_ms()) return lease;
    if (*stored && lease.run_before == request_.run_ms()) {
      return base::Fail(base::Code::kFailedPrecondition,
                        "/run_ms: another run of gateway '" + gateway_ + "' has begun since");
    }
    // What the earlier run held is spent.
    StoredQuotaLease begun;
    begun.run = request_.run_ms();
    begun.run_before = lease.run;
    return begun;
  }

  QuotaBook& book_;
  Transaction& store_;
  const std::string& gateway_;
  const v1::LeaseQuotasRequest& request_;
  const std::int64_t now_ms_;
  std::optional<v1::Resource> set_;  // the last one asked for
  bool crowded_ = false;
};

base::Result<v1::LeaseQuotasResponse> QuotaBook::Lease(const std::string& gateway,
                                                       const v1::LeaseQuotasRequest& request) {
  if (auto ok = Check(request); ok.has_error()) return ok.error();
  v1::LeaseQuotasResponse response;
  const auto written = store_.Write([&](Transaction& store) -> base::Result<Store::Then> {
    response.Clear();
    const std::int64_t now_ms = clock_.UnixMillis();
    if (now_ms >= next_tidy_ms_) {
      next_tidy_ms_ = now_ms + kTidyEveryMs;
      keys_.clear();
      if (auto tidy = store.DropQuotas(now_ms - kKeepEndedMs); tidy.has_error())
        return tidy.error();
    }
    Booking booking(*this, store, gateway, request, now_ms);
    for (const v1::QuotaUse& use : request.uses()) {
      auto grant = booking.Grant(use);
      if (grant.has_error()) {
        keys_.clear();
        return grant.error();
      }
      *response.add_grants() = *std::move(grant);
    }
    return Store::Then::kCommit;
  });
  if (written.has_error()) return written.error();
  return response;
}

}  // namespace registry
