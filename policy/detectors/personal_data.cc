#include "policy/detectors/personal_data.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace policy {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLetter(char c) { return IsUpper(c) || (c >= 'a' && c <= 'z'); }
bool IsWord(char c) { return IsDigit(c) || IsLetter(c) || c == '_'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// What something may be found at: most bytes are passed over.
enum Cue : std::uint8_t { kNone, kDigit, kLetter, kAt, kColon, kOpening };
constexpr auto kCues = [] {
  std::array<Cue, 256> cues{};
  for (char c = '0'; c <= '9'; ++c) cues[static_cast<unsigned char>(c)] = kDigit;
  for (char c = 'A'; c <= 'Z'; ++c) cues[static_cast<unsigned char>(c)] = kLetter;
  cues['@'] = kAt;
  cues[':'] = kColon;
  cues['+'] = cues['('] = kOpening;
  return cues;
}();

// One text, looked at from a position. Each function gives where the thing that begins there ends;
// 0: there is none.
class Look {
 public:
  explicit Look(std::string_view text) : text_(text) {}

  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }
  // Nothing of a longer word or number stands before it.
  bool BeginsAt(std::size_t i) const {
    return i == 0 || !(IsWord(text_[i - 1]) || text_[i - 1] == '.' || text_[i - 1] == '+' ||
                       (text_[i - 1] == '-' && i > 1 && IsWord(text_[i - 2])));
  }
  bool EndsAt(std::size_t i) const {
    return !IsWord(at(i)) && !((at(i) == '-' || at(i) == '.') && IsDigit(at(i + 1)));
  }

  std::size_t Card(std::size_t begin) const;
  std::size_t NationalId(std::size_t begin) const;
  std::size_t Phone(std::size_t begin) const;
  std::size_t IpV4(std::size_t begin) const;
  std::size_t BankAccount(std::size_t begin) const;
  // Around an `@` and around a colon; `from`: what is before has been found already.
  TextRange Email(std::size_t at, std::size_t from) const;
  TextRange IpV6(std::size_t colon, std::size_t from) const;

 private:
  bool Digits(std::size_t begin, std::size_t count) const {
    for (std::size_t i = begin; i < begin + count; ++i) {
      if (!IsDigit(at(i))) return false;
    }
    return true;
  }

  const std::string_view text_;
};

bool IsIssued(std::string_view digits) {
  const auto number = [digits](std::size_t count) {
    int value = 0;
    for (const char c : digits.substr(0, count)) value = value * 10 + (c - '0');
    return value;
  };
  const std::size_t size = digits.size();
  const int two = number(2), three = number(3), four = number(4);
  if (digits[0] == '4') return size == 13 || size == 16 || size == 19;  // Visa
  if (two >= 51 && two <= 55) return size == 16;                        // Mastercard
  if (four >= 2221 && four <= 2720) return size == 16;                  // Mastercard
  if (two == 34 || two == 37) return size == 15;                        // American Express
  if (two == 36 || two == 38 || (three >= 300 && three <= 305)) return size == 14;  // Diners Club
  if (four >= 3528 && four <= 3589) return size == 16;                              // JCB
  if (four == 6011 || two == 65 || (three >= 644 && three <= 649)) return size == 16;  // Discover
  if (two == 62) return size >= 16;                                                    // UnionPay
  return (two == 50 || (two >= 56 && two <= 69)) && size >= 13;                        // Maestro
}

bool HasLuhnDigit(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 1 && (digit *= 2) > 9) digit -= 9;
    sum += digit;
  }
  return sum % 10 == 0;
}

std::size_t Look::Card(std::size_t begin) const {
  std::array<char, 19> digits;
  std::array<std::size_t, 19> ends;
  std::size_t count = 0;
  for (std::size_t i = begin; count < digits.size(); ++count) {
    if ((at(i) == ' ' || at(i) == '-') && count > 0) ++i;
    if (!IsDigit(at(i))) break;
    digits[count] = at(i);
    ends[count] = ++i;
  }
  for (; count >= 13; --count) {
    const std::string_view number(digits.data(), count);
    const std::size_t end = ends[count - 1];
    if (!IsWord(at(end)) && IsIssued(number) && HasLuhnDigit(number)) return end;
  }
  return 0;
}

std::size_t Look::NationalId(std::size_t begin) const {
  const char mark = at(begin + 3);
  if ((mark != '-' && mark != ' ') || at(begin + 6) != mark) return 0;
  if (!Digits(begin, 3) || !Digits(begin + 4, 2) || !Digits(begin + 7, 4) || !EndsAt(begin + 11))
    return 0;
  const std::string_view area = text_.substr(begin, 3);
  const bool issued = area != "000" && area != "666" && area[0] != '9' &&
                      text_.substr(begin + 4, 2) != "00" && text_.substr(begin + 7, 4) != "0000";
  return issued ? begin + 11 : 0;
}

std::size_t Look::Phone(std::size_t begin) const {
  const auto is_mark = [](char c) { return c == ' ' || c == '-' || c == '.'; };
  if (at(begin) == '+') {
    std::size_t digits = 0, end = 0;
    for (std::size_t i = begin + 1; digits < 16; ++i) {
      if (IsDigit(at(i))) {
        ++digits;
        end = i + 1;
        continue;
      }
      const bool bracket = at(i) == '(' || at(i) == ')';
      const bool goes_on = IsDigit(at(i + 1)) || at(i + 1) == '(' || at(i + 1) == ' ';
      if (digits == 0 || !(bracket || is_mark(at(i))) || !goes_on) break;
    }
    return digits >= 8 && digits <= 15 && EndsAt(end) ? end : 0;
  }
  std::size_t i = begin;
  if (at(i) == '1' && is_mark(at(i + 1))) i += 2;
  const bool bracket = at(i) == '(';
  if (bracket) ++i;
  if (!Digits(i, 3) || at(i) < '2') return 0;
  i += 3;
  if (bracket && at(i++) != ')') return 0;
  if (is_mark(at(i))) {
    ++i;
  } else if (!bracket) {
    return 0;
  }
  if (!Digits(i, 3) || !is_mark(at(i + 3)) || !Digits(i + 4, 4)) return 0;
  return EndsAt(i + 8) ? i + 8 : 0;
}

std::size_t Look::IpV4(std::size_t begin) const {
  std::size_t i = begin;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && at(i++) != '.') return 0;
    int value = 0;
    std::size_t digits = 0;
    for (; IsDigit(at(i)) && digits < 4; ++i, ++digits) value = value * 10 + (at(i) - '0');
    if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && at(i - digits) == '0')) return 0;
  }
  return EndsAt(i) ? i : 0;
}

std::size_t Look::BankAccount(std::size_t begin) const {
  if (!IsUpper(at(begin)) || !IsUpper(at(begin + 1)) || !Digits(begin + 2, 2)) return 0;
  std::array<char, 34> letters;
  std::array<std::size_t, 34> ends;
  std::size_t count = 0;
  for (std::size_t i = begin; count < letters.size(); ++count) {
    if (at(i) == ' ' && count >= 4 && count % 4 == 0) ++i;
    if (!IsDigit(at(i)) && !IsUpper(at(i))) break;
    letters[count] = at(i);
    ends[count] = ++i;
  }
  for (; count >= 15; --count) {
    if (IsWord(at(ends[count - 1]))) continue;
    int rest = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const char c = letters[(i + 4) % count];
      rest = IsDigit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
    }
    if (rest == 1) return ends[count - 1];
  }
  return 0;
}

TextRange Look::Email(std::size_t sign, std::size_t from) const {
  constexpr std::size_t kMaxLocal = 64;
  constexpr std::size_t kMaxLabel = 63;
  const auto is_local = [](char c) {
    return IsWord(c) || c == '.' || c == '+' || c == '-' || c == '%' || c == '\'';
  };
  std::size_t begin = sign;
  while (begin > from && sign - begin < kMaxLocal && is_local(text_[begin - 1])) --begin;
  while (begin < sign && !IsWord(text_[begin])) ++begin;
  if (begin == sign) return {};
  std::size_t end = 0, labels = 0;
  for (std::size_t i = sign + 1;; ++i) {
    const std::size_t first = i;
    bool letters = true;
    for (; i - first < kMaxLabel && (IsLetter(at(i)) || IsDigit(at(i)) || at(i) == '-'); ++i)
      letters = letters && IsLetter(at(i));
    if (i == first) break;
    // The last one is a word: `de`, `example`.
    if (++labels > 1 && letters && i - first >= 2) end = i;
    if (at(i) != '.') break;
  }
  return end == 0 ? TextRange{} : TextRange{begin, end};
}

TextRange Look::IpV6(std::size_t colon, std::size_t from) const {
  const auto is_part = [](char c) { return IsHex(c) || c == ':' || c == '.'; };
  std::size_t begin = colon, end = colon;
  while (begin > from && colon - begin < 5 && IsHex(text_[begin - 1])) --begin;
  while (is_part(at(end)) && end - begin < INET6_ADDRSTRLEN) ++end;
  // A sentence may end behind it.
  while (end > colon && at(end - 1) == '.') --end;
  const std::string_view candidate = text_.substr(begin, end - begin);
  if (std::count(candidate.begin(), candidate.end(), ':') < 2 || candidate.size() < 6) return {};
  if ((begin > 0 && IsWord(text_[begin - 1])) || IsWord(at(end))) return {};
  std::array<char, INET6_ADDRSTRLEN + 1> copy{};
  in6_addr address;
  if (candidate.size() >= copy.size()) return {};
  candidate.copy(copy.data(), candidate.size());
  if (inet_pton(AF_INET6, copy.data(), &address) != 1) return {};
  return {begin, end};
}

}  // namespace

void FindPersonalData(std::string_view text, std::uint8_t kinds, TextRanges& found) {
  const Look look(text);
  std::size_t from = 0;  // behind what has been found
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Cue cue = kCues[static_cast<unsigned char>(text[i])];
    if (cue == kNone) continue;
    TextRange range;
    if (cue == kAt) {
      if (kinds & kEmail) range = look.Email(i, from);
    } else if (cue == kColon) {
      if (kinds & kIpAddress) range = look.IpV6(i, from);
    } else if (look.BeginsAt(i)) {
      std::size_t end = 0;
      const auto try_as = [&](std::uint8_t kind, std::size_t (Look::*find)(std::size_t) const) {
        if (end == 0 && (kinds & kind)) end = (look.*find)(i);
      };
      if (cue == kLetter) {
        try_as(kBankAccount, &Look::BankAccount);
      } else {
        if (cue == kDigit) {
          try_as(kCard, &Look::Card);
          try_as(kNationalId, &Look::NationalId);
          try_as(kIpAddress, &Look::IpV4);
        }
        try_as(kPhone, &Look::Phone);
      }
      range = {i, end};
    }
    if (range.end <= i) continue;
    found.push_back(range);
    from = range.end;
    i = range.end - 1;
  }
}

}  // namespace policy
