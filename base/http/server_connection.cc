#include "base/http/server_connection.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <charconv>
#include <exception>
#include <utility>

namespace base::http {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLingerTime{2'000};
// How much of a body nobody wanted is read, so that the client reads the answer.
constexpr std::size_t kMaxDrained = 64 * 1024;
// Room behind the head that is worth reading a body into.
constexpr std::size_t kBodyRoom = 4 * 1024;

std::uint64_t NextId() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

// The coroutine that owns the connection's run; unlike a spawned one it can be destroyed from
// outside.
struct ServerConnection::Driver {
  struct promise_type {
    Driver get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  std::coroutine_handle<> handle;
};

ServerConnection::Driver ServerConnection::Drive(boost::intrusive_ptr<ServerConnection> self) {
  co_await self->Run();
  self->driver_ = nullptr;
  self->host_.Remove(*self);
}

ServerConnection::ServerConnection(ConnectionHost& host, TcpSocket socket, std::string peer)
    : host_(host),
      wire_(new Wire(std::move(socket))),
      peer_(std::move(peer)),
      id_(NextId()),
      body_(*wire_, *this) {
  wire_->Observe([](void* self) { static_cast<ServerConnection*>(self)->OnPeerGone(); }, this);
}

ServerConnection::~ServerConnection() {
  wire_->Observe(nullptr, nullptr);
  wire_->Close();
}

void ServerConnection::Start() {
  driver_ = Drive(boost::intrusive_ptr<ServerConnection>(this)).handle;
  driver_.resume();
}

void ServerConnection::Close() {
  boost::intrusive_ptr<ServerConnection> held(this);
  if (cancel_) cancel_->Request();
  wire_->Close();
}

void ServerConnection::Retire() {
  retired_ = true;
  if (idle()) wire_->Close();
}

void ServerConnection::Abandon() {
  wire_->Close();
  if (auto driver = std::exchange(driver_, nullptr)) driver.destroy();
}

void ServerConnection::OnPeerGone() {
  if (cancel_) cancel_->Request();
}

// ---- Deadlines

void ServerConnection::Deadline(Phase phase, milliseconds delay) {
  phase_ = phase;
  expired_ = false;
  host_.loop.timers.Arm(
      deadline_, delay, [](void* self) { static_cast<ServerConnection*>(self)->OnDeadline(); },
      this);
}

void ServerConnection::OnDeadline() {
  if (phase_ == Phase::kIdle && idle_left_.count() > 0) {
    wire_->Rest();
    return Deadline(Phase::kIdle, std::exchange(idle_left_, milliseconds(0)));
  }
  expired_ = true;
  if (phase_ == Phase::kWriting) {
    if (cancel_) cancel_->Request();
    return wire_->Close();
  }
  wire_->Interrupt();
}

// ---- The run

Task<void> ServerConnection::Run() {
  bool ready = true;
  if (host_.tls) {
    Deadline(Phase::kWriting, host_.limits.head_timeout);
    wire_->StartTls(TlsSession::Accept(*host_.tls, wire_->socket()));
    ready = co_await wire_->Handshake();
  }
  bool first = true;
  while (ready) {
    // The first request is due sooner than a later one.
    const milliseconds patience = first ? host_.limits.head_timeout : host_.limits.keep_alive;
    first = false;
    idle_left_ = std::max(patience - host_.limits.keep_buffer, milliseconds(0));
    Deadline(Phase::kIdle, std::min(patience, host_.limits.keep_buffer));
    ready = co_await NextHead();
    if (!ready) break;
    BeginOne();
    try {
      co_await host_.service.Serve(*this);
    } catch (const std::exception& error) {
      spdlog::error("a service threw: {}", error.what());
    }
    if (answer_ == Answer::kNone && !cancel_->requested()) {
      const std::string_view sorry = "internal error\n";
      Result<void> ignored = co_await Respond(500, {}, sorry);
    }
    --host_.active;
    if (!FinishAtOnce()) ready = co_await FinishOne();
  }
  deadline_.Disarm();
  phase_ = Phase::kClosed;
  wire_->Close();
}

Task<bool> ServerConnection::NextHead() {
  searched_ = 0;
  for (;;) {
    const int taken = TakeHead();
    if (taken > 0) co_return true;
    if (taken < 0) {
      co_await Linger();
      co_return false;
    }
    ReadBuffer& buffer = wire_->buffer();
    if (!wire_->receiving()) {
      buffer.Compact();
      if (buffer.room().empty()) buffer.Reserve(2 * buffer.capacity());
    }
    // Most heads come whole; only one that does not gets a deadline of its own.
    if (!buffer.input().empty() && phase_ != Phase::kHead)
      Deadline(Phase::kHead, host_.limits.head_timeout);
    const bool more = co_await wire_->Fill();
    if (!more && (!wire_->open() || expired_)) {
      if (expired_ && !wire_->buffer().input().empty()) {
        Refuse(408);
        co_await Linger();
      }
      co_return false;
    }
  }
}

int ServerConnection::TakeHead() {
  ReadBuffer& buffer = wire_->buffer();
  // RFC 9112, section 2.2: empty lines before a request are skipped.
  while (buffer.input().starts_with("\r\n")) buffer.Consume(2);
  const std::string_view input = buffer.input();
  if (input.empty() || input == "\r") return 0;
  // The parser begins anew each time, so after the first try it is asked only when the head is
  // whole.
  if (searched_ > 0 && FindHeadEnd(input, searched_) == 0) {
    searched_ = input.size();
    if (input.size() > host_.limits.max_head_bytes) {
      Refuse(431);
      return -1;
    }
    return 0;
  }
  const HeadOutcome outcome = ParseRequestHead(input, head_, framing_);
  searched_ = input.size();
  const std::size_t size = outcome.bytes > 0 ? outcome.bytes : input.size();
  if (outcome.refused != 0 || size > host_.limits.max_head_bytes) {
    Refuse(outcome.refused != 0 ? outcome.refused : 431);
    return -1;
  }
  if (outcome.bytes == 0) return 0;
  const std::size_t room_behind = input.size() - outcome.bytes + buffer.room().size();
  if (framing_.body != Framing::Body::kNone && room_behind < kBodyRoom && !wire_->receiving()) {
    buffer.Reserve(2 * buffer.capacity());
    ParseRequestHead(buffer.input(), head_, framing_);  // the views have moved
  }
  buffer.Consume(outcome.bytes);
  buffer.Pin();
  return 1;
}

void ServerConnection::BeginOne() {
  deadline_.Disarm();
  phase_ = Phase::kServing;
  expired_ = false;
  answer_ = Answer::kNone;
  keep_ = true;
  bytes_out_ = 0;
  cancel_.emplace();
  body_.Begin(framing_);
  if (body_.arrived()) wire_->Watch();
  ++host_.active;
}

bool ServerConnection::FinishAtOnce() {
  const bool can_go_on = answer_ == Answer::kComplete && keep_ && !cancel_->requested() &&
                         !retired_ && wire_->open() && body_.complete();
  if (!can_go_on) return false;
  cancel_.reset();
  body_.End();
  wire_->buffer().Unpin();
  return true;
}

Task<bool> ServerConnection::FinishOne() {
  const bool cancelled = cancel_->requested();
  cancel_.reset();
  // A stream that was not finished ends as a broken connection, so that the client sees that
  // something is missing.
  const bool whole = answer_ == Answer::kComplete;
  bool keep = whole && keep_ && !cancelled && !retired_ && wire_->open();
  if (keep && !body_.complete()) {
    Deadline(Phase::kHead, host_.limits.head_timeout);
    keep = co_await body_.Discard();
  }
  const bool unread = !body_.complete();
  body_.End();
  wire_->buffer().Unpin();
  if (!keep && whole && (unread || !wire_->buffer().input().empty())) co_await Linger();
  co_return keep;
}

// Reads on for a moment after the last answer: a reset would take the answer from the client.
Task<void> ServerConnection::Linger() {
  wire_->buffer().Unpin();
  wire_->ShutdownSend();
  Deadline(Phase::kLinger, kLingerTime);
  for (std::size_t drained = 0; drained <= kMaxDrained;) {
    ReadBuffer& buffer = wire_->buffer();
    drained += buffer.input().size();
    buffer.Consume(buffer.input().size());
    if (!wire_->receiving()) buffer.Compact();
    const bool more = co_await wire_->Fill();
    if (!more && (!wire_->open() || expired_)) break;
  }
}

// ---- The answer

Task<Result<std::string_view>> ServerConnection::ReadBody(std::size_t max_bytes) {
  return body_.arrived() ? body_.ReadAll(max_bytes) : AwaitBody(max_bytes);
}

Task<Result<std::string_view>> ServerConnection::AwaitBody(std::size_t max_bytes) {
  Deadline(Phase::kServing, host_.limits.body_timeout);
  Result<std::string_view> body = co_await body_.ReadAll(max_bytes);
  deadline_.Disarm();
  if (body_.complete()) wire_->Watch();
  co_return body;
}

void ServerConnection::BeforeWait() {
  if (!std::exchange(framing_.expects_continue, false)) return;
  Pieces pieces;
  pieces.Add("HTTP/1.1 100 Continue\r\n\r\n");
  // A client that does not take 25 bytes now sends its body when its own patience ends.
  wire_->TrySend(pieces);
}

Error ServerConnection::WhyEnded() {
  if (expired_) return Fail(Code::kDeadlineExceeded, "the body came too slowly");
  if (wire_->state() == Wire::State::kEnded)
    return Fail(Code::kInvalidArgument, "the body ended before its length");
  return Fail(Code::kCancelled, "the client is gone");
}

std::string_view ServerConnection::BeginAnswer(int status, std::span<const Field> fields,
                                               std::optional<std::uint64_t> length) {
  const bool has_no_length = status / 100 == 1 || status == 204;
  bodiless_ = has_no_length || status == 304 || head_.method == "HEAD";
  chunked_ = !length && framing_.http_11 && !has_no_length;
  // A body that nobody read is read to its end only when that is short and sure to come.
  const std::optional<std::uint64_t> remaining = body_.remaining();
  const bool can_go_on =
      remaining && *remaining <= kMaxDrained && !(*remaining > 0 && framing_.expects_continue);
  keep_ = framing_.keep_alive && can_go_on && !host_.draining && !retired_ &&
          (length || chunked_ || bodiless_);
  if (has_no_length) length.reset();
  announced_ = length;
  const ResponseFraming framing{length, chunked_, framing_.http_11, keep_};
  return host_.heads.Render(status, fields, framing);
}

void ServerConnection::Refuse(int status) {
  framing_ = Framing{};
  framing_.keep_alive = false;
  head_.method = {};
  body_.Begin(framing_);
  const std::string_view reason = ReasonPhrase(status);
  const Field type{"Content-Type", "text/plain"};
  Pieces pieces;
  pieces.Add(BeginAnswer(status, std::span(&type, 1), reason.size() + 1));
  pieces.Add(reason);
  pieces.Add("\n");
  wire_->TrySend(pieces);
}

Task<Result<void>> ServerConnection::Respond(int status, std::span<const Field> fields,
                                             std::string_view body) {
  Pieces pieces;
  pieces.HoldFirst();
  pieces.Add(body);
  return RespondWith(status, fields, body.size(), std::move(pieces));
}

Task<Result<void>> ServerConnection::Respond(int status, std::span<const Field> fields,
                                             std::span<const std::string_view> body) {
  std::uint64_t length = 0;
  Pieces pieces;
  pieces.HoldFirst();
  for (std::string_view piece : body) {
    length += piece.size();
    pieces.Add(piece);
  }
  return RespondWith(status, fields, length, std::move(pieces));
}

Task<Result<void>> ServerConnection::RespondWith(int status, std::span<const Field> fields,
                                                 std::uint64_t length, Pieces pieces) {
  if (answer_ != Answer::kNone)
    co_return Fail(Code::kInternal, "this request was answered already");
  const std::string_view head = BeginAnswer(status, fields, length);
  if (bodiless_) {
    pieces = Pieces();
    pieces.HoldFirst();
  } else {
    bytes_out_ = length;
  }
  pieces.SetFirst(head);
  answer_ = Answer::kComplete;
  const Wire::Sent sent = SendSoon(pieces);
  if (sent == Wire::Sent::kAll) co_return Result<void>();
  // The head lies in memory that the next answer of any connection reuses.
  const std::string rest_of_head(pieces.first());
  pieces.ReplaceFirst(rest_of_head);
  co_return co_await SendRest(pieces, sent);
}

Task<Result<void>> ServerConnection::StartStream(int status, std::span<const Field> fields,
                                                 std::uint64_t content_length) {
  if (answer_ != Answer::kNone)
    co_return Fail(Code::kInternal, "this request was answered already");
  if (cancel_->requested()) co_return Fail(Code::kCancelled, "the client is gone");
  std::optional<std::uint64_t> length;
  if (content_length > 0) length = content_length;
  held_ = BeginAnswer(status, fields, length);
  answer_ = Answer::kStream;
  // Usually the first bytes follow at once and take the head along.
  boost::asio::post(host_.loop.io,
                    [self = boost::intrusive_ptr<ServerConnection>(this)] { self->FlushHeld(); });
  co_return Result<void>();
}

void ServerConnection::FlushHeld() {
  if (held_.empty() || answer_ != Answer::kStream || phase_ == Phase::kWriting) return;
  Pieces pieces;
  pieces.Add(held_);
  wire_->TrySend(pieces);
  held_.erase(0, held_.size() - pieces.total());
}

Task<Result<void>> ServerConnection::Write(std::string_view bytes) {
  if (answer_ != Answer::kStream) co_return Fail(Code::kInternal, "no stream was started");
  if (bytes.empty()) co_return Result<void>();
  if (announced_ && bytes_out_ + bytes.size() > *announced_) {
    co_return Fail(Code::kInternal, "more was written than was announced");
  }
  bytes_out_ += bytes.size();
  if (bodiless_) co_return Result<void>();
  std::array<char, 20> size_line;
  Pieces pieces;
  pieces.Add(held_);
  if (chunked_) {
    char* end = std::to_chars(size_line.data(), size_line.data() + 16, bytes.size(), 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    pieces.Add({size_line.data(), static_cast<std::size_t>(end - size_line.data())});
  }
  pieces.Add(bytes);
  if (chunked_) pieces.Add("\r\n");
  Result<void> sent = co_await SendRest(pieces, SendSoon(pieces));
  held_.clear();
  co_return sent;
}

Task<Result<void>> ServerConnection::FinishStream() {
  if (answer_ != Answer::kStream) co_return Fail(Code::kInternal, "no stream was started");
  if (announced_ && bytes_out_ != *announced_ && !bodiless_) {
    keep_ = false;
    co_return Fail(Code::kInternal, "less was written than was announced");
  }
  Pieces pieces;
  pieces.Add(held_);
  if (chunked_ && !bodiless_) pieces.Add("0\r\n\r\n");
  Result<void> sent = co_await SendRest(pieces, SendSoon(pieces));
  held_.clear();
  answer_ = Answer::kComplete;
  co_return sent;
}

void ServerConnection::CloseConnection() {
  if (answer_ != Answer::kComplete) return;
  keep_ = false;
  wire_->ShutdownSend();
}

// At once when nothing may be left for later.
Wire::Sent ServerConnection::SendSoon(Pieces& pieces) {
  return keep_ ? wire_->SendSoon(pieces) : wire_->TrySend(pieces);
}

Task<Result<void>> ServerConnection::SendRest(Pieces& pieces, Wire::Sent sent) {
  if (sent == Wire::Sent::kSome) {
    do {
      Deadline(Phase::kWriting, host_.limits.write_timeout);
      co_await wire_->Writable();
      sent = wire_->TrySend(pieces);
    } while (sent == Wire::Sent::kSome);
    deadline_.Disarm();
    phase_ = Phase::kServing;
  }
  if (sent == Wire::Sent::kFailed) {
    keep_ = false;
    co_return Fail(Code::kCancelled, "the client is gone");
  }
  co_return Result<void>();
}

}  // namespace base::http
