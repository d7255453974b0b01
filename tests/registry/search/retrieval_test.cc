#include "registry/search/retrieval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "registry/search/porter.h"

namespace registry::search {
namespace {

using Found = std::vector<std::pair<double, DocumentId>>;

CountedWords Counted(SearchField field, const std::vector<std::string>& text) {
  CountedWords words;
  for (const std::string& word : text) words.Count(word, field);
  return words;
}

// A word that may have siblings of the same stem.
std::string AnyWord(std::mt19937& random) {
  // Few words are in many documents, many in few.
  std::geometric_distribution<int> rank(0.03);
  const int number = rank(random);
  std::string word = "word";
  for (int rest = number / 3; rest > 0; rest /= 5) word += "bcdfg"[rest % 5];
  return word + std::array{"", "s", "ing"}[static_cast<std::size_t>(number % 3)];
}

CountedWords Random(std::mt19937& random) {
  CountedWords words;
  for (std::size_t field = 0; field < kSearchFields; ++field) {
    for (unsigned i = random() % 24; i > 0; --i)
      words.Count(AnyWord(random), static_cast<SearchField>(field));
  }
  return words;
}

class RetrievalTest : public testing::Test {
 protected:
  std::vector<WeightedList> Lists(std::mt19937& random) {
    std::vector<WeightedList> lists;
    for (unsigned i = 1 + random() % 8; i > 0; --i) {
      const std::string name = AnyWord(random);
      for (const PostingList* list : {postings_.FindWord(name), postings_.FindStem(Stem(name))}) {
        if (list) lists.push_back({list, InverseFrequency(postings_.documents(), list->documents)});
      }
    }
    return lists;
  }

  Found LookAtAll(const std::vector<WeightedList>& lists, std::size_t count) const {
    Found found;
    for (DocumentId document = 0; document < postings_.end(); ++document) {
      if (postings_.removed(document)) continue;
      const double score = ScoreOf(postings_, ranking_, lists, document);
      if (score > 0) found.emplace_back(-score, document);
    }
    std::sort(found.begin(), found.end());
    found.resize(std::min(found.size(), count));
    return found;
  }

  Found LookAtTheBest(const std::vector<WeightedList>& lists, std::size_t count) {
    Best best(count, [](std::uint32_t a, std::uint32_t b) { return a < b; });
    offered_ = 0;
    Retrieve(postings_, ranking_, lists, 0, postings_.end(),
             [&](DocumentId document, double score) {
               ++offered_;
               if (!postings_.removed(document)) best.Offer(document, score);
               return best.least();
             });
    Found found;
    for (const Best::One& one : best.ranked()) found.emplace_back(-one.score, one.key);
    return found;
  }

  const Ranking ranking_;
  Postings postings_{ranking_};
  std::size_t offered_ = 0;
};

TEST_F(RetrievalTest, FindsExactlyWhatALookAtEveryDocumentFinds) {
  std::mt19937 random(11);
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 800; ++i) postings_.Add(Random(random));
    for (int i = 0; i < 100; ++i) {
      const DocumentId first = static_cast<DocumentId>(random() % (postings_.end() - 3));
      for (DocumentId one = first; one < first + 3; ++one) {
        if (!postings_.removed(one)) postings_.Remove(one, one + 1);
      }
    }
    if (round == 2) postings_.Compact();
    for (int query = 0; query < 6; ++query) {
      const std::vector<WeightedList> lists = Lists(random);
      const Found all = LookAtAll(lists, 60);
      for (const std::size_t count : {1U, 5U, 60U}) {
        const Found best(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(
                                                        std::min<std::size_t>(count, all.size())));
        ASSERT_EQ(LookAtTheBest(lists, count), best) << round << " " << query;
      }
    }
  }
}

TEST_F(RetrievalTest, PassesOverWhatCannotBeAmongTheBest) {
  for (int i = 0; i < 20'000; ++i) {
    CountedWords words = Counted(SearchField::kDescription, {"common", "text"});
    if (i % 1000 == 500) words.Count("rare", SearchField::kName);
    postings_.Add(words);
  }
  const PostingList* rare = postings_.FindWord("rare");
  const PostingList* common = postings_.FindWord("common");
  ASSERT_TRUE(rare && common);
  EXPECT_EQ(rare->documents, 20U);
  const std::vector<WeightedList> lists = {{rare, 5.0F}, {common, 0.1F}};
  EXPECT_EQ(LookAtTheBest(lists, 5), LookAtAll(lists, 5));
  // The first documents are offered as long as five are not known.
  EXPECT_LT(offered_, 5000U);
}

TEST_F(RetrievalTest, AWordIsForgottenWithItsLastDocument) {
  const DocumentId first = postings_.Add(Counted(SearchField::kName, {"cards", "once"}));
  postings_.Add(Counted(SearchField::kName, {"card"}));
  EXPECT_EQ(postings_.FindStem("card")->documents, 2U);
  postings_.Remove(first, first + 1);
  EXPECT_EQ(postings_.FindWord("once"), nullptr);
  EXPECT_EQ(postings_.FindStem("onc"), nullptr);
  EXPECT_EQ(postings_.FindWord("cards"), nullptr);
  EXPECT_EQ(postings_.FindStem("card")->documents, 1U);
  const DocumentId again = postings_.Add(Counted(SearchField::kName, {"once"}));
  PostingCursor at(*postings_.FindWord("once"));
  EXPECT_EQ(at.document(), again);
}

// What Postings keep apart, written down plainly.
class PlainPostings {
 public:
  void Add(DocumentId document, const CountedWords& words) {
    for (const CountedWords::Word& word : words.words()) {
      const std::string text(words.text(word));
      words_[text][document] = word.counts;
      FieldCounts& stem = stems_[Stem(text)][document];
      for (std::size_t field = 0; field < kSearchFields; ++field)
        stem[field] = static_cast<std::uint16_t>(stem[field] + word.counts[field]);
    }
  }
  void Remove(DocumentId document) {
    for (auto* lists : {&words_, &stems_}) {
      for (auto& [term, list] : *lists) list.erase(document);
      std::erase_if(*lists, [](const auto& one) { return one.second.empty(); });
    }
  }
  using Lists = std::map<std::string, std::map<DocumentId, FieldCounts>>;
  Lists words_, stems_;
};

std::map<DocumentId, FieldCounts> Read(const Postings& postings, const PostingList* list) {
  std::map<DocumentId, FieldCounts> read;
  if (!list) return read;
  for (PostingCursor at(*list); at.document() != kNoDocument; at.Next()) {
    if (!postings.removed(at.document())) read[at.document()] = at.Counts();
  }
  EXPECT_EQ(list->documents, read.size());
  return read;
}

TEST_F(RetrievalTest, AStemHasTheOccurrencesOfItsWordsInWhateverOrderTheyComeAndGo) {
  std::mt19937 random(5);
  PlainPostings plain;
  for (int round = 0; round < 300; ++round) {
    if (round % 3 != 2 || postings_.documents() == 0) {
      CountedWords words;
      for (unsigned i = 1 + random() % 4; i > 0; --i) {
        static constexpr std::array kFew = {"list", "lists", "listing",  "once",
                                            "onc",  "gener", "generous", "7"};
        words.Count(kFew[random() % kFew.size()], SearchField::kName);
      }
      plain.Add(postings_.Add(words), words);
    } else {
      DocumentId one = static_cast<DocumentId>(random() % postings_.end());
      while (postings_.removed(one)) one = (one + 1) % postings_.end();
      postings_.Remove(one, one + 1);
      plain.Remove(one);
    }
    for (const char* word : {"list", "lists", "listing", "once", "onc", "gener", "generous", "7"}) {
      const std::string text = word;
      ASSERT_EQ(Read(postings_, postings_.FindWord(text)), plain.words_[text]) << round << text;
      ASSERT_EQ(Read(postings_, postings_.FindStem(text)), plain.stems_[text]) << round << text;
    }
  }
}

TEST(TermTableTest, NumbersWordsAndGivesTheNumbersOfRemovedOnesAgain) {
  TermTable table;
  std::vector<TermId> terms;
  const auto word = [](std::size_t i) { return "w" + std::to_string(i); };
  for (std::size_t i = 0; i < 5000; ++i) terms.push_back(table.Add(word(i)));
  for (std::size_t i = 0; i < 5000; i += 3) table.Remove(terms[i]);
  for (std::size_t i = 0; i < 5000; ++i)
    ASSERT_EQ(table.Find(word(i)), i % 3 == 0 ? kNoTerm : terms[i]) << i;
  EXPECT_LT(table.Add("new"), 5000U);
  EXPECT_EQ(table.Find(""), kNoTerm);
}

}  // namespace
}  // namespace registry::search
