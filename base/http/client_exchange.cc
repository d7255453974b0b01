#include "base/http/client_exchange.h"

#include <algorithm>
#include <utility>

namespace base::http {
namespace {

bool IsIdempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE";
}

}  // namespace

HttpExchange::HttpExchange(PooledConnectionPtr connection, const Client::Request& request)
    : connection_(std::move(connection)),
      wire_(connection_->wire()),
      cancel_(request.cancel),
      idle_(request.endless_body       ? std::chrono::milliseconds(0)
            : request.idle.count() > 0 ? request.idle
                                       : connection_->pool().limits().idle),
      is_head_request_(request.method == "HEAD"),
      is_idempotent_(IsIdempotent(request.method)),
      head_(connection_->head()),
      body_(wire_, *this) {
  if (cancel_) hook_.emplace(*cancel_, OnCancel{*this});
}

HttpExchange::~HttpExchange() {
  hook_.reset();
  body_.End();
  connection_->DisarmDeadline();
  wire_.buffer().Unpin();
  if (keep_ && body_.complete() && wire_.open() && !wire_.send_failed())
    connection_->pool().GiveBack(std::move(connection_));
}

void* HttpExchange::operator new(std::size_t bytes) { return task_internal::AllocateFrame(bytes); }
void HttpExchange::operator delete(void* memory, std::size_t bytes) noexcept {
  task_internal::FreeFrame(memory, bytes);
}

void HttpExchange::OnCancel::operator()() {
  exchange.cancelled_ = true;
  exchange.wire_.Close();
}

Task<boost::system::result<void, SendFailure>> HttpExchange::Start(std::string_view head,
                                                                   const Client::Request& request) {
  const std::chrono::milliseconds limit =
      request.first_byte.count() > 0 ? request.first_byte : connection_->pool().limits().first_byte;
  Pieces pieces;
  pieces.Add(head);
  for (std::string_view piece : request.body) pieces.Add(piece);
  Wire::Sent sent = wire_.SendSoon(pieces);
  if (sent == Wire::Sent::kSome) {
    const std::string rest_of_head(pieces.first());
    pieces.ReplaceFirst(rest_of_head);
    do {
      connection_->ArmDeadline(limit);
      co_await wire_.Writable();
      sent = wire_.TrySend(pieces);
    } while (sent == Wire::Sent::kSome);
  }
  // A server may refuse before it has read everything, and close: its answer is worth more than our
  // error.
  connection_->ArmDeadline(limit);
  searched_ = 0;
  for (;;) {
    const int taken = TakeHead();
    if (taken > 0) break;
    if (taken < 0) co_return Failure("malformed response");
    ReadBuffer& buffer = wire_.buffer();
    if (buffer.input().size() >= connection_->pool().limits().max_head_bytes) {
      co_return Failure("the response's head is too long");
    }
    if (!wire_.receiving()) {
      buffer.Compact();
      if (buffer.capacity() > 0 && buffer.room().empty()) buffer.Reserve(2 * buffer.capacity());
    }
    const bool more = co_await wire_.Fill();
    if (!more && !wire_.open()) {
      co_return Failure(sent == Wire::Sent::kFailed ? "send the request" : "await the response");
    }
    got_bytes_ = got_bytes_ || more;
  }
  connection_->DisarmDeadline();
  keep_ = framing_.keep_alive && sent == Wire::Sent::kAll;
  body_.Begin(framing_);
  co_return boost::system::result<void, SendFailure>();
}

int HttpExchange::TakeHead() {
  ReadBuffer& buffer = wire_.buffer();
  for (;;) {
    const std::string_view input = buffer.input();
    if (input.empty()) return 0;
    if (searched_ > 0 && FindHeadEnd(input, searched_) == 0) {
      searched_ = input.size();
      return 0;
    }
    const HeadOutcome outcome = ParseResponseHead(input, is_head_request_, head_, framing_);
    if (outcome.refused != 0) return -1;
    searched_ = input.size();
    if (outcome.bytes == 0) return 0;
    if (outcome.bytes > connection_->pool().limits().max_head_bytes) return -1;
    // 100, 102, 103 come before the response; 101 would end HTTP, and we never ask for it.
    if (head_.status == 101) return -1;
    buffer.Consume(outcome.bytes);
    if (head_.status >= 200) break;
    searched_ = 0;
  }
  buffer.Pin();
  return 1;
}

SendFailure HttpExchange::Failure(std::string_view what) {
  SendFailure failure;
  failure.stage = "http";
  const std::string to = connection_->pool().authority();
  if (cancelled_) {
    failure.error = Fail(Code::kCancelled, "the request was cancelled");
  } else if (connection_->expired()) {
    failure.error = Fail(Code::kDeadlineExceeded, to + " did not answer in time");
  } else if (wire_.open()) {
    failure.error = Fail(Code::kUnavailable, to + ": " + std::string(what));
  } else {
    failure.error =
        Fail(Code::kUnavailable, to + " closed the connection (" + std::string(what) + ")");
    failure.nothing_sent = !got_bytes_ && wire_.UnreadByPeer();
    may_repeat_ = !got_bytes_ && connection_->used() && (is_idempotent_ || failure.nothing_sent);
  }
  return failure;
}

// ---- The body

Task<Result<std::string_view>> HttpExchange::ReadSome() { return body_.ReadSome(); }
Task<Result<std::string_view>> HttpExchange::ReadBody(std::size_t max_bytes) {
  return body_.ReadAll(max_bytes);
}

void HttpExchange::BeforeWait() {
  if (idle_.count() > 0) connection_->ArmDeadline(idle_);
}

void HttpExchange::AfterWait() { connection_->DisarmDeadline(); }

Error HttpExchange::WhyEnded() {
  const std::string from = connection_->pool().authority();
  if (cancelled_) return Fail(Code::kCancelled, "the request was cancelled");
  if (connection_->expired())
    return Fail(Code::kDeadlineExceeded, from + " sent nothing for too long");
  return Fail(Code::kUnavailable, from + " closed the connection in the middle of its answer");
}

}  // namespace base::http
