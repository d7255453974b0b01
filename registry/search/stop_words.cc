#include <algorithm>
#include <iterator>

#include "registry/search/tokenizer.h"

namespace registry::search {
namespace {

// Sorted. Function words of English, and the courtesies of people and agents who ask for something.
// Verbs that name an operation (get, list, find, show, make, use) are not here: tools are named
// after them.
constexpr std::string_view kStopWords[] = {
    "a",      "about",  "above",   "after",   "again", "all",    "also",    "am",     "an",
    "and",    "any",    "are",     "as",      "at",    "be",     "because", "been",   "before",
    "being",  "below",  "between", "both",    "but",   "by",     "can",     "could",  "did",
    "do",     "does",   "doing",   "don",     "down",  "during", "each",    "else",   "every",
    "few",    "for",    "from",    "further", "had",   "has",    "have",    "having", "he",
    "hello",  "help",   "her",     "here",    "hers",  "hey",    "hi",      "him",    "his",
    "how",    "i",      "if",      "im",      "in",    "into",   "is",      "it",     "its",
    "just",   "kindly", "let",     "like",    "ll",    "may",    "me",      "might",  "more",
    "most",   "must",   "my",      "need",    "no",    "nor",    "not",     "now",    "of",
    "off",    "on",     "once",    "only",    "or",    "other",  "ought",   "our",    "ours",
    "out",    "over",   "own",     "please",  "re",    "same",   "shall",   "she",    "should",
    "so",     "some",   "such",    "than",    "thank", "thanks", "that",    "the",    "their",
    "theirs", "them",   "then",    "there",   "these", "they",   "this",    "those",  "through",
    "to",     "too",    "under",   "until",   "up",    "us",     "ve",      "very",   "want",
    "was",    "we",     "were",    "what",    "when",  "where",  "which",   "while",  "who",
    "whom",   "whose",  "why",     "will",    "with",  "would",  "you",     "your",   "yours",
};

}  // namespace

bool IsStopWord(std::string_view word) {
  return std::binary_search(std::begin(kStopWords), std::end(kStopWords), word);
}

}  // namespace registry::search
