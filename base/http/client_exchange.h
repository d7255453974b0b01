// One request on one connection, and its response: what Client::Send gives out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/body_reader.h"
#include "base/http/client.h"
#include "base/http/connection_pool.h"

namespace base::http {

class HttpExchange final : public ClientExchange, private BodyOwner {
 public:
  HttpExchange(PooledConnectionPtr connection, const Client::Request& request);
  ~HttpExchange() override;
  // One is made for each call: memory comes from a free list.
  static void* operator new(std::size_t bytes);
  static void operator delete(void* memory, std::size_t bytes) noexcept;

  // Sends `head` and the body, and reads the response's head. `head` need not outlive the first
  // wait.
  Task<boost::system::result<void, SendFailure>> Start(std::string_view head,
                                                       const Client::Request& request);
  // After a failure of Start on a kept connection: whether the server cannot have begun to work on
  // the request.
  bool may_repeat() const { return may_repeat_; }

  const ResponseHead& head() const override { return head_; }
  Task<Result<std::string_view>> ReadSome() override;
  Task<Result<std::string_view>> ReadBody(std::size_t max_bytes) override;
  bool complete() const override { return body_.complete(); }
  void set_idle_limit(std::chrono::milliseconds limit) override { idle_ = limit; }

 private:
  struct OnCancel {
    HttpExchange& exchange;
    void operator()();
  };

  // 1: a head is there; 0: more must come; -1: malformed.
  int TakeHead();
  SendFailure Failure(std::string_view what);

  void BeforeWait() override;
  void AfterWait() override;
  Error WhyEnded() override;

  PooledConnectionPtr connection_;
  Wire& wire_;
  CancelSignal* cancel_;
  std::optional<CancelSignal::Hook<OnCancel>> hook_;
  std::chrono::milliseconds idle_;
  const bool is_head_request_;
  const bool is_idempotent_;
  bool cancelled_ = false;
  bool may_repeat_ = false;
  bool got_bytes_ = false;
  bool keep_ = false;
  std::size_t searched_ = 0;
  ResponseHead& head_;
  Framing framing_;
  BodyReader body_;
};

}  // namespace base::http
