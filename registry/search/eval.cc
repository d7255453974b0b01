#include "registry/search/eval.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>
#include <vector>

#include "registry/search/index.h"

namespace registry::search {
namespace {

using nlohmann::json;

constexpr std::size_t kCutoffs[] = {1, 3, 5, 10};
constexpr std::size_t kDeepest = 10;

std::string Text(const json& object, const char* key) {
  auto member = object.find(key);
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

// Calls `take` with each object; stops at the first line that is none.
template <class Take>
base::Result<void> ForEachLine(std::istream& in, const std::string& what, Take take) {
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) {
      return base::Fail(base::Code::kInvalidArgument,
                        what + " line " + std::to_string(number) + ": not a JSON object");
    }
    take(object);
  }
  return {};
}

struct Corpus {
  Index index;
  // By server name, in the order of its tools.
  std::unordered_map<std::string, std::vector<std::string>> ids;

  explicit Corpus(const Ranking& ranking) : index(ranking) {}
  const std::string& IdOf(const Hit& hit) const {
    return ids.at(hit.server->name)[static_cast<std::size_t>(hit.tool - hit.server->tools.data())];
  }
};

base::Result<void> ReadCorpus(std::istream& in, Corpus& corpus) {
  std::map<std::string, std::shared_ptr<ServerDocument>> servers;
  auto read = ForEachLine(in, "corpus", [&](const json& object) {
    std::string name = Text(object, "server");
    std::shared_ptr<ServerDocument>& server = servers[name];
    if (!server) {
      server = std::make_shared<ServerDocument>();
      server->name = name;
      server->description = Text(object, "server_description");
    }
    ToolDocument tool;
    tool.name = Text(object, "tool");
    tool.description = Text(object, "description");
    if (auto params = object.find("params"); params != object.end() && params->is_array()) {
      for (const json& param : *params) {
        if (param.is_object())
          tool.parameters.push_back({Text(param, "name"), Text(param, "description")});
      }
    }
    server->tools.push_back(std::move(tool));
    corpus.ids[name].push_back(Text(object, "id"));
  });
  if (!read) return read.error();
  for (const auto& [name, server] : servers) corpus.index.Upsert(server);
  return {};
}

// What a query is to find: each group is one tool and the copies that count for it.
std::vector<std::set<std::string>> ReadGroups(const json& object) {
  std::vector<std::set<std::string>> groups;
  auto relevant = object.find("relevant");
  if (relevant == object.end() || !relevant->is_array()) return groups;
  auto equivalents = object.find("equiv");
  for (const json& id : *relevant) {
    if (!id.is_string()) continue;
    std::set<std::string>& group = groups.emplace_back();
    group.insert(id.get<std::string>());
    if (equivalents == object.end() || !equivalents->is_object()) continue;
    auto copies = equivalents->find(id.get<std::string>());
    if (copies == equivalents->end() || !copies->is_array()) continue;
    for (const json& copy : *copies) {
      if (copy.is_string()) group.insert(copy.get<std::string>());
    }
  }
  return groups;
}

// Adds one query's measures; `found` are the first hits.
void Count(const std::vector<std::string>& found, const std::vector<std::set<std::string>>& groups,
           EvalReport& report) {
  std::vector<bool> done(groups.size(), false);
  std::size_t hits = 0;
  double gain = 0;
  double ideal = 0;
  for (std::size_t rank = 0; rank < kDeepest; ++rank) {
    if (rank < groups.size()) ideal += 1 / std::log2(static_cast<double>(rank) + 2);
    if (rank < found.size()) {
      for (std::size_t group = 0; group < groups.size(); ++group) {
        if (done[group] || !groups[group].contains(found[rank])) continue;
        done[group] = true;
        if (hits++ == 0) report.mrr += 1 / static_cast<double>(rank + 1);
        gain += 1 / std::log2(static_cast<double>(rank) + 2);
        break;
      }
    }
    for (std::size_t cutoff : kCutoffs) {
      if (rank + 1 == cutoff)
        report.recall[cutoff] += static_cast<double>(hits) / static_cast<double>(groups.size());
    }
  }
  report.ndcg10 += gain / ideal;
}

double Percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

double Rounded(double value) { return std::round(value * 1e4) / 1e4; }

}  // namespace

base::Result<EvalReport> Evaluate(std::istream& corpus_file, std::istream& queries_file,
                                  const Ranking& ranking) {
  Corpus corpus(ranking);
  auto read = ReadCorpus(corpus_file, corpus);
  if (!read) return read.error();
  EvalReport report;
  std::vector<double> times;
  read = ForEachLine(queries_file, "queries", [&](const json& object) {
    std::vector<std::set<std::string>> groups = ReadGroups(object);
    if (groups.empty()) return;
    Query query;
    query.text = Text(object, "query");
    query.k = kDeepest;
    auto begin = std::chrono::steady_clock::now();
    Hits hits = corpus.index.Search(query);
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
    std::vector<std::string> found;
    for (const Hit& hit : hits.hits) found.push_back(corpus.IdOf(hit));
    ++report.queries;
    if (found.empty()) ++report.zero_hit;
    Count(found, groups, report);
  });
  if (!read) return read.error();
  if (report.queries == 0)
    return base::Fail(base::Code::kInvalidArgument, "queries: none with a relevant tool");
  auto queries = static_cast<double>(report.queries);
  for (auto& [cutoff, sum] : report.recall) sum /= queries;
  report.mrr /= queries;
  report.ndcg10 /= queries;
  std::sort(times.begin(), times.end());
  report.p50_ms = Percentile(times, 0.5);
  report.p99_ms = Percentile(times, 0.99);
  return report;
}

std::string EvalReport::ToJson() const {
  nlohmann::ordered_json out;
  out["queries"] = queries;
  for (const auto& [cutoff, value] : recall) out["recall"][std::to_string(cutoff)] = Rounded(value);
  out["mrr"] = Rounded(mrr);
  out["ndcg10"] = Rounded(ndcg10);
  out["zero_hit"] = zero_hit;
  out["p50_ms"] = Rounded(p50_ms);
  out["p99_ms"] = Rounded(p99_ms);
  return out.dump();
}

}  // namespace registry::search
