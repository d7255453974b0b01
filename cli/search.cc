// search: words to tools and servers, by the engine that agents use.
#include <cstdio>
#include <memory>

#include "base/manifest.h"
#include "cli/context.h"
#include "cli/verbs.h"

namespace cli {
namespace {

struct Arguments {
  std::vector<std::string> words;
  int k = 5;
  bool servers = false;
  bool explain = false;
  std::string server;
};

std::string Score(double score) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f", score);
  return text;
}

std::string Why(const v1::SearchHit& hit) {
  std::string why;
  for (const v1::MatchedTerm& matched : hit.matched()) {
    why += (why.empty() ? "" : ", ") + ("\"" + matched.term() + "\" in " + matched.field());
  }
  return why;
}

nlohmann::ordered_json TreeOf(const v1::SearchHit& hit) {
  nlohmann::ordered_json tree = base::Print(hit, base::Spelling::kSnakeCase);
  // The schema as JSON, not as text in JSON.
  if (tree.contains("input_schema_json")) {
    auto schema = nlohmann::ordered_json::parse(hit.input_schema_json(), nullptr, false);
    tree.erase("input_schema_json");
    if (!schema.is_discarded()) tree["input_schema"] = std::move(schema);
  }
  return tree;
}

Exit Search(Context& context, const Arguments& arguments) {
  Printer& printer = context.printer();
  v1::SearchRequest request;
  std::string query;
  for (const std::string& word : arguments.words) query += (query.empty() ? "" : " ") + word;
  request.set_query(query);
  request.set_k(arguments.k);
  request.set_explain(arguments.explain);
  request.set_target(arguments.servers ? v1::SearchTarget::SERVERS : v1::SearchTarget::TOOLS);
  if (!arguments.server.empty()) {
    auto server = context.FindServer(arguments.server);
    if (!server) return printer.Fail(FailureFrom(server.error(), "search"));
    request.set_server(server->name());
  }
  auto found = context.registry().Search(request);
  if (!found) return printer.Fail(FailureFrom(found.error(), "search"));

  std::vector<Row> rows;
  for (const v1::SearchHit& hit : found->hits()) {
    Row row;
    row.name = hit.id();
    row.tree = TreeOf(hit);
    row.cells = {{std::to_string(rows.size() + 1), Tone::kFaint},
                 {hit.id(), Tone::kStrong},
                 {Score(hit.score())}};
    row.cells.push_back({arguments.explain ? Why(hit) : FirstLine(hit.description())});
    rows.push_back(std::move(row));
  }
  printer.List({{"", true},
                {arguments.servers ? "SERVER" : "TOOL"},
                {"SCORE", true},
                {arguments.explain ? "WHY" : "ABOUT"}},
               rows, "nothing found      see what there is:  portolan ls");
  if (!found->hint().empty()) printer.Say("  " + found->hint());
  return Exit::kOk;
}

}  // namespace

void AddSearch(Verbs& verbs) {
  auto arguments = std::make_shared<Arguments>();
  verbs
      .Add("search", "Find the tool for a job, in your own words",
           "portolan search \"close an incident\" --explain",
           [arguments](Context& context) { return Search(context, *arguments); })
      .Words("query", arguments->words, "WORDS", "What is to be done")
      .Number("-k", arguments->k, 1, 100, "How many")
      .Option("--server", arguments->server, "SERVER", "Only this server's tools")
      .Flag("--servers", arguments->servers, "Find servers instead of tools")
      .Flag("--explain", arguments->explain, "Say why each ranks where it does");
}

}  // namespace cli
