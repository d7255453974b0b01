#include "registry/service/search_texts.h"

#include <algorithm>
#include <cstring>

namespace registry {
namespace {

// So many texts are looked at one by one before they are joined with the others.
constexpr std::size_t kMaxFresh = 1024;

}  // namespace

void SearchTexts::Put(const std::string& name, std::string text) {
  fresh_[name] = std::move(text);
  // While everything is read at the start, a text is joined a few times, not once a thousand.
  if (fresh_.size() > std::max(kMaxFresh, begins_.size() / 4)) Join();
}

void SearchTexts::Remove(const std::string& name) { Put(name, {}); }

void SearchTexts::Join() {
  SearchTexts joined;
  const auto add = [&](std::string_view name, std::string_view text) {
    joined.begins_.push_back(joined.joined_.size());
    joined.name_sizes_.push_back(static_cast<std::uint32_t>(name.size()));
    joined.joined_.append(name).append(1, '\0').append(text).append(1, '\0');
  };
  joined.joined_.reserve(joined_.size() + joined_.size() / 4);
  auto fresh = fresh_.begin();
  const auto add_fresh_before = [&](const std::string_view* name) {
    for (; fresh != fresh_.end() && (!name || fresh->first < *name); ++fresh) {
      if (!fresh->second.empty()) add(fresh->first, fresh->second);
    }
  };
  for (std::size_t i = 0; i < begins_.size(); ++i) {
    const std::size_t end = i + 1 < begins_.size() ? begins_[i + 1] : joined_.size();
    const std::string_view both = std::string_view(joined_).substr(begins_[i], end - begins_[i]);
    const std::string_view name = both.substr(0, name_sizes_[i]);
    add_fresh_before(&name);
    if (fresh != fresh_.end() && fresh->first == name) continue;
    add(name, both.substr(name.size() + 1, both.size() - name.size() - 2));
  }
  add_fresh_before(nullptr);
  *this = std::move(joined);
}

SearchTexts::Search::Search(const SearchTexts& texts, std::string_view from,
                            std::string_view letters)
    : texts_(texts), letters_(letters), fresh_(texts.fresh_.lower_bound(from)) {
  const auto first = std::partition_point(
      texts.begins_.begin(), texts.begins_.end(), [&](const std::size_t& begin) {
        const auto size =
            texts.name_sizes_[static_cast<std::size_t>(&begin - texts.begins_.data())];
        return std::string_view(texts.joined_).substr(begin, size) < from;
      });
  at_ = first == texts.begins_.end() ? texts.joined_.size() : *first;
  FindJoined();
  FindFresh();
}

void SearchTexts::Search::FindJoined() {
  joined_ = {};
  const std::string& all = texts_.joined_;
  while (at_ < all.size()) {
    const void* found =
        memmem(all.data() + at_, all.size() - at_, letters_.data(), letters_.size());
    if (!found) break;
    const auto position = static_cast<std::size_t>(static_cast<const char*>(found) - all.data());
    const auto next = std::upper_bound(texts_.begins_.begin(), texts_.begins_.end(), position);
    const auto server = static_cast<std::size_t>(next - texts_.begins_.begin()) - 1;
    const std::size_t text = texts_.begins_[server] + texts_.name_sizes_[server] + 1;
    if (position < text) {
      // In the name as it is written; the text has it again in lower case.
      at_ = text;
      continue;
    }
    at_ = next == texts_.begins_.end() ? all.size() : *next;
    const auto name =
        std::string_view(all).substr(texts_.begins_[server], texts_.name_sizes_[server]);
    if (texts_.fresh_.contains(name)) continue;
    joined_ = name;
    return;
  }
  at_ = all.size();
}

void SearchTexts::Search::FindFresh() {
  while (fresh_ != texts_.fresh_.end() && fresh_->second.find(letters_) == std::string::npos)
    ++fresh_;
}

std::string_view SearchTexts::Search::Next() {
  const bool has_fresh = fresh_ != texts_.fresh_.end();
  if (!has_fresh && joined_.empty()) return {};
  if (has_fresh && (joined_.empty() || fresh_->first < joined_)) {
    const std::string_view name = fresh_->first;
    ++fresh_;
    FindFresh();
    return name;
  }
  const std::string_view name = joined_;
  FindJoined();
  return name;
}

}  // namespace registry
