// The change of the master key: everything that it seals is sealed anew in one transaction.
//
//   FILE.next <- new key    sealed anew, one commit    FILE <- new key    FILE.next goes
//
// Wherever it is cut short, the next start finds out which of the two keys seals (own_keys.h). A
// backup of before opens with the key in it.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/result.h"
#include "registry/catalog/writer.h"
#include "registry/service/own_keys.h"

namespace registry {

class Catalog;
class Vault;

class Rotation {
 public:
  Rotation(Catalog& catalog, Vault& vault, const MasterKey& master, const base::Clock& clock)
      : catalog_(catalog), vault_(vault), master_(master), clock_(clock) {}

  // To a new key; how many values were sealed anew. kFailedPrecondition: the key comes from the
  // environment. One at a time.
  base::Result<std::int64_t> Rotate(const Writer& writer);
  // From the key before to the present one, where the environment names both: when the registry
  // starts.
  base::Result<std::int64_t> EndFromEnvironment(const Writer& writer);
  // As a backup keeps it.
  std::string master_key() const { return MasterKey::Text(master_.key); }

 private:
  base::Result<std::int64_t> Reseal(const Writer& writer);

  Catalog& catalog_;
  Vault& vault_;
  MasterKey master_;
  const base::Clock& clock_;
};

}  // namespace registry
