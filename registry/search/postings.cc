#include "registry/search/postings.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "registry/search/porter.h"

namespace registry::search {
namespace {

constexpr std::uint32_t kBlockEntries = 64;
constexpr std::uint8_t kHasCounts = 1U << kSearchFields;
// An occurrence at most: its distance, its fields, and a count of 16 bits for each.
constexpr std::size_t kMostBytes = 5 + 1 + 3 * kSearchFields;

// Stems stand beside words in one table, told apart by a first byte that no word has.
std::string StemKey(std::string_view stem) { return "\x01" + std::string(stem); }

// At most 5 bytes; returns what is behind them.
std::uint8_t* PutNumber(std::uint8_t* to, std::uint32_t number) {
  for (; number >= 0x80; number >>= 7) *to++ = static_cast<std::uint8_t>(number | 0x80);
  *to++ = static_cast<std::uint8_t>(number);
  return to;
}

void PutNumber(std::vector<std::uint8_t>& bytes, std::uint32_t number) {
  std::array<std::uint8_t, 5> put;
  bytes.insert(bytes.end(), put.data(), PutNumber(put.data(), number));
}

std::uint32_t TakeNumber(const std::uint8_t*& at) {
  std::uint32_t number = *at & 0x7fU;
  for (int shift = 7; (*at++ & 0x80U) != 0; shift += 7)
    number |= static_cast<std::uint32_t>(*at & 0x7fU) << shift;
  return number;
}

float Weighted(const Ranking& ranking, const FieldCounts& counts) {
  float sum = 0;
  for (std::size_t field = 0; field < kSearchFields; ++field) {
    if (counts[field] != 0) sum += ranking.weights[field] * static_cast<float>(counts[field]);
  }
  return sum;
}

}  // namespace

PostingCursor::PostingCursor(const PostingList& list) : list_(&list) { Enter(0); }

void PostingCursor::Enter(std::size_t index) {
  block_ = index;
  const PostingList::Block& now = block(index);
  left_ = now.entries;
  document_ = now.before;
  at_ = list_->bytes.data() + now.begin;
  Next();
}

void PostingCursor::Next() {
  if (left_ == 0) {
    if (block_ < list_->full.size()) return Enter(block_ + 1);
    document_ = kNoDocument;
    return;
  }
  --left_;
  document_ += TakeNumber(at_);
  fields_ = *at_++;
  if ((fields_ & kHasCounts) == 0) return;
  counts_ = at_;
  for (int field = std::popcount(static_cast<unsigned>(fields_ & (kHasCounts - 1))); field > 0;
       --field) {
    TakeNumber(at_);
  }
}

void PostingCursor::SeekTo(DocumentId document) {
  if (document_ >= document) return;
  if (block(block_).last < document) {
    const auto next = std::partition_point(
        list_->full.begin() + static_cast<std::ptrdiff_t>(std::min(block_, list_->full.size())),
        list_->full.end(), [&](const PostingList::Block& other) { return other.last < document; });
    Enter(static_cast<std::size_t>(next - list_->full.begin()));
  }
  while (document_ < document) Next();
}

FieldCounts PostingCursor::Counts() const {
  FieldCounts counts{};
  const std::uint8_t* at = counts_;
  for (std::size_t field = 0; field < kSearchFields; ++field) {
    if ((fields_ & (1U << field)) == 0) continue;
    counts[field] =
        (fields_ & kHasCounts) != 0 ? static_cast<std::uint16_t>(TakeNumber(at)) : std::uint16_t{1};
  }
  return counts;
}

std::uint8_t PostingCursor::OnceIn() const { return (fields_ & kHasCounts) != 0 ? 0 : fields_; }

Postings::Postings(const Ranking& ranking) : ranking_(ranking) {
  for (std::size_t fields = 0; fields < once_in_.size(); ++fields) {
    FieldCounts counts{};
    for (std::size_t field = 0; field < kSearchFields; ++field) counts[field] = fields >> field & 1;
    once_in_[fields] = search::Weighted(ranking_, counts);
  }
}

float Postings::Weighted(const PostingCursor& at) const {
  const std::uint8_t fields = at.OnceIn();
  return fields != 0 ? once_in_[fields] : search::Weighted(ranking_, at.Counts());
}

DocumentId Postings::Add(const CountedWords& words) {
  const auto document = static_cast<DocumentId>(lengths_.size());
  float length = 0;
  for (std::size_t field = 0; field < kSearchFields; ++field)
    length += ranking_.weights[field] * static_cast<float>(words.sizes()[field]);
  lengths_.push_back(length);
  removed_.push_back(false);
  total_length_ += length;
  ++documents_;
  if (std::has_single_bit(documents_)) RenewBounds();

  // All words before the first list: a list may have to become a stem's, too.
  for (const CountedWords::Word& word : words.words())
    added_.push_back(
        {InternWord(words.text(word), word.hash), static_cast<std::uint32_t>(added_.size())});
  std::sort(added_.begin(), added_.end(),
            [](const Added& a, const Added& b) { return a.term < b.term; });
  words_begin_.push_back(static_cast<std::uint32_t>(words_.size()));
  TermId before = 0;
  for (const auto& [term, number] : added_) {
    const FieldCounts& counts = words.words()[number].counts;
    Append(lists_[term], document, counts);
    if (const TermId stem = stems_[term]; stem != term && stems_[stem] == kNoTerm)
      CountStem(stem, counts);
    // Plus one: a zero ends a document's words.
    PutNumber(words_, term - before + 1);
    before = term;
  }
  words_.push_back(0);
  added_.clear();
  for (const TermId stem : counted_stems_) {
    Append(lists_[stem], document, stem_counts_[stem]);
    stem_counts_[stem] = {};
  }
  counted_stems_.clear();
  return document;
}

void Postings::CountStem(TermId stem, const FieldCounts& counts) {
  FieldCounts& sum = stem_counts_[stem];
  if (sum == FieldCounts{}) counted_stems_.push_back(stem);
  for (std::size_t field = 0; field < kSearchFields; ++field)
    sum[field] = static_cast<std::uint16_t>(std::min(sum[field] + counts[field], UINT16_MAX));
}

void Postings::Append(PostingList& list, DocumentId document, const FieldCounts& counts) {
  PostingList::Block& open = list.open;
  if (open.entries == kBlockEntries) {
    list.full.push_back(open);
    open = {open.last, open.last, static_cast<std::uint32_t>(list.bytes.size()), 0};
  }
  if (list.bytes.capacity() - list.bytes.size() < kMostBytes)
    list.bytes.reserve(list.bytes.size() + kMostBytes + list.bytes.size() / 4);
  std::array<std::uint8_t, kMostBytes> entry;
  std::uint8_t* end = PutNumber(entry.data(), document - open.last);
  std::uint8_t fields = 0;
  bool counted = false;
  for (std::size_t field = 0; field < kSearchFields; ++field) {
    if (counts[field] != 0) fields = static_cast<std::uint8_t>(fields | (1U << field));
    counted = counted || counts[field] > 1;
  }
  if (counted) fields = static_cast<std::uint8_t>(fields | kHasCounts);
  *end++ = fields;
  for (std::size_t field = 0; counted && field < kSearchFields; ++field) {
    if (counts[field] != 0) end = PutNumber(end, counts[field]);
  }
  list.bytes.insert(list.bytes.end(), entry.data(), end);
  const float weighted = counted ? search::Weighted(ranking_, counts) : once_in_[fields];
  const float score =
      Saturate(ranking_, weighted, static_cast<float>(lengths_[document] / reference_length_));
  list.bound = std::max(list.bound, score);
  open.last = document;
  ++open.entries;
  ++list.documents;
}

template <class Function>
void Postings::ForEachTerm(DocumentId document, Function function) const {
  const std::uint8_t* at = words_.data() + words_begin_[document];
  TermId word = 0;
  std::vector<TermId> stems;
  while (const std::uint32_t step = TakeNumber(at)) {
    word += step - 1;
    function(word);
    const TermId stem = stems_[word];
    if (stem != word && stems_[stem] == kNoTerm) stems.push_back(stem);
  }
  std::sort(stems.begin(), stems.end());
  stems.erase(std::unique(stems.begin(), stems.end()), stems.end());
  for (const TermId stem : stems) function(stem);
}

void Postings::Remove(DocumentId first, DocumentId last) {
  std::vector<TermId> gone;
  for (DocumentId document = first; document < last; ++document) {
    ForEachTerm(document, [&](TermId term) {
      if (--lists_[term].documents == 0) gone.push_back(term);
    });
    total_length_ -= lengths_[document];
    lengths_[document] = 0;
    removed_[document] = true;
    --documents_;
  }
  for (const TermId term : gone) Forget(term);
}

void Postings::Forget(TermId term) {
  // Of a word the stem that only this word has.
  const TermId stem = stems_[term];
  if (stem != kNoTerm && stem != term && stems_[stem] == term) terms_.Remove(stem);
  lists_[term] = {};
  terms_.Remove(term);
}

std::vector<DocumentId> Postings::Compact() {
  std::vector<DocumentId> numbers(lengths_.size());
  std::vector<std::uint8_t> words;
  DocumentId next = 0;
  for (DocumentId document = 0; document < lengths_.size(); ++document) {
    numbers[document] = next;
    if (removed_[document]) continue;
    const std::uint8_t* const begin = words_.data() + words_begin_[document];
    const std::uint8_t* end = begin;
    while (TakeNumber(end) != 0) {
    }
    words_begin_[next] = static_cast<std::uint32_t>(words.size());
    words.insert(words.end(), begin, end);
    lengths_[next] = lengths_[document];
    ++next;
  }
  words_ = std::move(words);
  words_begin_.resize(next);
  lengths_.resize(next);
  const std::vector<bool> removed = std::move(removed_);
  removed_.assign(next, false);
  for (PostingList& list : lists_) {
    PostingList kept;
    for (PostingCursor at(list); at.document() != kNoDocument; at.Next()) {
      if (!removed[at.document()]) Append(kept, numbers[at.document()], at.Counts());
    }
    list = std::move(kept);
  }
  return numbers;
}

void Postings::RenewBounds() {
  const double average = AverageLength();
  if (average >= 0.8 * reference_length_ && average <= reference_length_) return;
  // Some room, so that a growing average makes no bound too low at once.
  reference_length_ = 1.05 * average;
  for (PostingList& list : lists_) {
    list.bound = 0;
    for (PostingCursor at(list); at.document() != kNoDocument; at.Next()) {
      const auto relative = static_cast<float>(lengths_[at.document()] / reference_length_);
      list.bound = std::max(list.bound, Saturate(ranking_, Weighted(at), relative));
    }
  }
}

const PostingList* Postings::FindWord(std::string_view word) const {
  const TermId term = terms_.Find(word);
  return term == kNoTerm ? nullptr : &lists_[term];
}

const PostingList* Postings::FindStem(std::string_view stem) const {
  TermId term = terms_.Find(StemKey(stem));
  if (term != kNoTerm) return &lists_[ListOf(term)];
  term = terms_.Find(stem);
  return term != kNoTerm && stems_[term] == term ? &lists_[term] : nullptr;
}

double Postings::AverageLength() const {
  if (documents_ == 0 || total_length_ <= 0) return 0;
  return total_length_ / static_cast<double>(documents_);
}

float Postings::RelativeLength(DocumentId document) const {
  if (documents_ == 0 || total_length_ <= 0) return 1;
  return static_cast<float>(lengths_[document] * static_cast<double>(documents_) / total_length_);
}

float Postings::BoundFactor() const {
  // Rounding is never more than the last part.
  return static_cast<float>(std::max(1.0, AverageLength() / reference_length_)) * 1.0001F;
}

TermId Postings::Intern(std::string_view term, std::uint32_t hash) {
  const TermId id = terms_.Add(term, hash);
  if (id == lists_.size()) {
    lists_.emplace_back();
    stems_.push_back(kNoTerm);
    stem_counts_.emplace_back();
  }
  stems_[id] = kNoTerm;
  return id;
}

TermId Postings::InternWord(std::string_view word, std::uint32_t hash) {
  if (const TermId known = terms_.Find(word, hash); known != kNoTerm) return known;
  const TermId id = Intern(word, hash);
  const TermId stem = StemOf(id);
  stems_[id] = stem;
  return id;
}

TermId Postings::StemOf(TermId word) {
  const std::string text(terms_.word(word));
  const std::string stem = Stem(text);
  const std::string key = StemKey(stem);
  TermId known = terms_.Find(key);
  if (known != kNoTerm) {
    // The second word that has it.
    if (const TermId only = std::exchange(stems_[known], kNoTerm); only != kNoTerm)
      lists_[known] = lists_[only];
    return known;
  }
  if (stem == text) return word;
  const TermId itself = terms_.Find(stem);
  known = Intern(key, TermTable::Hash(key));
  if (itself == kNoTerm || stems_[itself] != itself) {
    stems_[known] = word;
  } else {
    lists_[known] = lists_[itself];
    stems_[itself] = known;
  }
  return known;
}

}  // namespace registry::search
