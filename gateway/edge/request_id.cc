#include "gateway/edge/request_id.h"

#include <algorithm>
#include <array>
#include <random>

namespace gateway {

namespace {

bool IsIdByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::uint64_t Random() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return generator();
}

}  // namespace

void AssignRequestId(std::string_view offered, std::int64_t now_unix_ms, std::string& out) {
  if (!offered.empty() && offered.size() <= 64 &&
      std::all_of(offered.begin(), offered.end(), IsIdByte)) {
    out.assign(offered);
    return;
  }
  MakeUlid(now_unix_ms, out);
}

void MakeUlid(std::int64_t now_unix_ms, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's base 32
  std::array<char, 26> text;
  auto time = static_cast<std::uint64_t>(now_unix_ms);
  for (int i = 9; i >= 0; --i, time >>= 5) text[static_cast<std::size_t>(i)] = kDigits[time & 31];
  std::uint64_t high = Random(), low = Random();
  for (std::size_t i = 10; i < 18; ++i, high >>= 5) text[i] = kDigits[high & 31];
  for (std::size_t i = 18; i < 26; ++i, low >>= 5) text[i] = kDigits[low & 31];
  out.assign(text.data(), text.size());
}

std::string_view TraceIdOf(std::string_view traceparent) {
  // version "-" trace-id (32) "-" parent-id (16) "-" flags
  if (traceparent.size() < 55 || traceparent[2] != '-' || traceparent[35] != '-' ||
      traceparent[52] != '-')
    return {};
  const std::string_view id = traceparent.substr(3, 32);
  if (!std::all_of(id.begin(), id.end(), IsHex) ||
      id.find_first_not_of('0') == std::string_view::npos)
    return {};
  return id;
}

}  // namespace gateway
