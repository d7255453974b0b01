#include "base/http/wire.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <new>
#include <string>

namespace base::http {

using boost::asio::socket_base;
using boost::system::error_code;

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

template <class T>
struct Wire::SlotAllocator {
  using value_type = T;
  Slot* slot;

  explicit SlotAllocator(Slot* memory) : slot(memory) {}
  template <class U>
  SlotAllocator(const SlotAllocator<U>& other) : slot(other.slot) {}  // NOLINT: allocators convert

  T* allocate(std::size_t count) {
    if (!slot->used && count * sizeof(T) <= sizeof(slot->bytes)) {
      slot->used = true;
      return reinterpret_cast<T*>(slot->bytes.data());
    }
    return static_cast<T*>(::operator new(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t) {
    if (static_cast<void*>(memory) == slot->bytes.data()) {
      slot->used = false;
    } else {
      ::operator delete(memory);
    }
  }
  template <class U>
  bool operator==(const SlotAllocator<U>& other) const {
    return slot == other.slot;
  }
};

template <>
struct Wire::SlotAllocator<void> {
  using value_type = void;
  Slot* slot;
  explicit SlotAllocator(Slot* memory) : slot(memory) {}
  template <class U>
  SlotAllocator(const SlotAllocator<U>& other) : slot(other.slot) {}  // NOLINT: allocators convert
  template <class U>
  bool operator==(const SlotAllocator<U>& other) const {
    return slot == other.slot;
  }
};

// Handlers hold the wire; Asio gives their memory back before it destroys or calls them.
struct Wire::ReceiveHandler {
  WirePtr wire;
  using allocator_type = SlotAllocator<void>;
  allocator_type get_allocator() const { return allocator_type(&wire->slot_); }
  void operator()(const error_code& error, std::size_t bytes) { wire->OnReceived(error, bytes); }
};

struct Wire::ReadyHandler {
  WirePtr wire;
  using allocator_type = SlotAllocator<void>;
  allocator_type get_allocator() const { return allocator_type(&wire->slot_); }
  void operator()(const error_code& error) { wire->OnReadable(error); }
};

void Wire::ReadyAwaiter::await_suspend(std::coroutine_handle<> self) {
  wire.poller_ = self;
  wire.socket_.async_wait(direction, [held = WirePtr(&wire)](const error_code&) {
    if (auto waiting = std::exchange(held->poller_, nullptr)) waiting.resume();
  });
}

void Wire::ConnectAwaiter::await_suspend(std::coroutine_handle<> self) {
  wire.poller_ = self;
  wire.connecting_ = this;
  wire.socket_.async_connect(endpoint, [held = WirePtr(&wire)](const error_code& failed) {
    if (held->connecting_) held->connecting_->error = failed;
    if (auto waiting = std::exchange(held->poller_, nullptr)) waiting.resume();
  });
}

Wire::~Wire() = default;

// ---- In

void Wire::Watch() {
  if (receiving_ || !open()) return;
  if (buffer_.capacity() == 0) buffer_.Reserve(ReadBuffer::kSmall);
  if (buffer_.room().empty()) return;
  // What OpenSSL holds already is not seen on the socket; the next Fill takes it.
  if (tls_ && tls_->HoldsBytes()) return;
  StartReceive(buffer_.room());
}

void Wire::StartReceive(std::span<char> room) {
  receiving_ = true;
  if (tls_) {
    socket_.async_wait(socket_base::wait_read, ReadyHandler{WirePtr(this)});
  } else {
    socket_.async_receive(boost::asio::buffer(room.data(), room.size()),
                          ReceiveHandler{WirePtr(this)});
  }
}

bool Wire::FillAwaiter::await_ready() {
  before = wire.buffer_.input().size();
  if (!wire.open()) return true;
  if (wire.receiving_) return false;
  if (wire.buffer_.capacity() == 0) wire.buffer_.Reserve(ReadBuffer::kSmall);
  if (wire.buffer_.room().empty()) return true;
  if (wire.tls_) {
    const IoStep step = wire.ReadNow(wire.buffer_.room());
    if (step.kind != IoStep::Kind::kWantRead) {
      if (wire.Account(step)) wire.buffer_.Filled(step.bytes);
      return true;
    }
  }
  wire.StartReceive(wire.buffer_.room());
  return false;
}

bool Wire::FillIntoAwaiter::await_ready() {
  wire.direct_bytes_ = 0;
  if (!wire.open() || wire.receiving_ || room.empty()) return true;
  const IoStep step = wire.ReadNow(room);
  if (step.kind != IoStep::Kind::kWantRead) {
    if (wire.Account(step)) wire.direct_bytes_ = step.bytes;
    return true;
  }
  wire.direct_ = room;
  wire.StartReceive(room);
  return false;
}

IoStep Wire::ReadNow(std::span<char> room) {
  if (tls_) {
    IoStep step = tls_->Read(room);
    // Renegotiation is off, so a read never waits for writing.
    if (step.kind == IoStep::Kind::kWantWrite) step.kind = IoStep::Kind::kFailed;
    return step;
  }
  const ssize_t got = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
  if (got > 0) return {IoStep::Kind::kBytes, static_cast<std::size_t>(got)};
  if (got == 0) return {IoStep::Kind::kEnd};
  return {errno == EAGAIN || errno == EINTR ? IoStep::Kind::kWantRead : IoStep::Kind::kFailed};
}

// Notes an end or a failure; true when bytes came.
bool Wire::Account(IoStep step) {
  if (step.kind == IoStep::Kind::kBytes) return true;
  if (state_ == State::kOpen)
    state_ = step.kind == IoStep::Kind::kEnd ? State::kEnded : State::kBroken;
  return false;
}

void Wire::OnReceived(const error_code& error, std::size_t bytes) {
  receiving_ = false;
  if (error && !interrupted_ && std::exchange(resting_, false) && open()) {
    // Rest() ended it: wait without a buffer.
    buffer_.Release();
    receiving_ = true;
    socket_.async_wait(socket_base::wait_read, ReadyHandler{WirePtr(this)});
    return;
  }
  resting_ = false;
  if (!error) {
    interrupted_ = false;
    if (!direct_.empty()) {
      direct_bytes_ = bytes;
    } else {
      buffer_.Filled(bytes);
    }
  } else if (!std::exchange(interrupted_, false) && state_ == State::kOpen) {
    state_ = error == boost::asio::error::eof ? State::kEnded : State::kBroken;
  }
  ReceiveEnded();
}

void Wire::OnReadable(const error_code& error) {
  receiving_ = false;
  resting_ = false;
  if (error) {
    if (!std::exchange(interrupted_, false) && state_ == State::kOpen) state_ = State::kBroken;
    return ReceiveEnded();
  }
  interrupted_ = false;
  if (!open()) return ReceiveEnded();
  if (direct_.empty() && buffer_.capacity() == 0) buffer_.Reserve(ReadBuffer::kSmall);
  const std::span<char> room = direct_.empty() ? buffer_.room() : direct_;
  const IoStep step = ReadNow(room);
  if (step.kind == IoStep::Kind::kWantRead) return StartReceive(room);
  if (Account(step)) {
    if (direct_.empty()) {
      buffer_.Filled(step.bytes);
    } else {
      direct_bytes_ = step.bytes;
    }
  }
  ReceiveEnded();
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
  socket_.cancel();
}

void Wire::Rest() {
  if (!receiving_ || resting_ || !buffer_.input().empty() || buffer_.capacity() == 0) return;
  if (tls_) return buffer_.Release();  // its wait needs no buffer
  resting_ = true;
  socket_.cancel();
}

// ---- Out

Wire::Sent Wire::TrySend(Pieces& pieces) {
  if (state_ == State::kClosed || state_ == State::kBroken) return Sent::kFailed;
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
    const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
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
      co_await ReadyAwaiter{*this, socket_base::wait_read};
    } else {
      state_ = State::kBroken;
      co_return false;
    }
  }
}

void Wire::Close() {
  if (state_ == State::kClosed) return;
  if (tls_ && state_ != State::kBroken) tls_->Close();
  state_ = State::kClosed;
  error_code ignored;
  socket_.close(ignored);
}

void Wire::ShutdownSend() {
  if (state_ == State::kClosed) return;
  if (tls_ && state_ != State::kBroken) tls_->Close();
  error_code ignored;
  socket_.shutdown(socket_base::shutdown_send, ignored);
}

bool Wire::UnreadByPeer() {
  if (state_ == State::kClosed) return false;
  // A reset answers bytes that arrive at a closed socket; who has read everything ends with a FIN.
  if (state_ == State::kBroken && !tls_) return true;
  int value = 0;
  socklen_t size = sizeof(value);
  if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &value, &size) == 0 && value != 0)
    return true;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &value) == 0 && value > 0;
}

}  // namespace base::http
