#include "base/auth/api_key.h"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/auth/openssl.h"

namespace base::auth {
namespace {

constexpr std::string_view kPrefix = "ptk_";
constexpr std::size_t kIdLength = 12;
constexpr std::size_t kSecretLength = 43;  // 32 bytes in base64url
constexpr std::string_view kIdAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int Base64UrlValue(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '-') return 62;
  if (c == '_') return 63;
  return -1;
}

bool IsIdCharacter(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string RandomId() {
  // 252 = 7 * 36: larger bytes are thrown away, so that each character is equally likely.
  std::string id;
  while (id.size() < kIdLength) {
    for (const char byte : RandomBytes(kIdLength)) {
      const auto value = static_cast<unsigned char>(byte);
      if (value < 252 && id.size() < kIdLength) id += kIdAlphabet[value % 36];
    }
  }
  return id;
}

}  // namespace

NewKey GenerateKey() {
  NewKey made;
  made.id = RandomId();
  made.key = std::string(kPrefix) + made.id + "_" + Base64UrlEncode(RandomBytes(32));
  made.sha256 = HashKey(made.key);
  return made;
}

std::optional<std::string_view> KeyId(std::string_view key) {
  if (key.size() != kPrefix.size() + kIdLength + 1 + kSecretLength) return std::nullopt;
  if (!key.starts_with(kPrefix)) return std::nullopt;
  const std::string_view id = key.substr(kPrefix.size(), kIdLength);
  const std::string_view secret = key.substr(kPrefix.size() + kIdLength + 1);
  if (key[kPrefix.size() + kIdLength] != '_') return std::nullopt;
  if (!std::all_of(id.begin(), id.end(), IsIdCharacter)) return std::nullopt;
  const bool well_formed =
      std::all_of(secret.begin(), secret.end(), [](char c) { return Base64UrlValue(c) >= 0; });
  if (!well_formed) return std::nullopt;
  return id;
}

std::string HashKey(std::string_view key) { return Sha256(key); }

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  // By words: CRYPTO_memcmp goes byte by byte, which is most of what a long token costs when it is seen again.
  std::uint64_t difference = 0;
  std::size_t at = 0;
  for (; at + sizeof(difference) <= a.size(); at += sizeof(difference)) {
    std::uint64_t left = 0;
    std::uint64_t right = 0;
    std::memcpy(&left, a.data() + at, sizeof(left));
    std::memcpy(&right, b.data() + at, sizeof(right));
    difference |= left ^ right;
  }
  for (; at < a.size(); ++at)
    difference |= static_cast<unsigned char>(a[at]) ^ static_cast<unsigned char>(b[at]);
  // Hides from the compiler that nothing but zero matters, so that it cannot stop early.
  const volatile std::uint64_t whole = difference;
  return whole == 0;
}

std::string RandomBytes(std::size_t bytes) {
  std::string random(bytes, '\0');
  openssl::MustSucceed(
      RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(bytes)) == 1);
  return random;
}

std::string Base64UrlEncode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t window = 0;
  int bits = 0;
  for (const char byte : bytes) {
    window = (window << 8) | static_cast<unsigned char>(byte);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += kBase64Url[(window >> bits) & 63];
    }
  }
  if (bits > 0) text += kBase64Url[(window << (6 - bits)) & 63];
  return text;
}

std::optional<std::string> Base64UrlDecode(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t window = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = Base64UrlValue(c);
    if (value < 0) return std::nullopt;
    window = (window << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((window >> bits) & 255);
    }
  }
  // One spelling only: the bits that stand for nothing must be zero, or a token could be respelt.
  if ((window & ((1U << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

std::string Sha256(std::string_view bytes) {
  // Looking the algorithm up costs locks and memory; once for the thread is enough.
  thread_local const openssl::Digest algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  thread_local const openssl::DigestContext context(EVP_MD_CTX_new());
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  openssl::MustSucceed(
      algorithm && context && EVP_DigestInit_ex2(context.get(), algorithm.get(), nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) ==
          1);
  return digest;
}

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

}  // namespace base::auth
