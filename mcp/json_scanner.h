// A strict, allocation-free reader of JSON text (RFC 8259, UTF-8): it checks every byte once and
// tells where values end. Message's scan and IsJson stand on it; nothing else needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mcp {

class JsonScanner {
 public:
  static constexpr int kMaxDepth = 64;

  explicit JsonScanner(std::string_view bytes)
      : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // Where the scanner stands, as an offset.
  std::uint32_t offset() const { return static_cast<std::uint32_t>(at_ - begin_); }
  bool at_end() const { return at_ == end_; }
  char peek() const { return at_ == end_ ? '\0' : *at_; }

  // Each returns false, with what() set, when the text is not what it should be.
  void SkipSpaces() {
    // Nearly always there is none.
    while (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ' &&
           (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
      ++at_;
  }
  bool Expect(char expected) {
    if (at_ != end_ && *at_ == expected) {
      ++at_;
      return true;
    }
    return FailExpected(expected);
  }
  // A string, quotes included; `has_escape` says whether it holds a backslash.
  bool String(bool& has_escape);
  bool Number();
  // Any value; `depth` is that of the containers around it.
  bool Value(int depth) {
    bool has_escape = false;
    return peek() == '"' ? String(has_escape) : AnyValue(depth);
  }

  const char* what() const { return what_; }
  bool Fail(const char* what) {
    if (!what_) what_ = what;
    return false;
  }

 private:
  bool AnyValue(int depth);
  bool FailExpected(char expected);
  bool Literal(std::string_view word);
  void Digits();
  bool Escape();
  bool MultiByte();

  const char* const begin_;
  const char* at_;
  const char* const end_;
  const char* what_ = nullptr;
};

}  // namespace mcp
