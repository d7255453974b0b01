#include "base/http/chunk_decoder.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/http/characters.h"

namespace base::http {
namespace {

constexpr int kMaxDigits = 16;
constexpr std::uint64_t kMaxExcess = 16 * 1024;
// What may stand around a chunk's data without counting as excess; twice its length is added.
constexpr std::uint64_t kDueForAChunk = 16;

// The value of a hexadecimal digit; -1: it is none.
constexpr std::array<signed char, 256> kHexValues = [] {
  std::array<signed char, 256> table{};
  table.fill(-1);
  for (unsigned char c = '0'; c <= '9'; ++c) table[c] = static_cast<signed char>(c - '0');
  for (unsigned char c = 'a'; c <= 'f'; ++c)
    table[c] = table[c - 'a' + 'A'] = static_cast<signed char>(c - 'a' + 10);
  return table;
}();

int HexValue(char c) { return kHexValues[static_cast<unsigned char>(c)]; }

}  // namespace

ChunkDecoder::Outcome ChunkDecoder::Decode(char* bytes, std::size_t size) {
  char* at = bytes;
  char* const end = bytes + size;
  // The payload: the first of it stays where it is.
  char* begin = nullptr;
  char* out = nullptr;
  while (at != end && want_ != Want::kDone && want_ != Want::kBroken) {
    if (want_ == Want::kDataEnd1) at += TakeOrdinary({at, static_cast<std::size_t>(end - at)});
    if (want_ != Want::kData) {
      want_ = ++excess_ > kMaxExcess ? Want::kBroken : Behind(*at++);
      continue;
    }
    const std::size_t length = std::min<std::uint64_t>(left_, static_cast<std::size_t>(end - at));
    if (!begin) begin = out = at;
    if (out != at) std::memmove(out, at, length);
    out += length;
    at += length;
    left_ -= length;
    if (left_ == 0) want_ = Want::kDataEnd1;
  }
  return {static_cast<std::size_t>(at - bytes),
          {begin, static_cast<std::size_t>(out - begin)},
          want_ == Want::kDone,
          want_ == Want::kBroken};
}

std::size_t ChunkDecoder::TakeOrdinary(std::string_view bytes) {
  constexpr std::size_t kMostDigits = 7;
  constexpr std::size_t kMostBytes = 2 + kMostDigits + 2;
  // What an ordinary chunk has around its data is less than what is due: no excess comes of it.
  if (excess_ != 0 || bytes.size() < kMostBytes || !bytes.starts_with("\r\n")) return 0;
  const char* at = bytes.data() + 2;
  unsigned length = 0;
  for (const char* const last = at + kMostDigits; at != last; ++at) {
    const int digit = HexValue(*at);
    if (digit < 0) break;
    length = length << 4 | static_cast<unsigned>(digit);
  }
  if (length == 0 || at[0] != '\r' || at[1] != '\n') return 0;
  left_ = length;
  want_ = Want::kData;
  return static_cast<std::size_t>(at + 2 - bytes.data());
}

ChunkDecoder::Want ChunkDecoder::Behind(char c) {
  const auto only = [c](char expected, Want next) { return c == expected ? next : Want::kBroken; };
  switch (want_) {
    case Want::kSize: return BehindSize(c);
    case Want::kSemicolon: return IsSpace(c) ? Want::kSemicolon : only(';', Want::kExtensions);
    case Want::kExtensions: return IsControl(c) ? only('\r', Want::kSizeEnd) : Want::kExtensions;
    case Want::kSizeEnd: return only('\n', BeginData());
    case Want::kDataEnd1: return only('\r', Want::kDataEnd2);
    case Want::kDataEnd2: return only('\n', Want::kSize);
    case Want::kTrailer: return IsToken(c) ? Want::kTrailerName : only('\r', Want::kEnd);
    case Want::kTrailerName:
      return IsToken(c) ? Want::kTrailerName : only(':', Want::kTrailerValue);
    case Want::kTrailerValue: return IsControl(c) ? only('\r', Want::kTrailerEnd) : want_;
    case Want::kTrailerEnd: return only('\n', Want::kTrailer);
    case Want::kEnd: return only('\n', Want::kDone);
    case Want::kData:
    case Want::kDone:
    case Want::kBroken: break;
  }
  return Want::kBroken;
}

ChunkDecoder::Want ChunkDecoder::BehindSize(char c) {
  if (const int digit = HexValue(c); digit >= 0) {
    left_ = left_ << 4 | static_cast<unsigned>(digit);
    return ++digits_ <= kMaxDigits ? Want::kSize : Want::kBroken;
  }
  if (digits_ == 0) return Want::kBroken;
  if (c == '\r') return Want::kSizeEnd;
  if (c == ';') return Want::kExtensions;
  return IsSpace(c) ? Want::kSemicolon : Want::kBroken;
}

ChunkDecoder::Want ChunkDecoder::BeginData() {
  digits_ = 0;
  if (left_ == 0) return Want::kTrailer;
  const std::uint64_t due = kDueForAChunk + 2 * std::min(left_, kMaxExcess);
  excess_ -= std::min(excess_, due);
  return Want::kData;
}

}  // namespace base::http
