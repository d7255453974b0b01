#include "base/json_schema/pattern.h"

#include <re2/re2.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>

namespace base::json_schema {
namespace {

// What one pattern's automata may take.
constexpr std::int64_t kMaxMemory = 4 << 20;

// ECMA-262: WhiteSpace and LineTerminator; RE2's \s is ASCII.
constexpr std::string_view kSpaces =
    "\\t-\\r "
    "\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
constexpr std::string_view kNotSpaces =
    "\\x00-\\x08\\x0e-\\x1f!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}"
    "\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{"
    "10ffff}";

// General categories that ECMA-262 also knows by a long name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 42> kCategories = {{
    {"Letter", "L"},
    {"Cased_Letter", "LC"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
    {"Any", "Any"},
}};

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::uint32_t HexValue(std::string_view digits) {
  std::uint32_t value = 0;
  for (const char c : digits)
    value = value * 16 + static_cast<std::uint32_t>(IsDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  return value;
}

// Goes through the expression once, from left to right.
class Translator {
 public:
  explicit Translator(std::string_view ecma) : in_(ecma) {}

  Result<std::string> Run() {
    while (at_ < in_.size() && error_.empty()) Step();
    if (in_class_) Refuse("a '[' is never closed");
    if (!error_.empty()) return Fail(Code::kInvalidArgument, error_);
    return std::move(out_);
  }

 private:
  void Refuse(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }
  std::string_view rest() const { return in_.substr(at_); }

  void Step() {
    const char c = in_[at_];
    if (c == '\\') return Escape();
    if (in_class_) return InClass(c);
    switch (c) {
      case '[': return OpenClass();
      case '.':
        out_ += "[^\\n\\r\\x{2028}\\x{2029}]";
        ++at_;
        return;
      case '(': return Group();
      default: out_ += c; ++at_;
    }
  }

  void OpenClass() {
    // [] matches nothing and [^] everything; RE2 would take the bracket for a member.
    if (rest().starts_with("[]")) {
      out_ += "[^\\x00-\\x{10ffff}]";
      at_ += 2;
    } else if (rest().starts_with("[^]")) {
      out_ += "[\\x00-\\x{10ffff}]";
      at_ += 3;
    } else {
      in_class_ = true;
      const bool negated = rest().starts_with("[^");
      out_ += negated ? "[^" : "[";
      at_ += negated ? 2 : 1;
    }
  }

  void InClass(char c) {
    ++at_;
    if (c == ']') in_class_ = false;
    // RE2 would read [:alpha:].
    if (c == '[') out_ += '\\';
    out_ += c;
  }

  void Group() {
    const std::string_view text = rest();
    if (!text.starts_with("(?")) {
      out_ += "(?:";
      ++at_;
      return;
    }
    if (text.starts_with("(?:")) {
      out_ += "(?:";
      at_ += 3;
    } else if (text.starts_with("(?=") || text.starts_with("(?!")) {
      Refuse("looking ahead, (?= or (?!, is not supported");
    } else if (text.starts_with("(?<=") || text.starts_with("(?<!")) {
      Refuse("looking behind, (?<= or (?<!, is not supported");
    } else if (text.starts_with("(?<")) {
      const std::size_t end = text.find('>');
      if (end == text.npos || end == 3) return Refuse("a group's name is never closed");
      out_ += "(?:";
      at_ += end + 1;
    } else {
      Refuse("'(?' must be followed by ':' or '<NAME>'");
    }
  }

  void Escape() {
    if (at_ + 1 >= in_.size()) return Refuse("ends with a backslash");
    const char c = in_[at_ + 1];
    at_ += 2;
    switch (c) {
      case 's': return Class(kSpaces);
      case 'S': return Class(kNotSpaces);
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 't':
      case 'n':
      case 'v':
      case 'f':
      case 'r':
        out_ += '\\';
        out_ += c;
        return;
      case 'b': out_ += in_class_ ? "\\x08" : "\\b"; return;
      case 'B':
        if (in_class_) return Refuse("\\B has no meaning between brackets");
        out_ += "\\B";
        return;
      case 'c': return ControlLetter();
      case 'x': return HexEscape();
      case 'u': return UnicodeEscape();
      case 'p':
      case 'P': return Property(c);
      case 'k': return Refuse("references back, \\k, are not supported");
      case '0':
        if (at_ < in_.size() && IsDigit(in_[at_])) return Refuse("octal escapes are not allowed");
        out_ += "\\x00";
        return;
      default: break;
    }
    if (IsDigit(c)) return Refuse(std::string("references back, \\") + c + ", are not supported");
    if (IsLetter(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80)
      return Refuse(std::string("\\") + (IsLetter(c) ? std::string(1, c) : "") +
                    " is no escape of ECMA-262");
    out_ += '\\';
    out_ += c;
  }

  void Class(std::string_view members) {
    if (in_class_) {
      out_ += members;
    } else {
      out_.append("[").append(members).append("]");
    }
  }

  void ControlLetter() {
    if (at_ >= in_.size() || !IsLetter(in_[at_])) return Refuse("\\c must be followed by a letter");
    CodePoint(static_cast<std::uint32_t>(in_[at_++]) & 31);
  }

  void HexEscape() {
    const auto value = Hex(2);
    if (!value) return Refuse("\\x must be followed by two hexadecimal digits");
    CodePoint(*value);
  }

  void UnicodeEscape() {
    if (rest().starts_with("{")) {
      const std::size_t end = rest().find('}');
      const std::string_view digits =
          end == std::string_view::npos ? std::string_view() : rest().substr(1, end - 1);
      bool fine = !digits.empty() && digits.size() <= 6;
      for (const char digit : digits) fine = fine && IsHex(digit);
      if (!fine || HexValue(digits) > 0x10ffff) return Refuse("\\u{...} is no code point");
      at_ += end + 1;
      return CodePoint(HexValue(digits));
    }
    auto value = Hex(4);
    if (!value) return Refuse("\\u must be followed by four hexadecimal digits");
    if (*value >= 0xd800 && *value < 0xdc00 && rest().starts_with("\\u")) {
      at_ += 2;
      const auto low = Hex(4);
      if (!low || *low < 0xdc00 || *low > 0xdfff) return Refuse("half of a surrogate pair");
      value = 0x10000 + ((*value - 0xd800) << 10) + (*low - 0xdc00);
    }
    CodePoint(*value);
  }

  std::optional<std::uint32_t> Hex(std::size_t digits) {
    const std::string_view text = rest().substr(0, digits);
    if (text.size() < digits) return std::nullopt;
    for (const char c : text) {
      if (!IsHex(c)) return std::nullopt;
    }
    at_ += digits;
    return HexValue(text);
  }

  void CodePoint(std::uint32_t value) {
    // UTF-8 has no surrogates, so half of a pair can never be met.
    if (value >= 0xd800 && value <= 0xdfff) return Refuse("half of a surrogate pair");
    char buffer[16];
    std::snprintf(buffer, sizeof buffer, "\\x{%x}", value);
    out_ += buffer;
  }

  void Property(char escape) {
    const std::size_t end = rest().find('}');
    if (!rest().starts_with("{") || end == std::string_view::npos)
      return Refuse("\\p must be followed by {NAME}");
    std::string_view name = rest().substr(1, end - 1);
    at_ += end + 1;
    bool script = false;
    if (const std::size_t equals = name.find('='); equals != name.npos) {
      const std::string_view key = name.substr(0, equals);
      script = key == "Script" || key == "sc";
      if (!script && key != "General_Category" && key != "gc")
        return Refuse("\\p{" + std::string(key) + "=...} is not supported");
      name.remove_prefix(equals + 1);
    }
    for (const auto& [longer, category] : kCategories) {
      if (!script && name == longer) name = category;
    }
    if (name == "ASCII") return Class(escape == 'p' ? "\\x00-\\x7f" : "\\x80-\\x{10ffff}");
    if (name == "LC") {
      if (escape == 'P') return Refuse("\\P{LC} is not supported");
      return Class("\\p{Lu}\\p{Ll}\\p{Lt}");
    }
    out_ += '\\';
    out_ += escape;
    out_.append("{").append(name).append("}");
  }

  const std::string_view in_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  std::string out_;
  std::string error_;
};

}  // namespace

Result<std::string> ToRe2(std::string_view ecma) { return Translator(ecma).Run(); }

Result<Pattern> Pattern::Compile(std::string_view ecma) {
  const auto translated = ToRe2(ecma);
  if (translated.has_error()) return translated.error();
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kMaxMemory);
  auto compiled = std::make_shared<const re2::RE2>(*translated, options);
  if (!compiled->ok()) {
    return Fail(Code::kInvalidArgument,
                "not a regular expression that RE2 runs: " + compiled->error());
  }
  return Pattern(std::string(ecma), std::move(compiled));
}

bool Pattern::Matches(std::string_view text) const {
  return compiled_->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                          RE2::UNANCHORED, nullptr, 0);
}

}  // namespace base::json_schema
