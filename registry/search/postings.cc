#include "registry/search/postings.h"

#include <algorithm>
#include <map>

#include "registry/search/porter.h"

namespace registry::search {
namespace {

// Stems stand beside words in one table, told apart by a first byte that no word has.
std::string StemKey(std::string_view stem) { return "\x01" + std::string(stem); }

bool Before(const Posting& posting, DocumentId document) { return posting.document < document; }

}  // namespace

std::span<const Posting> PostingList::Of(DocumentId document) const {
  auto begin = std::lower_bound(postings.begin(), postings.end(), document, Before);
  auto end = begin;
  while (end != postings.end() && end->document == document) ++end;
  return {begin, end};
}

DocumentId Postings::Add(const FieldWords& words) {
  auto document = static_cast<DocumentId>(lengths_.size());
  std::map<TermId, std::array<std::uint16_t, kSearchFields>> counts;
  float length = 0;
  for (std::size_t field = 0; field < words.size(); ++field) {
    for (const std::string& word : words[field]) {
      for (TermId term : {Intern(word), Intern(StemKey(Stem(word)))}) {
        std::uint16_t& count = counts[term][field];
        if (count < UINT16_MAX) ++count;
      }
    }
    length += ranking_.weights[field] * static_cast<float>(words[field].size());
  }
  std::vector<TermId> terms;
  for (const auto& [term, by_field] : counts) {
    terms.push_back(term);
    PostingList& list = lists_[term];
    ++list.documents;
    for (std::size_t field = 0; field < kSearchFields; ++field) {
      if (by_field[field] == 0) continue;
      list.postings.push_back({document, static_cast<SearchField>(field), by_field[field]});
    }
  }
  terms_of_.push_back(std::move(terms));
  lengths_.push_back(length);
  removed_.push_back(false);
  total_length_ += length;
  ++documents_;
  return document;
}

void Postings::Remove(DocumentId first, DocumentId last) {
  std::vector<TermId> touched;
  for (DocumentId document = first; document < last; ++document) {
    for (TermId term : terms_of_[document]) --lists_[term].documents;
    touched.insert(touched.end(), terms_of_[document].begin(), terms_of_[document].end());
    terms_of_[document] = {};
    total_length_ -= lengths_[document];
    lengths_[document] = 0;
    removed_[document] = true;
    --documents_;
  }
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (TermId term : touched) {
    std::vector<Posting>& postings = lists_[term].postings;
    auto begin = std::lower_bound(postings.begin(), postings.end(), first, Before);
    auto end = std::lower_bound(begin, postings.end(), last, Before);
    postings.erase(begin, end);
    if (!postings.empty()) continue;
    postings.shrink_to_fit();
    ids_.erase(ids_.find(*terms_[term]));
    terms_[term] = nullptr;
    free_terms_.push_back(term);
  }
}

std::vector<DocumentId> Postings::Compact() {
  std::vector<DocumentId> numbers(lengths_.size());
  DocumentId next = 0;
  for (DocumentId document = 0; document < lengths_.size(); ++document) {
    numbers[document] = next;
    if (removed_[document]) continue;
    lengths_[next] = lengths_[document];
    terms_of_[next] = std::move(terms_of_[document]);
    ++next;
  }
  lengths_.resize(next);
  terms_of_.resize(next);
  removed_.assign(next, false);
  for (PostingList& list : lists_) {
    for (Posting& posting : list.postings) posting.document = numbers[posting.document];
  }
  return numbers;
}

const PostingList* Postings::FindWord(std::string_view word) const {
  auto found = ids_.find(std::string(word));
  return found == ids_.end() ? nullptr : &lists_[found->second];
}

const PostingList* Postings::FindStem(std::string_view stem) const {
  return FindWord(StemKey(stem));
}

float Postings::RelativeLength(DocumentId document) const {
  if (documents_ == 0 || total_length_ <= 0) return 1;
  return static_cast<float>(lengths_[document] * static_cast<double>(documents_) / total_length_);
}

Postings::TermId Postings::Intern(std::string term) {
  auto [entry, added] = ids_.try_emplace(std::move(term), 0);
  if (!added) return entry->second;
  if (free_terms_.empty()) {
    entry->second = static_cast<TermId>(lists_.size());
    lists_.emplace_back();
    terms_.push_back(nullptr);
  } else {
    entry->second = free_terms_.back();
    free_terms_.pop_back();
  }
  terms_[entry->second] = &entry->first;
  return entry->second;
}

}  // namespace registry::search
