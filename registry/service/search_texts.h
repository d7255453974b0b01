// SearchTexts finds the servers whose text holds some letters: what the listing's `search` means.
//
// The texts of all servers lie behind each other in one string, in the order of their names, so a
// search is one pass over it (some milliseconds for 100,000 servers). Texts that were put or
// removed since are kept beside, and joined when there are many. One thread writes, or many read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace registry {

class SearchTexts {
 public:
  // In place of what was known of that name. `text` in lower case.
  void Put(const std::string& name, std::string text);
  void Remove(const std::string& name);

  // The names from `from` on whose text holds `letters` (lower case, not empty), in order; one after
  // the other, as far as they are wanted. Nothing may be written meanwhile.
  class Search {
   public:
    Search(const SearchTexts& texts, std::string_view from, std::string_view letters);
    // Valid until something is written; empty: there are no more.
    std::string_view Next();

   private:
    void FindJoined();
    void FindFresh();

    const SearchTexts& texts_;
    const std::string_view letters_;
    std::size_t at_;  // in the joined text
    std::string_view joined_;
    std::map<std::string, std::string, std::less<>>::const_iterator fresh_;
  };

 private:
  void Join();

  // Each text behind its name, with a NUL behind both: no letters hold one.
  std::string joined_;
  std::vector<std::size_t> begins_;        // by server, in the order of names
  std::vector<std::uint32_t> name_sizes_;  // by server
  // By name; an empty text: it is gone, or was never there. What stands here does not count above.
  std::map<std::string, std::string, std::less<>> fresh_;
};

}  // namespace registry
