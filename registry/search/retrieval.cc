#include "registry/search/retrieval.h"

#include <algorithm>

namespace registry::search {
namespace {

// Scores are added up for so many documents at a time, which stay in the processor's first cache.
constexpr DocumentId kWindow = 2048;
// More than any rounding.
constexpr double kSlack = 1.000001;

struct Leg {
  PostingCursor at;
  float weight;
  double most;  // that it can add
};

float Adds(const Postings& postings, const Ranking& ranking, const PostingCursor& at,
           float weight) {
  return weight * Saturate(ranking, postings.Weighted(at), postings.RelativeLength(at.document()));
}

}  // namespace

void Retrieve(const Postings& postings, const Ranking& ranking, std::span<const WeightedList> lists,
              DocumentId begin, DocumentId end,
              const std::function<double(DocumentId, double)>& offer) {
  const float factor = postings.BoundFactor();
  std::vector<Leg> legs;
  for (const WeightedList& one : lists) {
    if (!one.list) continue;
    const float bound = std::min(one.list->bound * factor, ranking.saturation + 1);
    legs.push_back({PostingCursor(*one.list), one.weight, double{one.weight} * double{bound}});
    legs.back().at.SeekTo(begin);
  }
  std::sort(legs.begin(), legs.end(), [](const Leg& a, const Leg& b) { return a.most < b.most; });
  // What the first legs can add together: by their number.
  std::vector<double> together(1, 0);
  for (const Leg& leg : legs) together.push_back(together.back() + leg.most * kSlack);

  double least = 0;
  // The first so many legs cannot bring a document among the best by themselves.
  std::size_t small = 0;
  std::vector<double> scores(kWindow, 0);
  for (;;) {
    while (small < legs.size() && together[small + 1] < least) ++small;
    DocumentId first = end;
    for (std::size_t i = small; i < legs.size(); ++i)
      first = std::min(first, legs[i].at.document());
    if (first >= end) return;
    const DocumentId behind = first + std::min(kWindow, end - first);
    for (std::size_t i = small; i < legs.size(); ++i) {
      for (PostingCursor& at = legs[i].at; at.document() < behind; at.Next()) {
        scores[at.document() - first] += double{Adds(postings, ranking, at, legs[i].weight)};
      }
    }
    for (DocumentId document = first; document < behind; ++document) {
      double score = scores[document - first];
      if (score <= 0) continue;
      scores[document - first] = 0;
      std::size_t left = small;
      for (; (score + together[left]) * kSlack >= least && left > 0; --left) {
        Leg& leg = legs[left - 1];
        leg.at.SeekTo(document);
        if (leg.at.document() == document)
          score += double{Adds(postings, ranking, leg.at, leg.weight)};
      }
      if (left == 0 && score >= least) least = offer(document, score);
    }
  }
}

double ScoreOf(const Postings& postings, const Ranking& ranking,
               std::span<const WeightedList> lists, DocumentId document) {
  double score = 0;
  for (const WeightedList& one : lists) {
    if (!one.list) continue;
    PostingCursor at(*one.list);
    at.SeekTo(document);
    if (at.document() == document) score += double{Adds(postings, ranking, at, one.weight)};
  }
  return score;
}

void Best::Offer(std::uint32_t key, double score) {
  if (!has_room() && score < least()) return;
  if (const auto known = scores_.find(key); known != scores_.end()) {
    if (known->second >= score) return;
    best_.erase({known->second, key});
    known->second = score;
    best_.insert({score, key});
    return;
  }
  best_.insert({score, key});
  scores_.emplace(key, score);
  if (best_.size() <= count_) return;
  scores_.erase(best_.rbegin()->key);
  best_.erase(std::prev(best_.end()));
}

}  // namespace registry::search
