// Measures the ranking on a corpus of tools and queries whose right answers are known. Needs no
// running registry.
//
// Both files have one JSON object a line:
//   corpus   {id, server, server_description, tool, description, params: [{name, description}]}
//   queries  {id, query, relevant: [corpus ids], equiv?: {corpus id: [copies that count as well]}}
#pragma once

#include <istream>
#include <map>
#include <string>

#include "base/result.h"
#include "registry/search/ranking.h"

namespace registry::search {

struct EvalReport {
  std::size_t queries = 0;
  // Share of the relevant tools among the first k, averaged over the queries; by k.
  std::map<std::size_t, double> recall;
  // Mean of one over the rank of the first relevant tool, among the first ten.
  double mrr = 0;
  double ndcg10 = 0;
  // Queries that found nothing at all.
  std::size_t zero_hit = 0;
  double p50_ms = 0;
  double p99_ms = 0;

  // One line of JSON.
  std::string ToJson() const;
};

// An error names the file and the line.
base::Result<EvalReport> Evaluate(std::istream& corpus, std::istream& queries,
                                  const Ranking& ranking = {});

}  // namespace registry::search
