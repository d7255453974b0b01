// The best documents for some words, without a look at every document that holds one of them.
//
// The lists are ordered by how much they can add to a score. As soon as enough is found, what the
// small ones add together cannot bring a document among the best any more: such lists are looked
// into only for documents that the others named (MaxScore). A score is the sum in double of what
// each list adds as a float, which no order of adding changes.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "registry/search/postings.h"
#include "registry/search/ranking.h"

namespace registry::search {

struct WeightedList {
  const PostingList* list;
  float weight;
};

// Calls `offer` for documents of [begin, end), in order, with their scores: at least for all that
// reach what the call before returned, at first anything.
void Retrieve(const Postings& postings, const Ranking& ranking, std::span<const WeightedList> lists,
              DocumentId begin, DocumentId end,
              const std::function<double(DocumentId, double)>& offer);

// Of one document.
double ScoreOf(const Postings& postings, const Ranking& ranking,
               std::span<const WeightedList> lists, DocumentId document);

// The best so many of what is offered.
class Best {
 public:
  struct One {
    double score;
    std::uint32_t key;
  };
  // Which of two keys comes first when their scores are equal.
  using Before = std::function<bool(std::uint32_t, std::uint32_t)>;

  Best(std::size_t count, Before before)
      : count_(count), before_(std::move(before)), best_(Order{&before_}) {}
  Best(const Best&) = delete;

  // Of the scores of one key the highest counts.
  void Offer(std::uint32_t key, double score);
  // What a score must reach to matter; 0 while there is room.
  double least() const { return best_.size() < count_ ? 0 : best_.rbegin()->score; }
  bool has_room() const { return best_.size() < count_; }
  // The best first.
  std::vector<One> ranked() const { return {best_.begin(), best_.end()}; }

 private:
  struct Order {
    const Before* before;
    bool operator()(const One& a, const One& b) const {
      return a.score != b.score ? a.score > b.score : (*before)(a.key, b.key);
    }
  };
  const std::size_t count_;
  const Before before_;
  std::set<One, Order> best_;
  std::unordered_map<std::uint32_t, double> scores_;  // of those in best_
};

}  // namespace registry::search
