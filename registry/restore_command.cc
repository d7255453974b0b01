#include "registry/restore_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <string>

#include "base/daemon.h"
#include "base/passphrase.h"
#include "base/rfc3339.h"
#include "registry/backup/restore.h"

namespace registry {

int RunRestore(int argc, char** argv) {
  std::string file;
  std::string data = base::DefaultDataFolder().string();
  CLI::App app(
      "Makes a data directory from a backup. The directory must be empty or not be there. The "
      "passphrase is asked for, or read from PORTOLAN_PASSPHRASE or the first line of stdin.",
      "portolan-registry restore");
  app.add_option("file", file, "What portolan backup has written")->required();
  app.add_option("--data", data, "The data directory to make")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto passphrase = base::ReadPassphrase(base::Asked::kOnce);
  if (!passphrase) {
    std::cerr << "portolan-registry: " << passphrase.error().message << "\n";
    return 2;
  }
  const auto restored = backup::Restore(file, data, *passphrase);
  if (!restored) {
    std::cerr << "portolan-registry: " << restored.error().message << "\n";
    return 1;
  }
  std::cout << "restored " << data << ": revision " << restored->revision << ", as of "
            << base::FormatRfc3339(restored->made_at_ms) << "\n";
  return 0;
}

}  // namespace registry
