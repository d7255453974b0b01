#include "registry/search/eval_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "registry/search/eval.h"

namespace registry::search {
namespace {

constexpr int kUsage = 2;

void PrintTable(const EvalReport& report) {
  std::printf(
      "%zu queries   mrr %.3f   ndcg@10 %.3f   nothing found for %zu   p50 %.2f ms   p99 %.2f ms\n",
      report.queries, report.mrr, report.ndcg10, report.zero_hit, report.p50_ms, report.p99_ms);
  for (const auto& [cutoff, share] : report.recall)
    std::printf("recall@%-3zu %5.1f %%\n", cutoff, 100 * share);
}

}  // namespace

int RunEval(int argc, char** argv) {
  CLI::App app("Measures how well search finds the right tools, on files",
               "portolan-registry eval");
  std::string corpus_file;
  std::string queries_file;
  std::string variant = "lexical";
  std::string format = "table";
  app.add_option("--corpus", corpus_file, "Tools, one JSON object a line")->required();
  app.add_option("--queries", queries_file,
                 "Queries with their right tools, one JSON object a line")
      ->required();
  app.add_option("--variant", variant, "Which ranking")
      ->check(CLI::IsMember({"lexical"}))
      ->capture_default_str();
  app.add_option("-o,--output", format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  app.footer("Example: portolan eval --corpus corpus.jsonl --queries queries.jsonl -o json");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  std::ifstream corpus(corpus_file);
  std::ifstream queries(queries_file);
  for (const auto& [file, stream] :
       {std::pair(&corpus_file, &corpus), std::pair(&queries_file, &queries)}) {
    if (*stream) continue;
    std::cerr << "eval: cannot read " << *file << "\n";
    return kUsage;
  }
  auto report = Evaluate(corpus, queries);
  if (report.has_error()) {
    std::cerr << "eval: " << report.error().message << "\n";
    return kUsage;
  }
  if (format == "json") {
    std::cout << report->ToJson() << "\n";
  } else {
    PrintTable(*report);
  }
  return 0;
}

}  // namespace registry::search
