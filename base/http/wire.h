// A Wire is one TCP connection, plain or TLS, with its read buffer: what server and client
// connections share.
//
// At most one receive is pending, and it stays pending over the boundaries of messages: during a
// request it notices the peer hang up, afterwards it brings the next request, and in a pool it
// notices that a kept connection was closed. It begins when the Poller tells of bytes, and one that
// did not fill its room has emptied the socket. Writes are tried at once and only then waited for.
// So a message costs one system call each way.
//
// One thread. Reference-counted, since an event may close a connection that is being told of one;
// the owner keeps one reference and calls Close.
#pragma once

#include <sys/uio.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/container/small_vector.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <coroutine>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "base/http/poller.h"
#include "base/http/read_buffer.h"
#include "base/http/tls.h"
#include "base/result.h"
#include "base/task.h"

namespace base::http {

using TcpSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// Bytes on their way out, in pieces that somebody else keeps.
class Pieces {
 public:
  void Add(std::string_view bytes) {
    if (bytes.empty()) return;
    pieces_.push_back({const_cast<char*>(bytes.data()), bytes.size()});
    total_ += bytes.size();
  }
  // A place before what is added later; SetFirst fills it.
  void HoldFirst() { pieces_.push_back({nullptr, 0}); }
  void SetFirst(std::string_view bytes) {
    pieces_.front() = {const_cast<char*>(bytes.data()), bytes.size()};
    total_ += bytes.size();
  }
  // The first `bytes` have gone.
  void Advance(std::size_t bytes);
  // REQUIRES: total() > 0.
  std::string_view first() const {
    return {static_cast<const char*>(pieces_[first_].iov_base), pieces_[first_].iov_len};
  }
  // With an equal copy that lives longer.
  void ReplaceFirst(std::string_view copy) {
    pieces_[first_].iov_base = const_cast<char*>(copy.data());
  }
  std::span<iovec> all() { return {pieces_.data() + first_, pieces_.size() - first_}; }
  std::size_t total() const { return total_; }

 private:
  boost::container::small_vector<iovec, 16> pieces_;
  std::size_t first_ = 0;
  std::size_t total_ = 0;
};

class Wire final : public boost::intrusive_ref_counter<Wire, boost::thread_unsafe_counter>,
                   private Poller::Watcher {
 public:
  // To be connected.
  explicit Wire(boost::asio::io_context& io) : io_(io), poller_(Poller::Of(io)) {}
  // Of a socket that was accepted. Broken when it cannot be used.
  explicit Wire(TcpSocket socket);
  ~Wire();

  enum class State {
    kOpen,
    kEnded,   // the peer will send no more
    kBroken,  // reset, or TLS failed
    kClosed,  // by us
  };
  State state() const { return state_; }
  bool open() const { return state_ == State::kOpen; }

  int socket() const { return socket_; }
  ReadBuffer& buffer() { return buffer_; }
  void StartTls(std::unique_ptr<TlsSession> session) { tls_ = std::move(session); }
  TlsSession* tls() { return tls_.get(); }

  // Told when the peer is gone while nobody awaits bytes. Must not destroy the wire.
  void Observe(void (*gone)(void*), void* context) {
    gone_ = gone;
    context_ = context;
  }

  // ---- In
  // Makes a receive pending, if there is room.
  void Watch();
  bool receiving() const { return receiving_; }
  // co_await wire.Fill(): more bytes behind the input; false when there will be none (see state) or
  // the buffer is full. REQUIRES: one awaiter at a time.
  struct FillAwaiter;
  FillAwaiter Fill();
  // co_await wire.FillInto(room): straight to `room`; the number of bytes, 0 as above. REQUIRES: no
  // receive pending.
  struct FillIntoAwaiter;
  FillIntoAwaiter FillInto(std::span<char> room);
  // Ends the awaiting of bytes without any; the connection stays as it is.
  void Interrupt();
  // Gives the buffer back when it is empty, until bytes come.
  void Rest();

  // ---- Out
  enum class Sent { kAll, kSome, kFailed };
  // Takes what the socket takes now off `pieces`.
  Sent TrySend(Pieces& pieces);
  // The same, but a short message may be kept until the events at hand have been told (Poller).
  // REQUIRES: the connection is not closed by us before it had time to go.
  Sent SendSoon(Pieces& pieces);
  // What was kept could not be sent.
  bool send_failed() const { return send_failed_; }
  // co_await wire.Writable(): until TrySend may take more, or has failed.
  struct ReadyAwaiter;
  ReadyAwaiter Writable();

  // co_await wire.Connect(endpoint): the error, if any.
  struct ConnectAwaiter;
  ConnectAwaiter Connect(const boost::asio::ip::tcp::endpoint& endpoint);
  // The TLS handshake. False: see tls()->failure().
  Task<bool> Handshake();

  // Ends every wait, soon.
  void Close();
  // Says to the peer that we send no more.
  void ShutdownSend();
  // Whether the peer's system never took all that was sent: a request that it cannot have seen.
  bool UnreadByPeer();

 private:
  // Takes the socket: no delay, no blocking, told of by the Poller.
  bool Adopt(int socket);
  void CloseSocket();

  void OnReady(std::uint32_t events) override;
  void Flush() override;
  // Sends what was kept; true when none of it is left.
  bool SendKept();
  // Looks again in the next turn of the loop, when nothing new will be told.
  void WakeLater();
  void OnWake();
  void ReceiveNow();
  // Memory for the bytes at hand, the one that was used last, as large as the last message was; and
  // back when it is empty, so that waiting needs none.
  void ReserveRoom();
  void ReleaseUnused();
  void ReceiveEnded();
  // A read without waiting; kWantRead when there is nothing.
  IoStep ReadNow(std::span<char> room);
  bool Account(IoStep step);

  boost::asio::io_context& io_;
  Poller& poller_;
  int socket_ = -1;
  ReadBuffer buffer_;
  // What SendSoon kept: to be flushed, or else waiting for the socket to take more.
  ReadBuffer kept_;
  bool to_be_flushed_ = false;
  bool send_failed_ = false;
  std::unique_ptr<TlsSession> tls_;
  State state_ = State::kOpen;
  bool receiving_ = false;
  bool interrupted_ = false;
  bool waking_ = false;
  // There may be something to read.
  bool readable_ = false;
  // The peer hung up, or something else stands behind the bytes: each read may leave more.
  bool more_behind_ = false;
  // How much memory was reserved, and what came since.
  std::size_t reserved_ = 0;
  std::size_t received_ = 0;
  bool was_large_ = false;
  // In this turn, without waiting: a fast peer must not keep the loop to itself.
  int reads_at_once_ = 0;
  // Where the pending receive goes when not to the buffer, and what came.
  std::span<char> direct_;
  std::size_t direct_bytes_ = 0;
  std::coroutine_handle<> reader_;
  // Awaits that the socket is ready to write, or to read during a handshake.
  std::coroutine_handle<> ready_waiter_;
  bool waits_for_room_ = false;
  ConnectAwaiter* connecting_ = nullptr;
  void (*gone_)(void*) = nullptr;
  void* context_ = nullptr;
};

using WirePtr = boost::intrusive_ptr<Wire>;

struct Wire::FillAwaiter {
  Wire& wire;
  std::size_t before = 0;
  bool await_ready();
  void await_suspend(std::coroutine_handle<> self) { wire.reader_ = self; }
  bool await_resume() const { return wire.buffer_.input().size() > before; }
  ~FillAwaiter() { wire.reader_ = nullptr; }
};

struct Wire::FillIntoAwaiter {
  Wire& wire;
  std::span<char> room;
  bool await_ready();
  void await_suspend(std::coroutine_handle<> self) { wire.reader_ = self; }
  std::size_t await_resume() const { return std::exchange(wire.direct_bytes_, 0); }
  ~FillIntoAwaiter() {
    wire.reader_ = nullptr;
    // The room may be gone.
    if (!wire.direct_.empty()) wire.Close();
  }
};

struct Wire::ReadyAwaiter {
  Wire& wire;
  bool for_room;
  bool await_ready() const { return wire.socket_ < 0; }
  void await_suspend(std::coroutine_handle<> self) {
    wire.ready_waiter_ = self;
    wire.waits_for_room_ = for_room;
  }
  void await_resume() const {}
  ~ReadyAwaiter() { wire.ready_waiter_ = nullptr; }
};

struct Wire::ConnectAwaiter {
  Wire& wire;
  const boost::asio::ip::tcp::endpoint& endpoint;
  boost::system::error_code error;
  bool await_ready();
  void await_suspend(std::coroutine_handle<> self) {
    wire.ready_waiter_ = self;
    wire.waits_for_room_ = true;
    wire.connecting_ = this;
  }
  boost::system::error_code await_resume() const { return error; }
  ~ConnectAwaiter() {
    wire.ready_waiter_ = nullptr;
    wire.connecting_ = nullptr;
  }
};

inline Wire::ConnectAwaiter Wire::Connect(const boost::asio::ip::tcp::endpoint& endpoint) {
  return ConnectAwaiter{*this, endpoint, {}};
}
inline Wire::ReadyAwaiter Wire::Writable() { return ReadyAwaiter{*this, true}; }
inline Wire::FillAwaiter Wire::Fill() { return FillAwaiter{*this}; }
inline Wire::FillIntoAwaiter Wire::FillInto(std::span<char> room) {
  return FillIntoAwaiter{*this, room};
}

}  // namespace base::http
