// Postings say in which documents a word occurs, in which field, and how often.
//
// A document is a dense number; documents are added in growing order and removed in ranges. One
// thread writes, or many read.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/search/ranking.h"

namespace registry::search {

using DocumentId = std::uint32_t;
// The words of a document, by field.
using FieldWords = std::array<std::vector<std::string>, kSearchFields>;

struct Posting {
  DocumentId document;
  SearchField field;
  std::uint16_t count;
};

// A word's occurrences, by document, then field.
struct PostingList {
  std::vector<Posting> postings;
  std::size_t documents = 0;

  // Those of one document.
  std::span<const Posting> Of(DocumentId document) const;
};

class Postings {
 public:
  explicit Postings(const Ranking& ranking) : ranking_(ranking) {}

  // Adds a document with the words of each of its fields (each word and its stem) and returns its
  // number.
  DocumentId Add(const FieldWords& words);
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
  // A document's length over the average one.
  float RelativeLength(DocumentId document) const;

 private:
  using TermId = std::uint32_t;
  TermId Intern(std::string term);

  // Constant after construction
  const Ranking ranking_;

  std::unordered_map<std::string, TermId> ids_;
  std::vector<PostingList> lists_;             // by term
  std::vector<const std::string*> terms_;      // by term; into ids_
  std::vector<TermId> free_terms_;             // numbers of words that nothing holds any more
  std::vector<std::vector<TermId>> terms_of_;  // by document
  std::vector<float> lengths_;                 // by document
  std::vector<bool> removed_;                  // by document
  std::size_t documents_ = 0;
  double total_length_ = 0;
};

}  // namespace registry::search
