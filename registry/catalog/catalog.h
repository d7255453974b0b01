// The Catalog holds every resource and all rules about them. It is the only writer of the store.
//
// Any thread may call it; each call blocks (SQLite). A write is validated as a whole, is one
// transaction, and returns when it is on disk and every observer has seen it. Writers that come
// together share one commit.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "portolan/v1/access_service.pb.h"
#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/usage_service.pb.h"
#include "registry/catalog/watch.h"
#include "registry/catalog/writer.h"

namespace registry {

class Store;
class Transaction;
class Vault;
struct Writing;
enum class Expects;

class Catalog {
 public:
  // `vault` seals what credentials keep secret; null: none can be written.
  Catalog(Store& store, const base::Clock& clock, Vault* vault = nullptr);

  // ---- Resources

  // kNotFound. A server may also be named by its base path.
  base::Result<v1::Resource> Get(std::string_view kind, std::string_view name) const;
  // Ordered by name. kInvalidArgument for a page token or size that is none.
  base::Result<v1::ListResponse> List(const v1::ListRequest& request) const;

  // The resource as written, with its new revision; what is the same as before keeps its revision.
  // kAborted: changed since; kAlreadyExists: revision 0 and it exists; kInvalidArgument: names the
  // field; kPermissionDenied: that writer may not.
  base::Result<v1::Resource> Put(const Writer& writer, const v1::PutRequest& request);
  // All or none; in the order of the request.
  base::Result<v1::ApplyResponse> Apply(const Writer& writer, const v1::ApplyRequest& request);
  // The same, each resource at the revision that its writer saw, as with Put. `also`, when given,
  // runs in the same transaction behind the writes, and its failure undoes them.
  using Also = std::function<base::Result<void>(Transaction&)>;
  base::Result<v1::ApplyResponse> ApplySeen(const Writer& writer, const v1::ApplyRequest& request,
                                            const Also& also = nullptr);
  // With a server go its versions, definitions and status, with a consumer its subscriptions and keys, with a
  // product its subscriptions, with a subscription its keys, with a token what it is bound to. Returns the deletion's revision.
  base::Result<std::int64_t> Delete(const Writer& writer, const v1::DeleteRequest& request);

  // What stands on a resource and what it stands on, as far as `who` may see it. Walks the catalog.
  base::Result<v1::ListDependenciesResponse> ListDependencies(const base::auth::Principal& who,
                                                              std::string_view kind,
                                                              std::string_view name) const;

  // ---- How far a server is trusted, and the stages of its life. The server as it is then.

  // kFailedPrecondition: there is nothing to submit; kAborted: it is not the one that was looked at;
  // kPermissionDenied, kNotFound.
  base::Result<v1::Resource> Review(const Writer& writer, const v1::ReviewRequest& request);
  base::Result<v1::Resource> ChangeLifecycle(const Writer& writer,
                                             const v1::ChangeLifecycleRequest& request);

  // ---- Credentials

  // Seals every credential's secrets anew with the vault's first key; how many there were. `also`
  // runs in the same transaction. Asks for no right. REQUIRES: there is a vault.
  base::Result<std::int64_t> ResealCredentials(const Writer& writer, const Also& also);

  // ---- Requests for access: the rules are in access_requests.cc

  // The name of the request, whether there is such a server or not. kFailedPrecondition: the writer
  // sees it already; kUnauthenticated: asking needs a name; kResourceExhausted: too many wait.
  base::Result<std::string> RequestAccess(const Writer& writer,
                                          const v1::RequestAccessRequest& request);
  // The server's revision when it was granted, else 0. kFailedPrecondition: it was decided already,
  // or there is no such server; kNotFound; kPermissionDenied.
  base::Result<std::int64_t> DecideAccess(const Writer& writer,
                                          const v1::DecideAccessRequest& request);
  // Removes what was decided before that; who was let in stays in. The retention's.
  base::Result<void> ForgetDecidedAccess(std::int64_t older_than_ms);

  // ---- Keys of consumers: the rules are in keys.cc

  // The new keys are in the answers and nowhere else. kAlreadyExists: both of a subscription are there.
  base::Result<v1::CreateKeyResponse> CreateKey(const Writer& writer,
                                                const v1::CreateKeyRequest& request);
  // kFailedPrecondition: it was revoked, or has expired and no new end is given; kNotFound.
  base::Result<v1::RotateKeyResponse> RotateKey(const Writer& writer,
                                                const v1::RotateKeyRequest& request);
  // Its revision then. kFailedPrecondition: it was revoked; kNotFound.
  base::Result<std::int64_t> ChangeKey(const Writer& writer, const v1::ChangeKeyRequest& request);

  // ---- Subscriptions to products: the rules are in subscriptions.cc. Each as it is then.

  // kNotFound: no such product, or none that the writer sees; kAlreadyExists: as many as it allows;
  // kUnauthenticated: asking needs a name.
  base::Result<v1::Resource> Subscribe(const Writer& writer, const v1::SubscribeRequest& request);
  // kFailedPrecondition: it was decided already; kNotFound; kPermissionDenied.
  base::Result<v1::Resource> DecideSubscription(const Writer& writer,
                                                const v1::DecideSubscriptionRequest& request);
  // kFailedPrecondition: it cannot go there from where it is; kNotFound, also for somebody else's.
  base::Result<v1::Resource> ChangeSubscription(const Writer& writer,
                                                const v1::ChangeSubscriptionRequest& request);

  // ---- What changed

  // How far a follower has come.
  struct Position {
    // All changes up to here are known to it; 0: nothing is.
    std::int64_t revision = 0;
    // Kept by ChangesAfter: deletions since then are needed to be complete.
    std::int64_t began_at = -1;
  };
  struct Changes {
    // The newest state of each resource that changed, in order of revision.
    std::vector<v1::Change> changes;
    // There are more right now.
    bool more = false;
  };
  // The changes after `position`, at most about `max_bytes` of them (at least one), and moves it
  // on. Empty `kinds`: all. kOutOfRange: too old (deletions since were forgotten), or from a future
  // that is not ours: list again.
  base::Result<Changes> ChangesAfter(Position& position, std::span<const std::string> kinds,
                                     std::size_t max_bytes = 1 << 20) const;
  std::int64_t revision() const;
  // Rings after each committed change of resources or definitions.
  Bell& bell() { return bell_; }
  // Tells the observers everything that exists (replay.h), then, one after the other, each change.
  // For the catalog's whole life: attach before serving, all at once, since everything is read for
  // it.
  base::Result<void> Attach(std::span<Observer* const> observers);
  base::Result<void> Attach(Observer& observer) {
    Observer* const one[] = {&observer};
    return Attach(one);
  }

  // ---- Definitions: what servers offer, as gateways report it

  // Stored when it differs from what is known, and compared with what was accepted. kNotFound: no
  // such server.
  base::Result<void> ReportDefinitions(const v1::ServerDefinitions& report);
  // As they are served. kNotFound: no such server. A server that was never listed has none, and
  // listed_at_ms 0.
  enum class Lint { kNo, kYes };
  base::Result<v1::GetDefinitionsResponse> GetDefinitions(std::string_view server,
                                                          Lint lint = Lint::kNo) const;
  // The same for gateways, by resource name. kNotFound: never listed.
  base::Result<v1::ServerDefinitions> ServedDefinitions(const std::string& server) const;
  // How what is offered differs from what was accepted.
  base::Result<v1::GetDriftResponse> GetDrift(std::string_view server) const;
  // kAborted: it has changed since it was looked at; kNotFound: no such server or difference;
  // kPermissionDenied: the writer may not approve there.
  base::Result<v1::DecideDriftResponse> DecideDrift(const Writer& writer,
                                                    const v1::DecideDriftRequest& request);
  struct DefinitionsChanged {
    std::int64_t sequence = 0;
    std::vector<std::string> servers;
  };
  // Servers whose definitions changed after `sequence` (a count of its own), at most `limit`.
  base::Result<DefinitionsChanged> DefinitionsAfter(std::int64_t sequence, int limit) const;

  // ---- Status: how servers are

  base::Result<void> ReportStatus(std::span<const v1::ServerStatus> statuses);
  base::Result<v1::ListStatusResponse> ListStatus(const v1::ListStatusRequest& request) const;
  struct StatusChanged {
    std::int64_t sequence = 0;
    std::vector<v1::ServerStatus> statuses;
  };
  // Of servers whose status changed after `sequence` (a count of its own), at most `limit`.
  base::Result<StatusChanged> StatusAfter(std::int64_t sequence, int limit) const;
  Bell& status_bell() { return status_bell_; }

 private:
  enum class Keep { kNothing, kAll };
  using Work = std::function<base::Result<Keep>(const Writing&)>;
  // One transaction; what is kept of `work` is published.
  base::Result<void> Write(const Writer& writer, const Work& work);
  // The one server that is changed by `change`, when it is at the revision that was seen (0:
  // whatever it is).
  using ChangeServer =
      std::function<base::Result<void>(const Writing&, const v1::Resource& before, v1::Server&)>;
  base::Result<v1::Resource> WriteServer(const Writer& writer, const std::string& server,
                                         std::int64_t seen, const ChangeServer& change);

  base::Result<v1::ApplyResponse> ApplyAll(const Writer& writer, const v1::ApplyRequest& request,
                                           Expects expects, const Also& also);

  void Publish(const std::vector<v1::Change>& changes);
  // What is served of these servers may have changed without a report.
  void PublishDefinitions(const std::vector<std::string>& servers);

  Store& store_;
  const base::Clock& clock_;
  Vault* const vault_;
  Bell bell_;
  Bell status_bell_;
  std::atomic<std::int64_t> revision_{0};

  // Touched only while the store lets one writer run
  std::vector<Observer*> observers_;
};

}  // namespace registry
