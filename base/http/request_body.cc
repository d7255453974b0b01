#include "base/http/request_body.h"

#include <algorithm>
#include <string>

namespace base::http {
namespace {

Error TooLong(std::size_t max_bytes) {
  return Fail(Code::kResourceExhausted,
              "the body is longer than " + std::to_string(max_bytes) + " bytes");
}

Error Broken(const Wire& wire) {
  switch (wire.state()) {
    case Wire::State::kOpen:
      return Fail(Code::kDeadlineExceeded, "the body came too slowly");
    case Wire::State::kEnded:
      return Fail(Code::kInvalidArgument, "the body ended before its length");
    default:
      return Fail(Code::kCancelled, "the client is gone");
  }
}

}  // namespace

void RequestBody::Begin(const Framing& framing) {
  framing_ = framing;
  bytes_ = 0;
  whole_ = {};
  complete_ = framing.body == Framing::Body::kNone;
  if (framing.body == Framing::Body::kChunked) chunks_.emplace();
}

void RequestBody::End() {
  aside_.Release();
  chunks_.reset();
}

bool RequestBody::arrived() const {
  if (complete_) return true;
  return framing_.body == Framing::Body::kLength &&
         wire_.buffer().input().size() >= framing_.length - bytes_;
}

std::optional<std::uint64_t> RequestBody::remaining() const {
  if (complete_) return 0;
  if (framing_.body == Framing::Body::kLength) return framing_.length - bytes_;
  return std::nullopt;
}

Task<Result<std::string_view>> RequestBody::ReadAll(std::size_t max_bytes) {
  if (!complete_) {
    if (framing_.body == Framing::Body::kLength && framing_.length > max_bytes)
      co_return TooLong(max_bytes);
    Result<void> read;
    if (framing_.body == Framing::Body::kChunked) {
      read = co_await ReadChunks(max_bytes);
    } else if (framing_.length <= wire_.buffer().input().size() + wire_.buffer().room().size()) {
      if (!arrived()) read = co_await ReadInPlace();
    } else {
      read = co_await ReadAside();
    }
    if (!read) co_return read.error();
    if (framing_.body == Framing::Body::kLength && aside_.capacity() == 0) {
      whole_ = wire_.buffer().input().substr(0, framing_.length);
      wire_.buffer().Consume(framing_.length);
    } else {
      whole_ = aside_.input();
    }
    bytes_ = whole_.size();
    complete_ = true;
    wire_.Watch();
  }
  if (whole_.size() > max_bytes) co_return TooLong(max_bytes);
  co_return whole_;
}

Task<Result<void>> RequestBody::ReadInPlace() {
  while (wire_.buffer().input().size() < framing_.length) {
    Result<void> more = co_await More();
    if (!more) co_return more;
  }
  co_return Result<void>();
}

Task<Result<void>> RequestBody::ReadAside() {
  SendContinue();
  // A receive may be pending since before this request began.
  while (wire_.receiving()) {
    Result<void> more = co_await More();
    if (!more) co_return more;
  }
  ReadBuffer& buffer = wire_.buffer();
  // Memory grows with what has come, not with what was announced.
  aside_.Reserve(ReadBuffer::kLarge);
  while (aside_.input().size() < framing_.length) {
    if (aside_.room().empty())
      aside_.Reserve(std::min<std::size_t>(framing_.length, 2 * aside_.capacity()));
    const std::size_t wanted =
        std::min<std::size_t>(framing_.length - aside_.input().size(), aside_.room().size());
    if (const std::size_t here = std::min(wanted, buffer.input().size()); here > 0) {
      std::copy_n(buffer.input().data(), here, aside_.room().data());
      buffer.Consume(here);
      aside_.Filled(here);
      bytes_ = aside_.input().size();
      continue;
    }
    const std::size_t got = co_await wire_.FillInto(aside_.room().first(wanted));
    if (got == 0) co_return Broken(wire_);
    aside_.Filled(got);
    bytes_ = aside_.input().size();
  }
  co_return Result<void>();
}

Task<Result<void>> RequestBody::ReadChunks(std::size_t max_bytes) {
  ReadBuffer& buffer = wire_.buffer();
  for (;;) {
    const ChunkDecoder::Outcome outcome =
        chunks_->Decode(buffer.input_data(), buffer.input().size());
    if (outcome.broken) co_return Fail(Code::kInvalidArgument, "the body's chunks are malformed");
    const std::size_t size = aside_.input().size() + outcome.payload;
    if (size > max_bytes) co_return TooLong(max_bytes);
    if (aside_.capacity() < size || aside_.capacity() == 0) {
      aside_.Reserve(std::max(size, std::min(max_bytes, 2 * aside_.capacity())));
    }
    std::copy_n(buffer.input_data(), outcome.payload, aside_.room().data());
    aside_.Filled(outcome.payload);
    buffer.Consume(outcome.consumed);
    bytes_ = size;
    if (outcome.done) co_return Result<void>();
    Result<void> more = co_await More();
    if (!more) co_return more;
  }
}

Task<bool> RequestBody::Discard() {
  ReadBuffer& buffer = wire_.buffer();
  for (;;) {
    const std::size_t taken =
        std::min<std::size_t>(buffer.input().size(), framing_.length - bytes_);
    buffer.Consume(taken);
    bytes_ += taken;
    complete_ = bytes_ == framing_.length;
    if (complete_) co_return true;
    Result<void> more = co_await More();
    if (!more) co_return false;
  }
}

Task<Result<void>> RequestBody::More() {
  SendContinue();
  if (!wire_.receiving()) wire_.buffer().Compact();
  const bool more = co_await wire_.Fill();
  if (!more) {
    if (wire_.open() && wire_.buffer().room().empty()) {
      co_return Fail(Code::kInvalidArgument, "a chunk's head is too long");
    }
    co_return Broken(wire_);
  }
  co_return Result<void>();
}

void RequestBody::SendContinue() {
  if (!framing_.expects_continue) return;
  framing_.expects_continue = false;
  Pieces pieces;
  pieces.Add("HTTP/1.1 100 Continue\r\n\r\n");
  // A client that does not take 25 bytes now sends its body when its own patience ends.
  wire_.TrySend(pieces);
}

}  // namespace base::http
