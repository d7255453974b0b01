// A ProvenStream lasts as long as its caller may have it: with each second it asks whether what the caller showed still
// proves the same principal with the same roles. A token that is revoked, or a role that is taken away, ends it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "registry/catalog/watch.h"
#include "registry/service/methods.h"

namespace registry {

class Authenticator;
struct Proof;

class ProvenStream final : public Stream {
 public:
  // kUnauthenticated when the caller is not who it was.
  using Still = std::function<base::Result<void>()>;

  ProvenStream(std::unique_ptr<Stream> stream, Still still, Bell& second, const Wake& wake)
      : stream_(std::move(stream)), still_(std::move(still)), tick_(second, [this, wake] {
          due_ = true;
          wake();
        }) {}

  base::Result<State> Next(google::protobuf::Message& out) override {
    if (due_.exchange(false)) {
      if (const auto ok = still_(); ok.has_error()) return ok.error();
    }
    return stream_->Next(out);
  }

 private:
  const std::unique_ptr<Stream> stream_;
  const Still still_;
  std::atomic<bool> due_{false};
  const Bell::Listener tick_;
};

// Keeps what was shown. Null for who showed nothing, and for gateways, whose credential changes with each start of theirs.
ProvenStream::Still StillProven(Authenticator& authenticator, const Proof& proof,
                                const Caller& caller);

}  // namespace registry
