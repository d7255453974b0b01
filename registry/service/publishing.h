// Publishing is the writing side of the registry API: server.json documents in, versions of servers
// out, with the status that their publishers give them.
//
// Any thread; each call blocks (SQLite). Every write carries the revisions that were seen, so two
// publishers of one server take turns and neither loses anything; who may is the catalog's matter
// (role publisher in the server's namespace). What a publisher makes is a draft until it is
// approved; an admin's is approved.
#pragma once

#include <string>
#include <string_view>

#include "registry/catalog/catalog.h"
#include "registry/service/caller.h"
#include "registry/service/registry_answer.h"

namespace registry {

class Publishing {
 public:
  Publishing(Catalog& catalog, const ServerListing& listing)
      : catalog_(catalog), listing_(listing) {}

  // A new version, and its server when it is the first. 400: that version exists.
  RegistryAnswer Publish(const Caller& caller, std::string_view body);
  // Another document for a version that is there; 404 when it is deleted.
  RegistryAnswer Edit(const Caller& caller, const std::string& name, const std::string& version,
                      std::string_view body);
  // `body` is a StatusUpdateRequest. 400: it changes nothing.
  RegistryAnswer SetStatus(const Caller& caller, const std::string& name,
                           const std::string& version, std::string_view body);
  // Of every version, or of none.
  RegistryAnswer SetStatusOfAll(const Caller& caller, const std::string& name,
                                std::string_view body);
  // Marks it deleted: it stays as a tombstone for those who follow.
  RegistryAnswer Delete(const Caller& caller, const std::string& name, const std::string& version);

  // {"valid":...,"issues":[...]}; writes nothing.
  static RegistryAnswer Validate(std::string_view body);

 private:
  struct Status;

  RegistryAnswer Show(const Caller& caller, const std::string& name, const std::string& version);
  RegistryAnswer ChangeStatus(const Caller& caller, const std::string& name,
                              const std::string& version, const Status& status);

  Catalog& catalog_;
  const ServerListing& listing_;
};

}  // namespace registry
