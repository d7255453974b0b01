// A ServerConnection reads requests one by one, has each served, and writes the answers: the
// Exchange a Service sees.
//
//   idle -> head -> serving (body, answer) -> idle ...        each with its deadline
//                                          -> linger -> gone  when the connection cannot be kept
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <coroutine>
#include <memory>
#include <optional>
#include <string>

#include "base/http/body_reader.h"
#include "base/http/head_writer.h"
#include "base/http/server.h"
#include "base/http/wire.h"

namespace base::http {

// What the connections of one server share.
class ConnectionHost {
 public:
  ConnectionHost(Loop& own_loop, const ServerLimits& own_limits, Service& own_service)
      : loop(own_loop), limits(own_limits), service(own_service) {}
  virtual ~ConnectionHost() = default;
  // The connection is done; drops the host's reference.
  virtual void Remove(class ServerConnection& connection) = 0;

  Loop& loop;
  const ServerLimits limits;
  Service& service;
  std::shared_ptr<const TlsContext> tls;  // null: plain
  ResponseHeads heads;
  std::size_t active = 0;
  bool draining = false;
};

class ServerConnection final
    : public Exchange,
      private BodyOwner,
      public boost::intrusive_ref_counter<ServerConnection, boost::thread_unsafe_counter>,
      public boost::intrusive::list_base_hook<> {
 public:
  ServerConnection(ConnectionHost& host, TcpSocket socket, std::string peer);
  ~ServerConnection() override;

  void Start();
  // Ends it now: the exchange is cancelled.
  void Close();
  // Ends it when it is idle, at once or later.
  void Retire();
  bool idle() const { return phase_ == Phase::kIdle; }
  // Destroys the coroutine where it waits. For a host that goes away with a loop that will not run
  // again.
  void Abandon();

  const RequestHead& head() const override { return head_; }
  std::string_view peer_address() const override { return peer_; }
  std::uint64_t connection_id() const override { return id_; }
  bool is_tls() const override { return host_.tls != nullptr; }
  CancelSignal& cancel() override { return *cancel_; }
  std::uint64_t bytes_in() const override { return body_.bytes(); }
  std::uint64_t bytes_out() const override { return bytes_out_; }
  Task<Result<std::string_view>> ReadBody(std::size_t max_bytes) override;
  Task<Result<void>> Respond(int status, std::span<const Field> fields,
                             std::string_view body) override;
  Task<Result<void>> Respond(int status, std::span<const Field> fields,
                             std::span<const std::string_view> body) override;
  Task<Result<void>> StartStream(int status, std::span<const Field> fields,
                                 std::uint64_t content_length) override;
  Task<Result<void>> Write(std::string_view bytes) override;
  Task<Result<void>> FinishStream() override;
  bool response_started() const override { return answer_ != Answer::kNone; }
  void CloseConnection() override;

 private:
  enum class Phase { kIdle, kHead, kServing, kWriting, kLinger, kClosed };
  enum class Answer { kNone, kStream, kComplete };
  struct Driver;

  static Driver Drive(boost::intrusive_ptr<ServerConnection> self);
  Task<void> Run();
  // Waits for the next request. False: the connection ends.
  Task<bool> NextHead();
  // 1: a head is there; 0: more must come; -1: refused and answered.
  int TakeHead();
  void BeginOne();
  // Makes ready for the next request. False: not without waiting, or the connection ends.
  bool FinishAtOnce();
  // The same with waiting. False: the connection ends.
  Task<bool> FinishOne();
  Task<void> Linger();

  void Refuse(int status);
  // Head of the answer; decides whether the connection is kept.
  std::string_view BeginAnswer(int status, std::span<const Field> fields,
                               std::optional<std::uint64_t> length);
  Task<Result<std::string_view>> AwaitBody(std::size_t max_bytes);
  Task<Result<void>> RespondWith(int status, std::span<const Field> fields, std::uint64_t length,
                                 Pieces pieces);
  Wire::Sent SendSoon(Pieces& pieces);
  // Waits until the socket has taken what SendSoon left.
  Task<Result<void>> SendRest(Pieces& pieces, Wire::Sent sent);
  void FlushHeld();

  void BeforeWait() override;
  void AfterWait() override {}
  Error WhyEnded() override;

  void Deadline(Phase phase, std::chrono::milliseconds delay);
  void OnDeadline();
  void OnPeerGone();

  ConnectionHost& host_;
  WirePtr wire_;
  const std::string peer_;
  const std::uint64_t id_;
  std::coroutine_handle<> driver_;

  Phase phase_ = Phase::kHead;
  Timers::Timer deadline_;
  bool expired_ = false;
  // Of the keep-alive time, what follows after the buffer was given back.
  std::chrono::milliseconds idle_left_{0};
  bool retired_ = false;

  RequestHead head_;
  std::size_t searched_ = 0;
  Framing framing_;
  BodyReader body_;
  std::optional<CancelSignal> cancel_;

  Answer answer_ = Answer::kNone;
  bool keep_ = true;
  bool bodiless_ = false;  // the answer to HEAD, 204, 304
  bool chunked_ = false;
  std::optional<std::uint64_t> announced_;
  std::uint64_t bytes_out_ = 0;
  // The head of a stream, until its first bytes or the next turn of the loop.
  std::string held_;
};

}  // namespace base::http
