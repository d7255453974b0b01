// What rules find, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace registry::lint {

enum class Severity { kInfo, kWarning, kError };

struct Finding {
  std::string_view rule;  // a literal: `hidden-unicode`
  Severity severity = Severity::kInfo;
  std::string pointer;  // RFC 6901, into the definition
  std::string message;
  std::string fix;
};

// Where a rule is in the definition. Lives on the stack; written out only when something is found.
struct Place {
  const Place* parent = nullptr;
  std::string_view key;
  std::size_t index = 0;
  bool is_element = false;

  std::string Pointer() const;
  // For a sentence: `the description`, `the description of 'city'`, `'/a/b'`.
  std::string Words() const;
};

// Keeps the first of each rule's findings: more of the same tell nothing.
class Findings {
 public:
  void Add(std::string_view rule, Severity severity, const Place& place, std::string message,
           std::string fix);
  // The worst first, else in the order found.
  std::vector<Finding> Take();

 private:
  static constexpr std::size_t kMaxOfARule = 10;
  std::vector<Finding> findings_;
};

}  // namespace registry::lint
