#include "registry/search/cursor.h"

#include <cstdint>

#include "base/auth/api_key.h"

namespace registry::search {
namespace {

// FNV-1a: a check against mistakes; there is nothing to protect.
std::uint32_t Check(std::string_view asked) {
  std::uint32_t hash = 2166136261U;
  for (unsigned char c : asked) hash = (hash ^ c) * 16777619U;
  return hash;
}

void Append(std::string& bytes, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xFF);
}

std::uint32_t Read(std::string_view bytes) {
  std::uint32_t number = 0;
  for (unsigned char c : bytes.substr(0, 4)) number = number << 8 | c;
  return number;
}

}  // namespace

std::string MakeCursor(std::size_t offset, std::string_view asked) {
  std::string bytes;
  Append(bytes, static_cast<std::uint32_t>(offset));
  Append(bytes, Check(asked));
  return base::auth::Base64UrlEncode(bytes);
}

base::Result<std::size_t> ReadCursor(std::string_view cursor, std::string_view asked) {
  if (cursor.empty()) return std::size_t{0};
  std::optional<std::string> bytes;
  if (cursor.size() < 16) bytes = base::auth::Base64UrlDecode(cursor);
  if (!bytes || bytes->size() != 8) {
    return base::Fail(base::Code::kInvalidArgument, "cursor: not one of ours");
  }
  if (Read(std::string_view(*bytes).substr(4)) != Check(asked)) {
    return base::Fail(base::Code::kInvalidArgument,
                      "cursor: made for another query; ask that one again, or leave it out");
  }
  return static_cast<std::size_t>(Read(*bytes));
}

}  // namespace registry::search
