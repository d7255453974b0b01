#include "base/http/wire.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace base::http {

using boost::system::error_code;

namespace {

constexpr int kMaxReadsAtOnce = 16;
// Longer messages are worth a system call of their own.
constexpr std::size_t kMaxKept = 4 * 1024;

}  // namespace

void Pieces::Advance(std::size_t bytes) {
  total_ -= bytes;
  while (bytes > 0) {
    iovec& piece = pieces_[first_];
    const std::size_t taken = std::min(bytes, piece.iov_len);
    piece.iov_base = static_cast<char*>(piece.iov_base) + taken;
    piece.iov_len -= taken;
    bytes -= taken;
    if (piece.iov_len == 0) ++first_;
  }
}

// ---- The socket

Wire::Wire(TcpSocket socket) : io_(socket.get_executor().context()), poller_(Poller::Of(io_)) {
  error_code failed;
  const int taken = socket.release(failed);
  if (failed || !Adopt(taken)) state_ = State::kBroken;
}

Wire::~Wire() { CloseSocket(); }

bool Wire::Adopt(int socket) {
  socket_ = socket;
  int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::ioctl(socket, FIONBIO, &on) == 0 && poller_.Add(socket, *this)) return true;
  ::close(socket);
  socket_ = -1;
  return false;
}

void Wire::CloseSocket() {
  if (socket_ < 0) return;
  poller_.Remove(socket_, *this);
  ::close(std::exchange(socket_, -1));
}

bool Wire::ConnectAwaiter::await_ready() {
  const auto failed = [&] { error.assign(errno, boost::system::system_category()); };
  const int socket = ::socket(endpoint.protocol().family(),
                              SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (socket < 0) {
    failed();
    return true;
  }
  const int begun = ::connect(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  if (begun != 0 && errno != EINPROGRESS && errno != EINTR) {
    failed();
    ::close(socket);
    return true;
  }
  if (!wire.Adopt(socket)) failed();
  // Also when it is connected already: the Poller tells so.
  return wire.socket_ < 0;
}

void Wire::OnReady(std::uint32_t events) {
  const WirePtr held(this);
  reads_at_once_ = 0;
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI)) != 0) more_behind_ = true;
  if (receiving_ && readable_) ReceiveNow();
  const bool may_send = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
  if (may_send && !to_be_flushed_ && !kept_.input().empty()) SendKept();
  if (!ready_waiter_) return;
  const bool is_ready =
      waits_for_room_ ? may_send : (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
  if (!is_ready) return;
  if (connecting_) {
    int failed = 0;
    socklen_t size = sizeof(failed);
    ::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &failed, &size);
    connecting_->error.assign(failed, boost::system::system_category());
  }
  std::exchange(ready_waiter_, nullptr).resume();
}

void Wire::WakeLater() {
  if (std::exchange(waking_, true)) return;
  boost::asio::post(io_, [held = WirePtr(this)] { held->OnWake(); });
}

void Wire::OnWake() {
  waking_ = false;
  reads_at_once_ = 0;
  if (state_ == State::kClosed) {
    if (connecting_) connecting_->error = boost::asio::error::operation_aborted;
    if (auto waiting = std::exchange(ready_waiter_, nullptr)) waiting.resume();
    if (std::exchange(receiving_, false)) ReceiveEnded();
    return;
  }
  if (!receiving_) return;
  if (std::exchange(interrupted_, false)) {
    receiving_ = false;
    return ReceiveEnded();
  }
  if (readable_) ReceiveNow();
}

// ---- In

void Wire::Watch() {
  if (receiving_ || !open()) return;
  ReleaseUnused();
  if (buffer_.capacity() > 0 && buffer_.room().empty()) return;
  // What OpenSSL holds already is not seen on the socket; the next Fill takes it.
  if (tls_ && tls_->HoldsBytes()) return;
  receiving_ = true;
  if (readable_) WakeLater();
}

bool Wire::FillAwaiter::await_ready() {
  before = wire.buffer_.input().size();
  if (!wire.open()) return true;
  if (wire.receiving_) return false;
  if (wire.buffer_.capacity() > 0 && wire.buffer_.room().empty()) return true;
  if (wire.readable_ && wire.reads_at_once_ < kMaxReadsAtOnce) {
    ++wire.reads_at_once_;
    wire.ReserveRoom();
    const IoStep step = wire.ReadNow(wire.buffer_.room());
    if (step.kind != IoStep::Kind::kWantRead) {
      if (wire.Account(step)) wire.buffer_.Filled(step.bytes);
      return true;
    }
  }
  wire.ReleaseUnused();
  wire.receiving_ = true;
  if (wire.readable_) wire.WakeLater();
  return false;
}

bool Wire::FillIntoAwaiter::await_ready() {
  wire.direct_bytes_ = 0;
  if (!wire.open() || wire.receiving_ || room.empty()) return true;
  if (wire.readable_ && wire.reads_at_once_ < kMaxReadsAtOnce) {
    ++wire.reads_at_once_;
    const IoStep step = wire.ReadNow(room);
    if (step.kind != IoStep::Kind::kWantRead) {
      if (wire.Account(step)) wire.direct_bytes_ = step.bytes;
      return true;
    }
  }
  wire.direct_ = room;
  wire.receiving_ = true;
  if (wire.readable_) wire.WakeLater();
  return false;
}

IoStep Wire::ReadNow(std::span<char> room) {
  if (tls_) {
    IoStep step = tls_->Read(room);
    // Renegotiation is off, so a read never waits for writing.
    if (step.kind == IoStep::Kind::kWantWrite) step.kind = IoStep::Kind::kFailed;
    readable_ = step.kind == IoStep::Kind::kBytes;
    return step;
  }
  ssize_t got = 0;
  do {
    got = ::recv(socket_, room.data(), room.size(), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  readable_ = got > 0 && (more_behind_ || static_cast<std::size_t>(got) == room.size());
  if (got > 0) return {IoStep::Kind::kBytes, static_cast<std::size_t>(got)};
  if (got == 0) return {IoStep::Kind::kEnd};
  return {errno == EAGAIN ? IoStep::Kind::kWantRead : IoStep::Kind::kFailed};
}

// Notes an end or a failure; true when bytes came.
bool Wire::Account(IoStep step) {
  received_ += step.bytes;
  if (step.kind == IoStep::Kind::kBytes) return true;
  if (state_ == State::kOpen)
    state_ = step.kind == IoStep::Kind::kEnd ? State::kEnded : State::kBroken;
  return false;
}

// The pending receive, now that there may be something.
void Wire::ReceiveNow() {
  if (direct_.empty()) ReserveRoom();
  const IoStep step = ReadNow(direct_.empty() ? buffer_.room() : direct_);
  if (step.kind == IoStep::Kind::kWantRead) return ReleaseUnused();
  receiving_ = false;
  interrupted_ = false;
  if (Account(step)) {
    if (direct_.empty()) {
      buffer_.Filled(step.bytes);
    } else {
      direct_bytes_ = step.bytes;
    }
  }
  ReceiveEnded();
}

void Wire::ReserveRoom() {
  if (buffer_.capacity() > 0) return;
  buffer_.Reserve(was_large_ ? ReadBuffer::kLarge : ReadBuffer::kSmall);
  reserved_ = buffer_.capacity();
  received_ = 0;
}

void Wire::ReleaseUnused() {
  if (buffer_.capacity() == 0 || !buffer_.unused()) return;
  // Larger than reserved: somebody knows that more comes.
  was_large_ = received_ > ReadBuffer::kSmall || buffer_.capacity() > reserved_;
  buffer_.Release();
}

void Wire::ReceiveEnded() {
  direct_ = {};
  if (auto waiting = std::exchange(reader_, nullptr)) {
    waiting.resume();
  } else if (!open() && state_ != State::kClosed && gone_) {
    gone_(context_);
  }
}

void Wire::Interrupt() {
  if (!receiving_ || interrupted_) return;
  interrupted_ = true;
  WakeLater();
}

void Wire::Rest() {
  if (receiving_ && direct_.empty()) ReleaseUnused();
}

// ---- Out

Wire::Sent Wire::SendSoon(Pieces& pieces) {
  if (tls_ || !poller_.telling() || pieces.total() > kMaxKept) return TrySend(pieces);
  if (state_ == State::kClosed || state_ == State::kBroken || send_failed_) return Sent::kFailed;
  if (kept_.capacity() == 0) kept_.Reserve(ReadBuffer::kSmall);
  const bool is_full = !to_be_flushed_ && !kept_.input().empty();
  if (is_full || kept_.room().size() < pieces.total()) return TrySend(pieces);
  for (const iovec& piece : pieces.all()) {
    std::memcpy(kept_.room().data(), piece.iov_base, piece.iov_len);
    kept_.Filled(piece.iov_len);
  }
  if (!std::exchange(to_be_flushed_, true)) poller_.FlushLater(*this);
  return Sent::kAll;
}

void Wire::Flush() {
  to_be_flushed_ = false;
  SendKept();
}

bool Wire::SendKept() {
  while (!kept_.input().empty()) {
    const std::string_view rest = kept_.input();
    const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return false;
      // Who reads from the peer hears why.
      send_failed_ = true;
      break;
    }
    kept_.Consume(static_cast<std::size_t>(sent));
  }
  kept_.Release();
  return !send_failed_;
}

Wire::Sent Wire::TrySend(Pieces& pieces) {
  if (state_ == State::kClosed || state_ == State::kBroken) return Sent::kFailed;
  if (kept_.capacity() > 0 && !SendKept()) return send_failed_ ? Sent::kFailed : Sent::kSome;
  if (send_failed_) return Sent::kFailed;
  while (pieces.total() > 0) {
    const std::span<iovec> all = pieces.all();
    if (tls_) {
      // Small pieces share a record.
      std::string joined;
      std::span<const char> bytes(static_cast<const char*>(all[0].iov_base), all[0].iov_len);
      if (all.size() > 1 && bytes.size() < ReadBuffer::kSmall) {
        for (const iovec& piece : all) {
          joined.append(static_cast<const char*>(piece.iov_base),
                        std::min(piece.iov_len, ReadBuffer::kSmall - joined.size()));
          if (joined.size() == ReadBuffer::kSmall) break;
        }
        bytes = joined;
      }
      const IoStep step = tls_->Write(bytes);
      if (step.kind == IoStep::Kind::kWantWrite) return Sent::kSome;
      if (step.kind != IoStep::Kind::kBytes) return Sent::kFailed;
      pieces.Advance(step.bytes);
      continue;
    }
    msghdr message{};
    message.msg_iov = all.data();
    message.msg_iovlen = std::min<std::size_t>(all.size(), 1024);
    const ssize_t sent = ::sendmsg(socket_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN ? Sent::kSome : Sent::kFailed;
    }
    pieces.Advance(static_cast<std::size_t>(sent));
  }
  return Sent::kAll;
}

Task<bool> Wire::Handshake() {
  for (;;) {
    if (!open()) co_return false;
    const IoStep step = tls_->Handshake();
    if (step.kind == IoStep::Kind::kBytes) co_return true;
    if (step.kind == IoStep::Kind::kWantWrite) {
      co_await Writable();
    } else if (step.kind == IoStep::Kind::kWantRead) {
      ReadyAwaiter bytes{*this, false};
      co_await bytes;
    } else {
      state_ = State::kBroken;
      co_return false;
    }
  }
}

void Wire::Close() {
  if (state_ == State::kClosed) return;
  if (tls_ && state_ != State::kBroken) tls_->Close();
  if (socket_ >= 0) SendKept();
  kept_.Release();
  state_ = State::kClosed;
  CloseSocket();
  if (receiving_ || ready_waiter_) WakeLater();
}

void Wire::ShutdownSend() {
  if (state_ == State::kClosed) return;
  if (tls_ && state_ != State::kBroken) tls_->Close();
  SendKept();
  ::shutdown(socket_, SHUT_WR);
}

bool Wire::UnreadByPeer() {
  if (state_ == State::kClosed) return false;
  // A reset answers bytes that arrive at a closed socket; who has read everything ends with a FIN.
  if (state_ == State::kBroken && !tls_) return true;
  if (send_failed_ || !kept_.input().empty()) return true;
  int value = 0;
  socklen_t size = sizeof(value);
  if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &value, &size) == 0 && value != 0) return true;
  return ::ioctl(socket_, SIOCOUTQ, &value) == 0 && value > 0;
}

}  // namespace base::http
