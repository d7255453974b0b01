#include "registry/search/postings.h"

#include <algorithm>
#include <bit>

#include "registry/search/porter.h"

namespace registry::search {
namespace {

constexpr std::uint32_t kBlockEntries = 64;
constexpr std::uint8_t kHasCounts = 1U << kSearchFields;

// Stems stand beside words in one table, told apart by a first byte that no word has.
std::string StemKey(std::string_view stem) { return "\x01" + std::string(stem); }

void PutNumber(std::vector<std::uint8_t>& bytes, std::uint32_t number) {
  for (; number >= 0x80; number >>= 7) bytes.push_back(static_cast<std::uint8_t>(number | 0x80));
  bytes.push_back(static_cast<std::uint8_t>(number));
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

DocumentId Postings::Add(const FieldWords& words, const FieldWords& more) {
  const auto document = static_cast<DocumentId>(lengths_.size());
  float length = 0;
  for (std::size_t field = 0; field < words.size(); ++field) {
    for (const FieldWords* part : {&words, &more}) {
      for (const std::string& word : (*part)[field]) {
        const TermId term = InternWord(word);
        Count(term, field, counted_words_);
        Count(stems_[term], field, counted_stems_);
      }
    }
    length +=
        ranking_.weights[field] * static_cast<float>(words[field].size() + more[field].size());
  }
  lengths_.push_back(length);
  removed_.push_back(false);
  total_length_ += length;
  ++documents_;
  if (std::has_single_bit(documents_)) RenewBounds();

  words_begin_.push_back(static_cast<std::uint32_t>(words_.size()));
  std::sort(counted_words_.begin(), counted_words_.end());
  TermId before = 0;
  for (const TermId term : counted_words_) {
    Append(lists_[term], document, counts_[term]);
    counts_[term] = {};
    // Plus one: a zero ends a document's words.
    PutNumber(words_, term - before + 1);
    before = term;
  }
  words_.push_back(0);
  for (const TermId term : counted_stems_) {
    Append(lists_[term], document, counts_[term]);
    counts_[term] = {};
  }
  counted_words_.clear();
  counted_stems_.clear();
  return document;
}

void Postings::Count(TermId term, std::size_t field, std::vector<TermId>& counted) {
  FieldCounts& counts = counts_[term];
  if (counts == FieldCounts{}) counted.push_back(term);
  if (counts[field] < UINT16_MAX) ++counts[field];
}

void Postings::Append(PostingList& list, DocumentId document, const FieldCounts& counts) {
  PostingList::Block& open = list.open;
  if (open.entries == kBlockEntries) {
    list.full.push_back(open);
    open = {open.last, open.last, static_cast<std::uint32_t>(list.bytes.size()), 0};
  }
  if (list.bytes.capacity() - list.bytes.size() < 16)
    list.bytes.reserve(list.bytes.size() + 16 + list.bytes.size() / 4);
  PutNumber(list.bytes, document - open.last);
  std::uint8_t fields = 0;
  bool counted = false;
  for (std::size_t field = 0; field < kSearchFields; ++field) {
    if (counts[field] != 0) fields = static_cast<std::uint8_t>(fields | (1U << field));
    counted = counted || counts[field] > 1;
  }
  if (counted) fields = static_cast<std::uint8_t>(fields | kHasCounts);
  list.bytes.push_back(fields);
  for (std::size_t field = 0; counted && field < kSearchFields; ++field) {
    if (counts[field] != 0) PutNumber(list.bytes, counts[field]);
  }
  const float score = Saturate(ranking_, search::Weighted(ranking_, counts),
                               static_cast<float>(lengths_[document] / reference_length_));
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
    stems.push_back(stems_[word]);
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
  return FindWord(StemKey(stem));
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

TermId Postings::Intern(std::string_view term) {
  if (const TermId known = terms_.Find(term); known != kNoTerm) return known;
  const TermId id = terms_.Add(term);
  if (id == lists_.size()) {
    lists_.emplace_back();
    stems_.push_back(kNoTerm);
    counts_.emplace_back();
  }
  stems_[id] = kNoTerm;
  return id;
}

TermId Postings::InternWord(const std::string& word) {
  if (const TermId known = terms_.Find(word); known != kNoTerm) return known;
  const TermId id = Intern(word);
  // Not in one line: what is in brackets may move stems_.
  const TermId stem = Intern(StemKey(Stem(word)));
  stems_[id] = stem;
  return id;
}

}  // namespace registry::search
