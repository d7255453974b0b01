// Writing is one write transaction of the catalog's, and what every method that writes is made of:
// one resource put or deleted, with its rights, references and audit record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/resource.pb.h"
#include "registry/catalog/writer.h"
#include "registry/store/store.h"

namespace registry {

namespace v1 = portolan::v1;

class Vault;

// What the transaction sees, who writes, and what becomes of it.
struct Writing {
  Transaction& store;
  const Writer& writer;
  std::int64_t now_ms;
  std::vector<v1::Change>& changes;
  // Servers whose definitions may be served in another way now.
  std::vector<std::string>& redefined;
  // Null: there is none, and credentials cannot be written.
  Vault* vault = nullptr;
};

struct Written {
  v1::Resource resource;
  v1::Outcome::Value outcome = v1::Outcome::UNCHANGED;
  // What was there, when it changed.
  std::optional<v1::Resource> before;
};

// kAny: files need no revision.
enum class Expects { kRevision, kAny };
// Whether what the resource refers to must be there already, or CheckReferences follows.
enum class References { kNow, kLater };

// Asks for the right to write that kind. REQUIRES: Validate(resource), and its kind is set.
base::Result<Written> PutOne(const Writing& writing, v1::Resource resource, Expects expects,
                             References references = References::kNow);
// The same for a method that has asked for a right of its own: no other is needed. `stored` is what
// is there.
base::Result<Written> ChangeOne(const Writing& writing, v1::Resource resource,
                                const StoredResource& stored);

// The same for a resource that is not there yet.
base::Result<Written> AddOne(const Writing& writing, v1::Resource resource);

// A resource of ours that is put as it is: no right is asked for, and no rule.
base::Result<void> PutAsItIs(const Writing& writing, v1::Resource resource);

// What `before` (null: nothing) did not refer to already must exist.
base::Result<void> CheckReferences(Transaction& store, const v1::Resource& resource,
                                   const v1::Resource* before);

// With what cannot be without it: a server's versions, a consumer's keys.
base::Result<std::int64_t> DeleteWhole(const Writing& writing, const StoredResource& stored);

// kAborted unless `seen` is 0 (whatever it is) or the revision of `stored`.
base::Result<void> CheckSeen(std::int64_t seen, const StoredResource& stored);

}  // namespace registry
