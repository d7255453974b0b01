// Verbs is the table of what can be typed: each verb with its words, its example, and the function
// that runs it.
//
// The parser of the command line (CLI11) is known to verbs.cc and main.cc only: it is slow to
// compile.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "cli/exit_code.h"

namespace CLI {
class App;
}

namespace cli {

class Context;

// What one verb takes. The values must outlive the parsing; a value keeps its default when nothing
// is typed.
class Verb {
 public:
  explicit Verb(CLI::App* app) : app_(app) {}

  // Words by position; those that are not `optional` must be there.
  enum class Need { kRequired, kOptional };
  Verb& Word(const std::string& name, std::string& value, const std::string& type,
             const std::string& what, Need need = Need::kRequired);
  Verb& Words(const std::string& name, std::vector<std::string>& values, const std::string& type,
              const std::string& what, Need need = Need::kRequired);
  // `names` as in "-f,--file".
  Verb& Option(const std::string& names, std::string& value, const std::string& type,
               const std::string& what, Need need = Need::kOptional);
  // May be repeated.
  Verb& Options(const std::string& names, std::vector<std::string>& values, const std::string& type,
                const std::string& what, Need need = Need::kOptional);
  Verb& Number(const std::string& names, int& value, int least, int most, const std::string& what);
  // One of a few words, letters in either case.
  Verb& Choice(const std::string& name, std::string& value, const std::vector<std::string>& choices,
               const std::string& what, Need need = Need::kOptional);
  Verb& Flag(const std::string& names, bool& value, const std::string& what);
  // `given` tells whether any of `names` was typed at all.
  Verb& Flag(const std::string& names, bool& value, bool& given, const std::string& what);
  // Left out of the help.
  Verb& Hidden();

 private:
  CLI::App* app_;
};

class Verbs {
 public:
  using Run = std::function<Exit(Context&)>;

  explicit Verbs(CLI::App& app) : app_(app) {}

  // `run` is called after everything was parsed.
  Verb Add(const std::string& name, const std::string& what, const std::string& example, Run run);
  // A family of verbs: `key create`, `key ls`.
  CLI::App* AddFamily(const std::string& name, const std::string& what);
  Verb AddTo(CLI::App* family, const std::string& name, const std::string& what,
             const std::string& example, Run run);

  // The function of the verb that was typed; null when there was none.
  const Run* chosen() const;
  const CLI::App& app() const { return app_; }

 private:
  CLI::App& app_;
  std::map<const CLI::App*, Run> runs_;
};

// The families, each in its own file.
void AddUp(Verbs& verbs);
void AddAdd(Verbs& verbs);
void AddServers(Verbs& verbs);
void AddSearch(Verbs& verbs);
void AddCache(Verbs& verbs);
void AddCall(Verbs& verbs);
void AddStdio(Verbs& verbs);
void AddConnect(Verbs& verbs);
void AddDoctor(Verbs& verbs);
void AddEval(Verbs& verbs);
void AddPins(Verbs& verbs);
void AddReviews(Verbs& verbs);
void AddAccess(Verbs& verbs);
void AddKeys(Verbs& verbs);
void AddSecrets(Verbs& verbs);
void AddProducts(Verbs& verbs);
void AddApply(Verbs& verbs);
void AddExport(Verbs& verbs);
void AddImport(Verbs& verbs);
void AddSync(Verbs& verbs);
void AddTokens(Verbs& verbs);
void AddAudit(Verbs& verbs);
void AddBackup(Verbs& verbs);
void AddPolicy(Verbs& verbs);
void AddCan(Verbs& verbs);
void AddLog(Verbs& verbs);
void AddGateways(Verbs& verbs);
void AddPortal(Verbs& verbs);
void AddCompletion(Verbs& verbs);

}  // namespace cli
