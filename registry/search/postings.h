// Postings say in which documents a word occurs, in which field, and how often; and which words a
// document has.
//
// A document is a dense number; documents are added in growing order and removed in ranges: who
// follows a list asks first whether a document is still there. The lists are compressed (two to
// three bytes an occurrence), and each says how much any document of it can score, so that a search
// passes over what cannot be among the best. One thread writes, or many read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "registry/search/counted_words.h"
#include "registry/search/ranking.h"
#include "registry/search/term_table.h"

namespace registry::search {

using DocumentId = std::uint32_t;
inline constexpr DocumentId kNoDocument = std::numeric_limits<DocumentId>::max();

// A word's occurrences, by document. An occurrence is the distance to the document before, a byte
// with a bit for each field, and the counts where one is not 1.
struct PostingList {
  struct Block {
    DocumentId before = 0;  // where the distances begin
    DocumentId last = 0;
    std::uint32_t begin = 0;  // in bytes
    std::uint32_t entries = 0;
  };
  std::vector<std::uint8_t> bytes;
  std::vector<Block> full;
  Block open;
  // What a document of it can score at most, when the average length is the reference.
  float bound = 0;
  // That are still there.
  std::uint32_t documents = 0;
};

// Goes through a list. What was removed is passed too.
class PostingCursor {
 public:
  explicit PostingCursor(const PostingList& list);

  // kNoDocument: at the end.
  DocumentId document() const { return document_; }
  void Next();
  // To the first one at or behind `document`.
  void SeekTo(DocumentId document);
  // Of the current document.
  FieldCounts Counts() const;
  // The fields as bits, where every count is 1; else 0.
  std::uint8_t OnceIn() const;

 private:
  const PostingList::Block& block(std::size_t index) const {
    return index < list_->full.size() ? list_->full[index] : list_->open;
  }
  void Enter(std::size_t index);

  const PostingList* list_;
  std::size_t block_ = 0;
  std::uint32_t left_ = 0;  // entries of the block behind the current one
  const std::uint8_t* at_ = nullptr;
  const std::uint8_t* counts_ = nullptr;  // of the current one, where one is not 1
  std::uint8_t fields_ = 0;
  DocumentId document_ = kNoDocument;
};

class Postings {
 public:
  explicit Postings(const Ranking& ranking);

  // Adds a document with its words, each with its stem, and returns its number.
  DocumentId Add(const CountedWords& words);
  // Removes the documents first, first + 1, ..., last - 1.
  void Remove(DocumentId first, DocumentId last);
  // Closes the gaps that Remove left, order kept; returns each document's new number by its old
  // one.
  std::vector<DocumentId> Compact();

  // Null when nothing holds it.
  const PostingList* FindWord(std::string_view word) const;
  const PostingList* FindStem(std::string_view stem) const;

  // Documents there are, and one above the largest number in use.
  std::size_t documents() const { return documents_; }
  DocumentId end() const { return static_cast<DocumentId>(lengths_.size()); }
  bool removed(DocumentId document) const { return removed_[document]; }
  // The occurrences in the cursor's document, each by its field's weight.
  float Weighted(const PostingCursor& at) const;
  // A document's length over the average one.
  float RelativeLength(DocumentId document) const;
  // By so much what a list says of itself is to be raised, now that the average is another.
  float BoundFactor() const;

 private:
  TermId Intern(std::string_view term, std::uint32_t hash);
  TermId InternWord(std::string_view word, std::uint32_t hash);
  TermId StemOf(TermId word);
  // Whose list it is in which a stem's occurrences stand.
  TermId ListOf(TermId stem) const { return stems_[stem] == kNoTerm ? stem : stems_[stem]; }
  void CountStem(TermId stem, const FieldCounts& counts);
  void Append(PostingList& list, DocumentId document, const FieldCounts& counts);
  void Forget(TermId term);
  template <class Function>
  void ForEachTerm(DocumentId document, Function function) const;
  double AverageLength() const;
  // Says again what each list can score at most, when the average has moved far.
  void RenewBounds();

  // Constant after construction
  const Ranking ranking_;
  std::array<float, 1U << kSearchFields> once_in_{};  // the weights' sum, by fields as bits

  // A stem that only one word has needs no list: the word's says the same. So a word that is its own
  // stem, and has it alone, is all there is of the two.
  TermTable terms_;                 // words and stems
  std::vector<PostingList> lists_;  // by term
  // By term: a word's stem, which may be the word itself; of a stem the only word that has it, or kNoTerm
  // when it has a list of its own.
  std::vector<TermId> stems_;
  std::vector<std::uint8_t> words_;         // each document's words, as distances between terms
  std::vector<std::uint32_t> words_begin_;  // by document, in words_
  std::vector<float> lengths_;              // by document
  std::vector<bool> removed_;               // by document
  std::size_t documents_ = 0;
  double total_length_ = 0;
  double reference_length_ = 1;

  // Of the document that is added
  struct Added {
    TermId term;
    std::uint32_t word;  // its number in the document
  };
  std::vector<Added> added_;
  std::vector<FieldCounts> stem_counts_;  // by term
  std::vector<TermId> counted_stems_;
};

}  // namespace registry::search
