// How a query becomes a ranked list. The locks and the bookkeeping are in index.cc.
#include <algorithm>
#include <mutex>
#include <set>
#include <unordered_map>

#include "registry/search/index.h"
#include "registry/search/porter.h"
#include "registry/search/retrieval.h"
#include "registry/search/tokenizer.h"

namespace registry::search {
namespace {

// The first two are alike when the second has at least this share of the first's score.
constexpr double kClose = 0.95;

// So many names that were typed exactly are looked at one by one.
constexpr std::size_t kFew = 64;

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
    // One more than asked for says whether there is more.
    const std::size_t count = std::max<std::size_t>(query_.offset + query_.k, 2) + 1;
    const std::vector<Best::One> found = Find(count, nullptr);
    // A name or id typed as such comes first, however rare its words are elsewhere.
    const double boost = std::max(1.0, found.empty() ? 0.0 : found.front().score);
    std::vector<Candidate> ranked;
    const std::vector<std::uint32_t> exact = tools() ? ExactTools() : ExactServers();
    for (const Best::One& one : FindAmong(exact, count)) ranked.push_back(At(one, boost));
    for (const Best::One& one : found) {
      if (!std::binary_search(exact.begin(), exact.end(), one.key)) ranked.push_back(At(one, 0));
    }
    return Page(std::move(ranked));
  }

 private:
  struct Term {
    std::string word;  // as asked
    const PostingList* tool_list;
    const PostingList* server_list;
    float weight;  // rarity, share, and how often it was asked
  };
  struct Candidate {
    double score;
    std::uint32_t slot;
    int tool;
  };
  // Documents that are looked at.
  struct Range {
    DocumentId first_tool, behind_tools;
    DocumentId own, behind_own;
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
    for (const Term& term : terms_) {
      if (term.tool_list) tool_lists_.push_back({term.tool_list, term.weight});
      if (term.server_list) server_lists_.push_back({term.server_list, term.weight});
    }
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
    for (const Term& term : terms_) {
      if (common(term)) passed_over_.insert(term.word);
    }
    std::erase_if(terms_, common);
  }

  bool tools() const { return query_.target == Target::kTools; }

  bool Sees(std::uint32_t slot) {
    if (slot == kNoSlot) return false;
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

  // A key is a tool's document, or a server's slot.
  std::uint32_t SlotOf(std::uint32_t key) const { return tools() ? index_.tool_slot_[key] : key; }
  Candidate At(const Best::One& one, double boost) const {
    const std::uint32_t slot = SlotOf(one.key);
    const int tool = tools() ? static_cast<int>(one.key - index_.entries_[slot].first_tool) : -1;
    return {one.score + boost, slot, tool};
  }
  bool Before(std::uint32_t a, std::uint32_t b) const {
    const std::uint32_t slot_a = SlotOf(a), slot_b = SlotOf(b);
    if (slot_a == slot_b) return a < b;
    return index_.entries_[slot_a].document->name < index_.entries_[slot_b].document->name;
  }

  // The best of all, or of these keys.
  std::vector<Best::One> Find(std::size_t count, const std::vector<std::uint32_t>* only) {
    Best best(count, [this](std::uint32_t a, std::uint32_t b) { return Before(a, b); });
    Range range{0, index_.tool_words_.end(), 0, index_.server_words_.end()};
    if (const auto one = index_.slots_.find(query_.server); one != index_.slots_.end()) {
      const Entry& entry = index_.entries_[one->second];
      range = {entry.first_tool, entry.last_tool, entry.own, entry.own + 1};
    }
    const auto offer = [&](std::uint32_t key, std::uint32_t slot, double score) {
      if (only && !std::binary_search(only->begin(), only->end(), key)) return best.least();
      if (Sees(slot)) best.Offer(key, score);
      return best.least();
    };
    if (!tools()) {
      Retrieve(index_.server_words_, index_.ranking_, server_lists_, range.own, range.behind_own,
               [&](DocumentId document, double score) {
                 const std::uint32_t slot = index_.server_slot_[document];
                 return offer(slot, slot, score);
               });
    }
    Retrieve(index_.tool_words_, index_.ranking_, tool_lists_, range.first_tool, range.behind_tools,
             [&](DocumentId document, double score) {
               const std::uint32_t slot = index_.tool_slot_[document];
               return offer(tools() ? document : slot, slot, score);
             });
    return best.ranked();
  }

  // The best of these keys, also those that no word finds.
  std::vector<Best::One> FindAmong(const std::vector<std::uint32_t>& keys, std::size_t count) {
    if (keys.empty()) return {};
    Best best(count, [this](std::uint32_t a, std::uint32_t b) { return Before(a, b); });
    if (keys.size() > kFew) {
      for (const Best::One& one : Find(count, &keys)) best.Offer(one.key, one.score);
    }
    for (const std::uint32_t key : keys) {
      if (!best.has_room() && keys.size() > kFew) break;
      if (Sees(SlotOf(key))) best.Offer(key, keys.size() > kFew ? 0 : OwnScore(key));
    }
    return best.ranked();
  }

  double OwnScore(std::uint32_t key) const {
    if (tools()) return ScoreOf(index_.tool_words_, index_.ranking_, tool_lists_, key);
    const Entry& entry = index_.entries_[key];
    double best = ScoreOf(index_.server_words_, index_.ranking_, server_lists_, entry.own);
    for (DocumentId tool = entry.first_tool; tool < entry.last_tool; ++tool)
      best = std::max(best, ScoreOf(index_.tool_words_, index_.ranking_, tool_lists_, tool));
    return best;
  }

  // Adds the tools of a server that bear a name.
  void AddTools(std::uint32_t slot, std::string_view name, std::vector<std::uint32_t>& out) const {
    const Entry& entry = index_.entries_[slot];
    for (DocumentId tool = entry.first_tool; tool < entry.last_tool; ++tool) {
      if (Squeeze(entry.document->tools[tool - entry.first_tool].name) == name) out.push_back(tool);
    }
  }

  // The tools whose name is the query, with or without their server's in front; in order.
  std::vector<std::uint32_t> ExactTools() const {
    std::vector<std::uint32_t> exact;
    const std::string typed = Squeeze(query_.text);
    if (typed.empty()) return exact;
    for (const std::uint32_t slot : index_.tool_names_.Bearers(typed)) AddTools(slot, typed, exact);
    for (std::size_t size = 1; size <= std::min(typed.size(), index_.server_names_.longest());
         ++size) {
      const std::string_view front = std::string_view(typed).substr(0, size);
      if (!index_.server_names_.MayBear(front)) continue;
      for (const std::uint32_t slot : index_.server_names_.Bearers(front)) {
        const ServerDocument& server = *index_.entries_[slot].document;
        if (front == Squeeze(server.base_path) || front == Squeeze(server.name))
          AddTools(slot, std::string_view(typed).substr(size), exact);
      }
    }
    std::sort(exact.begin(), exact.end());
    exact.erase(std::unique(exact.begin(), exact.end()), exact.end());
    return exact;
  }

  std::vector<std::uint32_t> ExactServers() const {
    const std::string typed = Squeeze(query_.text);
    if (typed.empty()) return {};
    std::vector<std::uint32_t> exact = index_.server_names_.Bearers(typed);
    std::erase_if(exact, [&](std::uint32_t slot) {
      const ServerDocument& server = *index_.entries_[slot].document;
      return typed != Squeeze(server.name) && typed != Squeeze(LastPart(server.name)) &&
             typed != Squeeze(server.title) && typed != Squeeze(server.base_path);
    });
    return exact;
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
    const double top = ranked.front().score;
    for (std::size_t i = query_.offset; i < std::min(ranked.size(), query_.offset + query_.k);
         ++i) {
      result.hits.push_back(ToHit(ranked[i], top));
    }
    result.more = ranked.size() > query_.offset + query_.k;
    if (query_.offset == 0) result.hint = Hint(ranked);
    return result;
  }

  Hit ToHit(const Candidate& candidate, double top) const {
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
                       double whole, Hit& hit) const {
    for (const Term& term : terms_) {
      if (!(term.*list)) continue;
      PostingCursor at(*(term.*list));
      at.SeekTo(document);
      if (at.document() != document) continue;
      const float weighted = words.Weighted(at);
      const float score =
          term.weight * Saturate(index_.ranking_, weighted, words.RelativeLength(document));
      const FieldCounts counts = at.Counts();
      for (std::size_t i = 0; i < kSearchFields; ++i) {
        if (counts[i] == 0) continue;
        const auto field = static_cast<SearchField>(i);
        const double share = hit.score * double{score} / whole *
                             double{index_.ranking_.weights[i] * static_cast<float>(counts[i])} /
                             double{weighted};
        auto same = std::find_if(hit.matches.begin(), hit.matches.end(), [&](const Match& match) {
          return match.word == term.word && match.field == field;
        });
        if (same == hit.matches.end()) {
          hit.matches.push_back({term.word, field, share});
        } else {
          same->share += share;
        }
      }
    }
    std::stable_sort(hit.matches.begin(), hit.matches.end(),
                     [](const Match& a, const Match& b) { return a.share > b.share; });
  }

  // Whether anything that the asker may see holds a word.
  bool Known(const std::string& word) {
    if (passed_over_.contains(word)) return true;
    const auto holds = [this](const PostingList* list, const std::vector<std::uint32_t>& slots) {
      if (!list) return false;
      for (PostingCursor at(*list); at.document() != kNoDocument; at.Next()) {
        if (Sees(slots[at.document()])) return true;
      }
      return false;
    };
    return std::any_of(terms_.begin(), terms_.end(), [&](const Term& term) {
      return term.word == word && (holds(term.tool_list, index_.tool_slot_) ||
                                   (!tools() && holds(term.server_list, index_.server_slot_)));
    });
  }

  std::string Hint(const std::vector<Candidate>& ranked) {
    if (ranked.size() > 1 && ranked[1].score >= kClose * ranked[0].score) {
      return NameOf(ranked[0]) + " and " + NameOf(ranked[1]) +
             " match alike: compare their descriptions before you choose";
    }
    std::string missing;
    for (const std::string& word : words_) {
      if (Known(word)) continue;
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
  std::set<std::string> passed_over_;
  std::vector<WeightedList> tool_lists_, server_lists_;
  std::vector<Sight> sees_;  // by slot
};

Hits Index::Search(const Query& query) const {
  std::shared_lock lock(mutex_);
  return Evaluation(*this, query).Run();
}

}  // namespace registry::search
