// Long secrets in pieces: what is sealed is read and written chunk by chunk, so that its length costs no memory.
//
//   header | chunk 0 | chunk 1 | ... | last chunk
//   header: salt (16) and the cost of scrypt (1: log2 of N); r = 8, p = 1
//   chunk:  ciphertext + tag (16); its nonce is 7 zero bytes, its number (4, big endian) and 1 for the last, else 0
//
// AES-256-GCM with a key that scrypt makes of the passphrase and a fresh salt. A chunk that is altered, moved, left out
// or put behind the last one does not open, nor does anything of a stream with another header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace base::auth {

inline constexpr std::size_t kStreamHeaderBytes = 17;
// Of plain text; every chunk but the last has as many.
inline constexpr std::size_t kStreamChunkBytes = 64 * 1024;
inline constexpr std::size_t kStreamTagBytes = 16;

// Takes half a second and 128 MiB, on purpose, for each of both.
class StreamSealer {
 public:
  explicit StreamSealer(std::string_view passphrase);
  ~StreamSealer();

  const std::string& header() const { return header_; }
  // REQUIRES: kStreamChunkBytes, or fewer when it is the last. Nothing comes behind the last.
  enum class Place { kMiddle, kLast };
  std::string Seal(std::string_view chunk, Place place);
  // Of a whole stream with so many bytes of plain text.
  static std::uint64_t SealedBytes(std::uint64_t plain_bytes);

 private:
  struct Cipher;
  std::string header_;
  std::unique_ptr<Cipher> cipher_;
};

class StreamOpener {
 public:
  // kInvalidArgument when `header` is none of ours.
  static Result<StreamOpener> Begin(std::string_view passphrase, std::string_view header);
  ~StreamOpener();
  StreamOpener(StreamOpener&&) noexcept;

  // The chunks in their order. kDataLoss: it is not what was sealed; the first one: or the passphrase is wrong.
  Result<std::string> Open(std::string_view sealed, StreamSealer::Place place);

 private:
  struct Cipher;
  explicit StreamOpener(std::unique_ptr<Cipher> cipher);
  std::unique_ptr<Cipher> cipher_;
};

}  // namespace base::auth
