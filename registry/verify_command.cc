#include "registry/verify_command.h"

#include <iostream>
#include <string_view>

#include "registry/catalog/audit.h"
#include "registry/store/sqlite_store.h"

namespace registry {

int RunVerify(int argc, char** argv) {
  if (argc != 2 || std::string_view(argv[1]).starts_with('-')) {
    std::cerr
        << "usage: portolan-registry verify FILE\n"
           "Recomputes the audit's chain of a database or a copy of it, and writes nothing.\n";
    return argc == 2 && std::string_view(argv[1]) == "--help" ? 0 : 2;
  }
  auto copy = SqliteStore::OpenCopy(argv[1]);
  if (copy.has_error()) {
    std::cerr << "portolan-registry: " << copy.error().message << "\n";
    return 2;
  }
  const auto verified = VerifyAudit(**copy);
  if (verified.has_error()) {
    std::cerr << "portolan-registry: " << argv[1] << ": " << verified.error().message << "\n";
    return 1;
  }
  std::cout << "whole: records " << verified->first_sequence() << " to "
            << verified->last_sequence() << ", head " << verified->head() << "\n";
  return 0;
}

}  // namespace registry
