#include "base/http/body_reader.h"

#include <algorithm>
#include <string>

namespace base::http {
namespace {

Error TooLong(std::size_t max_bytes) {
  return Fail(Code::kResourceExhausted,
              "the body is longer than " + std::to_string(max_bytes) + " bytes");
}

}  // namespace

void BodyReader::Begin(const Framing& framing) {
  framing_ = framing;
  bytes_ = 0;
  whole_ = {};
  complete_ = framing.body == Framing::Body::kNone;
  if (framing.body == Framing::Body::kChunked) chunks_ = ChunkDecoder();
}

void BodyReader::End() { aside_.Release(); }

bool BodyReader::arrived() const {
  if (complete_) return true;
  return framing_.body == Framing::Body::kLength &&
         wire_.buffer().input().size() >= framing_.length - bytes_;
}

std::optional<std::uint64_t> BodyReader::remaining() const {
  if (complete_) return 0;
  if (framing_.body == Framing::Body::kLength) return framing_.length - bytes_;
  return std::nullopt;
}

Task<Result<std::string_view>> BodyReader::ReadAll(std::size_t max_bytes) {
  if (!complete_) {
    const bool has_length = framing_.body == Framing::Body::kLength;
    if (has_length && framing_.length > max_bytes) co_return TooLong(max_bytes);
    Result<void> read;
    if (!has_length) {
      read = co_await Gather(max_bytes);
    } else if (framing_.length <= wire_.buffer().input().size() + wire_.buffer().room().size()) {
      if (!arrived()) read = co_await ReadInPlace();
    } else {
      read = co_await ReadAside();
    }
    if (!read) co_return read.error();
    if (has_length && aside_.capacity() == 0) {
      whole_ = wire_.buffer().input().substr(0, framing_.length);
      wire_.buffer().Consume(framing_.length);
    } else {
      whole_ = aside_.input();
    }
    bytes_ = whole_.size();
    complete_ = true;
  }
  if (whole_.size() > max_bytes) co_return TooLong(max_bytes);
  co_return whole_;
}

Task<Result<void>> BodyReader::ReadInPlace() {
  while (wire_.buffer().input().size() < framing_.length) {
    Result<void> more = co_await More();
    if (!more) co_return more;
  }
  co_return Result<void>();
}

Task<Result<void>> BodyReader::ReadAside() {
  // A receive may be pending since before this message began.
  while (wire_.receiving()) {
    Result<void> more = co_await More();
    if (!more) co_return more;
  }
  ReadBuffer& buffer = wire_.buffer();
  aside_.Reserve(ReadBuffer::kLarge);
  while (aside_.input().size() < framing_.length) {
    if (aside_.room().empty())
      aside_.Reserve(std::min<std::size_t>(framing_.length, 2 * aside_.capacity()));
    const std::size_t wanted =
        std::min<std::size_t>(framing_.length - aside_.input().size(), aside_.room().size());
    std::size_t got = std::min(wanted, buffer.input().size());
    if (got > 0) {
      std::copy_n(buffer.input().data(), got, aside_.room().data());
      buffer.Consume(got);
    } else {
      owner_.BeforeWait();
      got = co_await wire_.FillInto(aside_.room().first(wanted));
      owner_.AfterWait();
      if (got == 0) co_return owner_.WhyEnded();
    }
    aside_.Filled(got);
    bytes_ = aside_.input().size();
  }
  co_return Result<void>();
}

// A body of unknown length.
Task<Result<void>> BodyReader::Gather(std::size_t max_bytes) {
  for (;;) {
    Result<std::string_view> some = TakeSome();
    if (!some) co_return some.error();
    const std::size_t size = aside_.input().size() + some->size();
    if (size > max_bytes) co_return TooLong(max_bytes);
    if (aside_.capacity() < size || aside_.capacity() == 0) {
      aside_.Reserve(std::max(size, std::min(max_bytes, 2 * aside_.capacity())));
    }
    std::copy_n(some->data(), some->size(), aside_.room().data());
    aside_.Filled(some->size());
    if (complete_) co_return Result<void>();
    Result<void> more = co_await More();
    if (more) continue;
    if (complete_) co_return Result<void>();
    co_return more;
  }
}

Result<std::string_view> BodyReader::TakeSome() {
  ReadBuffer& buffer = wire_.buffer();
  if (framing_.body == Framing::Body::kChunked) {
    const ChunkDecoder::Outcome outcome =
        chunks_.Decode(buffer.input_data(), buffer.input().size());
    if (outcome.broken) return Fail(Code::kInvalidArgument, "the body's chunks are malformed");
    buffer.Consume(outcome.consumed);
    bytes_ += outcome.payload.size();
    complete_ = outcome.done;
    return outcome.payload;
  }
  std::string_view some = buffer.input();
  if (framing_.body == Framing::Body::kLength) some = some.substr(0, framing_.length - bytes_);
  buffer.Consume(some.size());
  bytes_ += some.size();
  if (framing_.body == Framing::Body::kLength) complete_ = bytes_ == framing_.length;
  return some;
}

Task<Result<std::string_view>> BodyReader::ReadSome() {
  wire_.buffer().Unpin();
  while (!complete_) {
    Result<std::string_view> some = TakeSome();
    if (!some || !some->empty()) co_return some;
    if (complete_) break;
    ReadBuffer& buffer = wire_.buffer();
    if (!wire_.receiving()) {
      buffer.Compact();
      const std::optional<std::uint64_t> left = remaining();
      if (left && *left > ReadBuffer::kSmall && buffer.capacity() < ReadBuffer::kLarge) {
        buffer.Reserve(ReadBuffer::kLarge);
      }
    }
    Result<void> more = co_await More();
    if (!more && !complete_) co_return more.error();
  }
  co_return std::string_view();
}

Task<bool> BodyReader::Discard() {
  while (!complete_) {
    Result<std::string_view> some = TakeSome();
    if (!some) co_return false;
    if (complete_) break;
    Result<void> more = co_await More();
    if (!more) co_return false;
  }
  co_return true;
}

Task<Result<void>> BodyReader::More() {
  ReadBuffer& buffer = wire_.buffer();
  if (!wire_.receiving()) buffer.Compact();
  owner_.BeforeWait();
  const bool more = co_await wire_.Fill();
  owner_.AfterWait();
  if (more) co_return Result<void>();
  if (framing_.body == Framing::Body::kUntilEnd && wire_.state() == Wire::State::kEnded) {
    complete_ = true;
    co_return owner_.WhyEnded();
  }
  if (wire_.open() && buffer.capacity() > 0 && buffer.room().empty())
    co_return Fail(Code::kInvalidArgument, "the head leaves no room for the body");
  co_return owner_.WhyEnded();
}

}  // namespace base::http
