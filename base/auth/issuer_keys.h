// IssuerKeys fetches the keys of one issuer when its Jwks says so: by OpenID discovery, or from a given address.
// What is fetched is bounded in size and time.
//
// Ask from any thread; the fetching happens on the loop, by a client that lives there and guards against what
// addresses may lead to (base/http/outward_client.h).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/auth/jwks.h"
#include "base/cancel.h"
#include "base/loop.h"
#include "base/task.h"

namespace base::auth {

class IssuerKeys : public std::enable_shared_from_this<IssuerKeys> {
 public:
  static constexpr std::chrono::milliseconds kFetchWithin{5'000};

  // Shared by whoever asks and by a fetch under way. The references outlive it.
  static std::shared_ptr<IssuerKeys> Create(Loop& loop, http::Client& client, const Clock& clock,
                                            KeySource source,
                                            std::chrono::milliseconds fetch_within = kFetchWithin);

  // `then` runs once, when nothing better is to be had for a token that names `key_id` (empty: none): at once, or
  // on the loop when a fetch has ended. It must not throw, nor ask again.
  void Prepare(std::string_view key_id, std::function<void()> then);
  // Does not wait. kUnauthenticated, KeySetUnavailable: there are none.
  Result<Jwks::Keys> Current() const;
  // On the loop: ends a fetch, and the wait of all who wait for it; none begins any more.
  void Stop();

  const KeySource& source() const { return source_; }

 private:
  IssuerKeys(Loop& loop, http::Client& client, const Clock& clock, KeySource source,
             std::chrono::milliseconds fetch_within);

  Task<void> Run(std::shared_ptr<IssuerKeys> self);
  Task<Result<KeySet>> Fetch();
  Task<Result<std::string>> Get(http::Url url);

  Loop& loop_;
  http::Client& client_;
  const Clock& clock_;
  const KeySource source_;
  const std::chrono::milliseconds fetch_within_;

  // On the loop
  CancelSignal* fetch_ = nullptr;

  mutable std::mutex mutex_;
  // Under mutex_
  Jwks known_;
  bool stopped_ = false;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace base::auth
