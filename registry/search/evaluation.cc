// How a query becomes a ranked list. The locks and the bookkeeping are in index.cc.
#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "registry/search/index.h"
#include "registry/search/porter.h"
#include "registry/search/tokenizer.h"

namespace registry::search {
namespace {

// The first two are alike when the second has at least this share of the first's score.
constexpr double kClose = 0.95;

std::string_view LastPart(std::string_view name) { return name.substr(name.rfind('/') + 1); }

}  // namespace

// One search, under the index's lock.
class Index::Evaluation {
 public:
  Evaluation(const Index& index, const Query& query)
      : index_(index), query_(query), sees_(index.entries_.size(), kUnknown) {
    ReadWords();
  }

  Hits Run() {
    std::vector<float> tools = Score(index_.tool_words_, index_.tool_slot_, &Term::tool_list);
    std::vector<Candidate> ranked;
    if (query_.target == Target::kTools) {
      BoostExactTools(tools);
      for (DocumentId document = 0; document < tools.size(); ++document) {
        if (tools[document] <= 0) continue;
        std::uint32_t slot = index_.tool_slot_[document];
        ranked.push_back(
            {tools[document], slot, static_cast<int>(document - index_.entries_[slot].first_tool)});
      }
    } else {
      std::vector<float> servers =
          Score(index_.server_words_, index_.server_slot_, &Term::server_list);
      std::vector<float> best(index_.entries_.size(), 0);
      for (DocumentId document = 0; document < servers.size(); ++document) {
        float& score = best[index_.server_slot_[document]];
        score = std::max(score, servers[document]);
      }
      for (DocumentId document = 0; document < tools.size(); ++document) {
        float& score = best[index_.tool_slot_[document]];
        score = std::max(score, tools[document]);
      }
      BoostExactServers(best);
      for (std::uint32_t slot = 0; slot < best.size(); ++slot) {
        if (best[slot] > 0) ranked.push_back({best[slot], slot, -1});
      }
    }
    return Page(std::move(ranked));
  }

 private:
  struct Term {
    std::string word;  // as asked
    const PostingList* tool_list;
    const PostingList* server_list;
    float weight;  // rarity, share, and how often it was asked
    bool seen = false;
  };
  struct Candidate {
    float score;
    std::uint32_t slot;
    int tool;
  };
  enum Sight : std::uint8_t { kUnknown, kYes, kNo };

  void ReadWords() {
    std::unordered_map<std::string, int> counts;
    for (std::string& word : TokenizeQuery(query_.text)) {
      if (counts[word]++ == 0) words_.push_back(word);
    }
    for (const std::string& word : words_) {
      auto times = static_cast<float>(counts[word]);
      std::string stem = Stem(word);
      AddTerm(word, index_.tool_words_.FindWord(word), index_.server_words_.FindWord(word), times);
      AddTerm(word, index_.tool_words_.FindStem(stem), index_.server_words_.FindStem(stem),
              times * index_.ranking_.stem_share);
    }
    DropCommonWords();
  }

  void AddTerm(const std::string& word, const PostingList* tools, const PostingList* servers,
               float share) {
    std::size_t documents = index_.tool_words_.documents();
    std::size_t with_word = tools ? tools->documents : 0;
    if (query_.target == Target::kServers) {
      documents += index_.server_words_.documents();
      with_word += servers ? servers->documents : 0;
    }
    if (with_word == 0) return;
    terms_.push_back({word, tools, servers, share * InverseFrequency(documents, with_word)});
  }

  // In a large catalogue a common word costs much and says little; it goes unless nothing else is
  // left.
  void DropCommonWords() {
    std::size_t documents = index_.tool_words_.documents();
    if (documents < index_.ranking_.large) return;
    float limit = index_.ranking_.too_common * static_cast<float>(documents);
    auto common = [&](const Term& term) {
      return term.tool_list && static_cast<float>(term.tool_list->documents) > limit;
    };
    if (std::all_of(terms_.begin(), terms_.end(), common)) return;
    std::erase_if(terms_, common);
  }

  bool Sees(std::uint32_t slot) {
    if (sees_[slot] == kUnknown) sees_[slot] = Decide(*index_.entries_[slot].document) ? kYes : kNo;
    return sees_[slot] == kYes;
  }
  bool Decide(const ServerDocument& server) const {
    if (!query_.server.empty() && query_.server != server.name &&
        query_.server != server.base_path && query_.server != LastPart(server.name)) {
      return false;
    }
    return query_.visible ? query_.visible(server) : IsPublic(server);
  }

  float Weighted(std::span<const Posting> postings) const {
    float sum = 0;
    for (const Posting& posting : postings) {
      sum += index_.ranking_.weights[static_cast<std::size_t>(posting.field)] *
             static_cast<float>(posting.count);
    }
    return sum;
  }

  std::vector<float> Score(const Postings& words, const std::vector<std::uint32_t>& slots,
                           const PostingList* Term::*list) {
    std::vector<float> scores(words.end(), 0);
    for (Term& term : terms_) {
      if (!(term.*list)) continue;
      const std::vector<Posting>& postings = (term.*list)->postings;
      for (std::size_t begin = 0, end = 0; begin < postings.size(); begin = end) {
        DocumentId document = postings[begin].document;
        while (end < postings.size() && postings[end].document == document) ++end;
        if (!Sees(slots[document])) continue;
        float weighted = Weighted(std::span(postings).subspan(begin, end - begin));
        scores[document] +=
            term.weight * Saturate(index_.ranking_, weighted, words.RelativeLength(document));
        term.seen = true;
      }
    }
    return scores;
  }

  // A name or id typed as such comes first, however rare its words are elsewhere.
  void BoostExactTools(std::vector<float>& scores) {
    std::string name = Squeeze(query_.text);
    if (name.empty() || scores.empty()) return;
    float boost = std::max(1.0F, *std::max_element(scores.begin(), scores.end()));
    for (std::uint32_t slot = 0; slot < index_.entries_.size(); ++slot) {
      const Entry& entry = index_.entries_[slot];
      if (!entry.document) continue;
      for (DocumentId document = entry.first_tool; document < entry.last_tool; ++document) {
        std::string_view squeezed = index_.squeezed_[document];
        if (!name.ends_with(squeezed)) continue;
        std::string_view front = std::string_view(name).substr(0, name.size() - squeezed.size());
        if (!front.empty() && front != Squeeze(entry.document->base_path) &&
            front != Squeeze(entry.document->name)) {
          continue;
        }
        if (Sees(slot)) scores[document] += boost;
      }
    }
  }

  void BoostExactServers(std::vector<float>& best) {
    std::string name = Squeeze(query_.text);
    if (name.empty() || best.empty()) return;
    float boost = std::max(1.0F, *std::max_element(best.begin(), best.end()));
    for (const auto& [known, slot] : index_.slots_) {
      const ServerDocument& server = *index_.entries_[slot].document;
      bool exact = name == Squeeze(known) || name == Squeeze(LastPart(known)) ||
                   name == Squeeze(server.title) || name == Squeeze(server.base_path);
      if (exact && Sees(slot)) best[slot] += boost;
    }
  }

  Hits Page(std::vector<Candidate> ranked) {
    auto better = [&](const Candidate& a, const Candidate& b) {
      if (a.score != b.score) return a.score > b.score;
      if (a.slot != b.slot)
        return index_.entries_[a.slot].document->name < index_.entries_[b.slot].document->name;
      return a.tool < b.tool;
    };
    Hits result;
    std::size_t wanted =
        std::min(ranked.size(), std::max<std::size_t>(query_.offset + query_.k, 2));
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(wanted),
                      ranked.end(), better);
    if (ranked.empty()) return result;
    float top = ranked.front().score;
    for (std::size_t i = query_.offset; i < std::min(ranked.size(), query_.offset + query_.k);
         ++i) {
      result.hits.push_back(ToHit(ranked[i], top));
    }
    result.more = ranked.size() > query_.offset + query_.k;
    if (query_.offset == 0) result.hint = Hint(ranked);
    return result;
  }

  Hit ToHit(const Candidate& candidate, float top) const {
    const Entry& entry = index_.entries_[candidate.slot];
    Hit hit{entry.document};
    if (candidate.tool >= 0)
      hit.tool = &entry.document->tools[static_cast<std::size_t>(candidate.tool)];
    hit.score = candidate.score / top;
    if (query_.explain) Explain(candidate, hit);
    return hit;
  }

  void Explain(const Candidate& candidate, Hit& hit) const {
    const Entry& entry = index_.entries_[candidate.slot];
    if (candidate.tool >= 0) {
      ExplainDocument(index_.tool_words_,
                      entry.first_tool + static_cast<DocumentId>(candidate.tool), &Term::tool_list,
                      candidate.score, hit);
      return;
    }
    // The better of the server's own document and its best tool, as it was ranked.
    double best = 0;
    for (DocumentId document = entry.first_tool; document <= entry.last_tool; ++document) {
      bool own = document == entry.last_tool;
      Hit attempt{hit.server, hit.tool, hit.score, {}};
      if (own) {
        ExplainDocument(index_.server_words_, entry.own, &Term::server_list, candidate.score,
                        attempt);
      } else {
        ExplainDocument(index_.tool_words_, document, &Term::tool_list, candidate.score, attempt);
      }
      double sum = 0;
      for (const Match& match : attempt.matches) sum += match.share;
      if (sum > best) {
        best = sum;
        hit.matches = std::move(attempt.matches);
      }
    }
  }

  void ExplainDocument(const Postings& words, DocumentId document, const PostingList* Term::*list,
                       float whole, Hit& hit) const {
    for (const Term& term : terms_) {
      if (!(term.*list)) continue;
      std::span<const Posting> postings = (term.*list)->Of(document);
      float weighted = Weighted(postings);
      if (weighted <= 0) continue;
      float score =
          term.weight * Saturate(index_.ranking_, weighted, words.RelativeLength(document));
      for (const Posting& posting : postings) {
        double share = hit.score * score / whole * Weighted(std::span(&posting, 1)) / weighted;
        auto same = std::find_if(hit.matches.begin(), hit.matches.end(), [&](const Match& match) {
          return match.word == term.word && match.field == posting.field;
        });
        if (same == hit.matches.end()) {
          hit.matches.push_back({term.word, posting.field, share});
        } else {
          same->share += share;
        }
      }
    }
    std::stable_sort(hit.matches.begin(), hit.matches.end(),
                     [](const Match& a, const Match& b) { return a.share > b.share; });
  }

  std::string Hint(const std::vector<Candidate>& ranked) const {
    if (ranked.size() > 1 && ranked[1].score >= kClose * ranked[0].score) {
      return NameOf(ranked[0]) + " and " + NameOf(ranked[1]) +
             " match alike: compare their descriptions before you choose";
    }
    std::string missing;
    for (const std::string& word : words_) {
      bool found = std::any_of(terms_.begin(), terms_.end(),
                               [&](const Term& term) { return term.seen && term.word == word; });
      if (found) continue;
      if (!missing.empty()) missing += ", ";
      missing += "'" + word + "'";
    }
    return missing.empty() ? "" : "nothing here knows " + missing;
  }

  std::string NameOf(const Candidate& candidate) const {
    const ServerDocument& server = *index_.entries_[candidate.slot].document;
    if (candidate.tool < 0) return server.name;
    return server.ToolId(server.tools[static_cast<std::size_t>(candidate.tool)]);
  }

  const Index& index_;
  const Query& query_;
  std::vector<std::string> words_;
  std::vector<Term> terms_;
  std::vector<Sight> sees_;  // by slot
};

Hits Index::Search(const Query& query) const {
  std::shared_lock lock(mutex_);
  return Evaluation(*this, query).Run();
}

}  // namespace registry::search
