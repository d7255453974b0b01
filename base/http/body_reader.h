// A BodyReader reads the body of one message from its connection: whole, piece by piece, or to
// throw it away.
//
// A body that fits behind its head stays in the read buffer; another is gathered aside, in memory
// that grows with what has come and not with what was announced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/http/chunk_decoder.h"
#include "base/http/head_parser.h"
#include "base/http/read_buffer.h"
#include "base/http/wire.h"
#include "base/result.h"
#include "base/task.h"

namespace base::http {

// The connection that a body comes by.
class BodyOwner {
 public:
  virtual ~BodyOwner() = default;
  // The reader is about to wait for bytes, or has waited.
  virtual void BeforeWait() = 0;
  virtual void AfterWait() = 0;
  // Why no more bytes come.
  virtual Error WhyEnded() = 0;
};

class BodyReader {
 public:
  BodyReader(Wire& wire, BodyOwner& owner) : wire_(wire), owner_(owner) {}

  // A new message, whose head has been consumed and pinned.
  void Begin(const Framing& framing);
  // Gives back what the last one needed.
  void End();

  // The whole; valid until End. kResourceExhausted over `max_bytes`, kInvalidArgument for malformed
  // chunks, and what WhyEnded says.
  Task<Result<std::string_view>> ReadAll(std::size_t max_bytes);
  // The next bytes, valid until the next call; empty at the end. The head's views end with the
  // first call.
  Task<Result<std::string_view>> ReadSome();
  // Reads what remains and throws it away; false when the end did not come. REQUIRES: remaining().
  Task<bool> Discard();

  bool complete() const { return complete_; }
  // Whether all of it has come already, so that the next bytes belong to the next message.
  bool arrived() const;
  // How much is still to come; absent when nobody knows.
  std::optional<std::uint64_t> remaining() const;
  // Of the body, read so far.
  std::uint64_t bytes() const { return bytes_; }

 private:
  Task<Result<void>> ReadInPlace();
  Task<Result<void>> ReadAside();
  Task<Result<void>> Gather(std::size_t max_bytes);
  Task<Result<void>> More();
  // Takes what can be taken of the input; the result is valid until more is read.
  Result<std::string_view> TakeSome();

  Wire& wire_;
  BodyOwner& owner_;
  Framing framing_;
  bool complete_ = true;
  std::uint64_t bytes_ = 0;
  // The whole body, once complete.
  std::string_view whole_;
  ReadBuffer aside_;
  ChunkDecoder chunks_;
};

}  // namespace base::http
