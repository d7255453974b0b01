// portolan: the command line. Reads what was typed, and runs one verb.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <iostream>

#include "base/openssl_lifetime.h"
#include "base/version.h"
#include "cli/context.h"
#include "cli/verbs.h"

namespace {

// What stands behind `--` is a command, or words to complete, or arguments: never options of ours.
std::vector<std::string> TakeCommandWords(std::vector<std::string>& words) {
  auto dashes = std::find(words.begin(), words.end(), "--");
  if (dashes == words.end()) return {};
  std::vector<std::string> behind(dashes + 1, words.end());
  words.erase(dashes, words.end());
  return behind;
}

}  // namespace

int main(int argc, char** argv) {
  base::KeepOpensslToTheEnd();
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> words(argv + 1, argv + argc);
  std::vector<std::string> command_words = TakeCommandWords(words);

  CLI::App app(
      "Portolan: one place to register MCP servers, find their tools, and govern every call.",
      "portolan");
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", "portolan " + base::Version());
  cli::Options options;
  app.add_option("--registry", options.registry, "The registry's gRPC address")
      ->envname("PORTOLAN_REGISTRY")
      ->type_name("HOST:PORT");
  app.add_option("--registry-ca", options.registry_ca,
                 "PEM file of who signs the registry's certificate: speak TLS to it")
      ->envname("PORTOLAN_REGISTRY_CA")
      ->type_name("FILE");
  app.add_option("--token", options.token, "Who administers; without it this machine's admin token")
      ->envname("PORTOLAN_TOKEN");
  app.add_option("--key", options.key, "As whom to call; without it as the admin")
      ->envname("PORTOLAN_KEY");
  app.add_option("--data", options.data, "The data directory; default $XDG_DATA_HOME/portolan")
      ->envname("PORTOLAN_DATA")
      ->type_name("DIR");
  app.add_option("-o,--output", options.format, "How results are printed")
      ->check(CLI::IsMember({"table", "json", "yaml", "name"}))
      ->capture_default_str();
  app.add_flag("-q,--quiet", options.quiet, "Say nothing but results and errors");

  cli::Verbs verbs(app);
  cli::AddUp(verbs);
  cli::AddAdd(verbs);
  cli::AddServers(verbs);
  cli::AddSearch(verbs);
  cli::AddCall(verbs);
  cli::AddStdio(verbs);
  cli::AddConnect(verbs);
  cli::AddDoctor(verbs);
  cli::AddEval(verbs);
  cli::AddReviews(verbs);
  cli::AddAccess(verbs);
  cli::AddPins(verbs);
  cli::AddKeys(verbs);
  cli::AddSecrets(verbs);
  cli::AddProducts(verbs);
  cli::AddApply(verbs);
  cli::AddExport(verbs);
  cli::AddImport(verbs);
  cli::AddSync(verbs);
  cli::AddTokens(verbs);
  cli::AddPolicy(verbs);
  cli::AddCan(verbs);
  cli::AddLog(verbs);
  cli::AddAudit(verbs);
  cli::AddBackup(verbs);
  cli::AddGateways(verbs);
  cli::AddCache(verbs);
  cli::AddPortal(verbs);
  cli::AddCompletion(verbs);
  app.footer("Example:\n  portolan up --demo");

  try {
    std::reverse(words.begin(), words.end());
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    int code = app.exit(error, std::cout, std::cerr);
    return code == 0 ? 0 : static_cast<int>(cli::Exit::kUsage);
  }
  const cli::Verbs::Run* run = verbs.chosen();
  if (!run) {
    std::cerr << app.help();
    return static_cast<int>(cli::Exit::kUsage);
  }
  cli::Context context(options, std::move(command_words));
  return static_cast<int>((*run)(context));
}
