// Text to words: what the index holds and what a query is made of.
//
//   "azmcp_acr_registryList (v2)"  ->  azmcp acr registry list v2
//
// Identifiers are split at `_`, `-`, `.`, `/` and where the case changes (getHTTPHeader: get http
// header, and gethttpheader too). Words are lower-case and unaccented; a run of Chinese, Japanese
// or Korean letters becomes its overlapping pairs.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace registry::search {

// Calls `take` with each word, in order, repeated ones too. Words longer than 64 bytes are cut. A word's
// letters are only there during the call.
void ForEachWord(std::string_view text, const std::function<void(std::string_view)>& take);
std::vector<std::string> Tokenize(std::string_view text);

// The same for a query: without stop words, unless it has nothing else.
std::vector<std::string> TokenizeQuery(std::string_view text);

// `the`, `please`, `want`: words that say nothing about which tool is meant.
bool IsStopWord(std::string_view word);

// Letters and digits only, lower-case: two spellings of one name are equal in it (`get-sum`,
// `getSum`, `get_sum`).
std::string Squeeze(std::string_view name);

}  // namespace registry::search
