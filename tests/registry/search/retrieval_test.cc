#include "registry/search/retrieval.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace registry::search {
namespace {

using Found = std::vector<std::pair<double, DocumentId>>;

FieldWords Random(std::mt19937& random) {
  // Few words are in many documents, many in few.
  std::geometric_distribution<int> word(0.03);
  FieldWords words;
  for (std::vector<std::string>& field : words) {
    for (unsigned i = random() % 12; i > 0; --i)
      field.push_back("word" + std::to_string(word(random)));
  }
  return words;
}

class RetrievalTest : public testing::Test {
 protected:
  std::vector<WeightedList> Lists(std::mt19937& random) {
    std::geometric_distribution<int> word(0.03);
    std::vector<WeightedList> lists;
    for (unsigned i = 1 + random() % 8; i > 0; --i) {
      const std::string name = "word" + std::to_string(word(random));
      for (const PostingList* list : {postings_.FindWord(name), postings_.FindStem(name)}) {
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
    for (int i = 0; i < 800; ++i) postings_.Add(Random(random), Random(random));
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
    FieldWords words;
    words[3] = {"common", "text"};
    if (i % 1000 == 500) words[0] = {"rare"};
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
  FieldWords words;
  words[0] = {"cards", "once"};
  const DocumentId first = postings_.Add(words);
  words[0] = {"card"};
  postings_.Add(words);
  EXPECT_EQ(postings_.FindStem("card")->documents, 2U);
  postings_.Remove(first, first + 1);
  EXPECT_EQ(postings_.FindWord("once"), nullptr);
  EXPECT_EQ(postings_.FindWord("cards"), nullptr);
  EXPECT_EQ(postings_.FindStem("card")->documents, 1U);
  words[0] = {"once"};
  const DocumentId again = postings_.Add(words);
  PostingCursor at(*postings_.FindWord("once"));
  EXPECT_EQ(at.document(), again);
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
