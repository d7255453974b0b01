// A RequestBody reads the body of one request from its connection: whole, or to throw it away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/http/head_parser.h"
#include "base/http/read_buffer.h"
#include "base/http/wire.h"
#include "base/result.h"
#include "base/task.h"

namespace base::http {

class RequestBody {
 public:
  explicit RequestBody(Wire& wire) : wire_(wire) {}

  // A new request, whose head has been consumed and pinned.
  void Begin(const Framing& framing);
  // Gives back what the last one needed.
  void End();

  // Of the exchange: see server.h. A wait that was interrupted ends with kDeadlineExceeded.
  Task<Result<std::string_view>> ReadAll(std::size_t max_bytes);
  // Reads what remains and throws it away; false when the end did not come. REQUIRES: remaining().
  Task<bool> Discard();

  bool complete() const { return complete_; }
  // Whether all of it has come already, so that the next bytes belong to the next request.
  bool arrived() const;
  // How much is still to come; absent when nobody knows.
  std::optional<std::uint64_t> remaining() const;
  // The client waits for `100 Continue` before it sends anything, and has not got it.
  bool awaits_continue() const { return framing_.expects_continue && !complete_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  Task<Result<void>> ReadInPlace();
  Task<Result<void>> ReadAside();
  Task<Result<void>> ReadChunks(std::size_t max_bytes);
  Task<Result<void>> More();
  void SendContinue();

  Wire& wire_;
  Framing framing_;
  bool complete_ = true;
  std::uint64_t bytes_ = 0;
  // The whole body, once complete.
  std::string_view whole_;
  // Where a body goes that does not fit behind its head.
  ReadBuffer aside_;
  std::optional<ChunkDecoder> chunks_;
};

}  // namespace base::http
