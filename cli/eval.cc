// eval: how well search finds the right tools, measured on files. The ranking lives in the
// registry's program, which does the work.
#include <unistd.h>

#include <memory>

#include "base/process.h"
#include "cli/context.h"
#include "cli/failure.h"
#include "cli/verbs.h"

namespace cli {
namespace {

struct Arguments {
  std::string corpus;
  std::string queries;
  std::string variant = "lexical";
};

// Becomes portolan-registry; returns only when that cannot be.
Exit Become(Context& context, const Arguments& arguments) {
  const std::string program = base::ProgramFolder() + "/portolan-registry";
  const std::string format = context.options().format == "json" ? "json" : "table";
  const std::vector<std::string> words = {program,     "eval",
                                          "--corpus",  arguments.corpus,
                                          "--queries", arguments.queries,
                                          "--variant", arguments.variant,
                                          "-o",        format};
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  ::execv(program.c_str(), pointers.data());
  return context.printer().Fail({Exit::kUnreachable, "eval", "cannot start " + program,
                                 "build or install it beside portolan"});
}

}  // namespace

void AddEval(Verbs& verbs) {
  auto arguments = std::make_shared<Arguments>();
  verbs
      .Add("eval", "How well search finds the right tools, measured on files",
           "portolan eval --corpus corpus.jsonl --queries queries.jsonl -o json",
           [arguments](Context& context) { return Become(context, *arguments); })
      .Option("--corpus", arguments->corpus, "FILE", "Tools, one JSON object a line",
              Verb::Need::kRequired)
      .Option("--queries", arguments->queries, "FILE",
              "Queries with their right tools, one JSON object a line", Verb::Need::kRequired)
      .Choice("--variant", arguments->variant, {"lexical"}, "Which ranking");
}

}  // namespace cli
