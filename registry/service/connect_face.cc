#include "registry/service/connect_face.h"

#include <atomic>
#include <coroutine>

#include "base/error_codes.h"
#include "registry/service/connect_messages.h"

namespace registry {
namespace {

using base::http::Exchange;
using base::http::Field;

constexpr std::size_t kMaxBodyBytes = 20 * 1024 * 1024;
// Of strangers: what anybody may ask is short.
constexpr std::size_t kMaxStrangersBodyBytes = 64 * 1024;
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kStreamJson = "application/connect+json";

bool IsContentType(const Exchange& exchange, std::string_view type) {
  std::string_view given = exchange.head().fields.Find("Content-Type").value_or("");
  given = given.substr(0, given.find(';'));
  while (given.ends_with(' ')) given.remove_suffix(1);
  return base::http::EqualsIgnoreCase(given, type);
}

// Set from any thread, awaited by one coroutine on the loop. Outlives the stream that sets it.
class Signal : public std::enable_shared_from_this<Signal> {
 public:
  explicit Signal(base::Loop& loop) : loop_(loop) {}

  void Set() {
    if (posted_.exchange(true)) return;
    loop_.Post([self = shared_from_this()] {
      self->posted_ = false;
      self->set_ = true;
      if (self->waiting_) std::exchange(self->waiting_, nullptr).resume();
    });
  }

  bool await_ready() { return std::exchange(set_, false); }
  void await_suspend(std::coroutine_handle<> waiting) { waiting_ = waiting; }
  void await_resume() { set_ = false; }

 private:
  base::Loop& loop_;
  std::atomic<bool> posted_{false};
  // On the loop
  bool set_ = false;
  std::coroutine_handle<> waiting_;
};

base::Task<void> RespondJson(Exchange& exchange, int status, std::string body) {
  const Field fields[] = {{"Content-Type", kJson},
                          {"Cache-Control", "no-store"},
                          {"X-Content-Type-Options", "nosniff"}};
  const std::string_view bytes = body;
  (void)co_await exchange.Respond(status, fields, bytes);
}

base::Task<void> RespondWrongType(Exchange& exchange, std::string_view type) {
  const Field fields[] = {{"Accept-Post", type}};
  const std::string_view nothing;
  (void)co_await exchange.Respond(415, fields, nothing);
}

// What a stream came to: bytes to write, or nothing yet, or its end.
struct Pulled {
  Stream::State state = Stream::State::kEnd;
  std::string bytes;
};

Pulled PullOne(Stream& stream, const Method& method) {
  const std::unique_ptr<google::protobuf::Message> message(method.response->New());
  const auto state = stream.Next(*message);
  if (state.has_error()) return {Stream::State::kEnd, EndEnvelope(state.error())};
  switch (*state) {
    case Stream::State::kMessage: return {*state, Envelope(*message)};
    case Stream::State::kWait: return {*state, {}};
    case Stream::State::kEnd: break;
  }
  return {Stream::State::kEnd, EndEnvelope({base::Code::kOk, {}})};
}

std::size_t MaxBody(const Method& method) {
  return method.access == Access::kAnyone ? kMaxStrangersBodyBytes : kMaxBodyBytes;
}

// The whole answer of a stream that never began: its status is 200, the error stands in the
// envelope.
base::Task<void> RespondEnded(Exchange& exchange, const base::Error& error) {
  const std::string end = EndEnvelope(error);
  const Field fields[] = {{"Content-Type", kStreamJson}, {"Cache-Control", "no-store"}};
  const std::string_view bytes = end;
  (void)co_await exchange.Respond(200, fields, bytes);
}

}  // namespace

base::Task<void> RespondError(Exchange& exchange, const base::Error& error) {
  std::string body = ErrorJson(error);
  co_await RespondJson(exchange, base::HttpStatus(error.code), std::move(body));
}

base::Task<void> ConnectFace::Serve(Exchange& exchange, std::string_view name,
                                    const Caller& caller) {
  const Method* method = methods_.Find(name);
  if (!method) {
    std::string body = ErrorJson({base::Code::kUnimplemented,
                                  "there is no method '" + std::string(name.substr(0, 200)) + "'"});
    co_await RespondJson(exchange, 404, std::move(body));
    co_return;
  }
  if (exchange.head().method != "POST") {
    const Field fields[] = {{"Allow", "POST"}};
    const std::string_view nothing;
    (void)co_await exchange.Respond(405, fields, nothing);
    co_return;
  }
  const std::string_view type = method->unary ? kJson : kStreamJson;
  if (!IsContentType(exchange, type)) {
    co_await RespondWrongType(exchange, type);
    co_return;
  }
  if (method->unary) {
    co_await ServeUnary(exchange, *method, caller);
  } else {
    co_await ServeStream(exchange, *method, caller);
  }
}

base::Task<void> ConnectFace::ServeUnary(Exchange& exchange, const Method& method,
                                         const Caller& caller) {
  if (const auto ok = method.Admit(caller); ok.has_error()) {
    co_await RespondError(exchange, ok.error());
    co_return;
  }
  const auto body = co_await exchange.ReadBody(MaxBody(method));
  if (body.has_error()) {
    co_await RespondError(exchange, body.error());
    co_return;
  }
  const auto answer = [&]() -> base::Result<std::string> {
    const std::unique_ptr<google::protobuf::Message> request(method.request->New());
    const std::unique_ptr<google::protobuf::Message> response(method.response->New());
    if (const auto ok = ReadMessage(*body, *request); ok.has_error()) return ok.error();
    if (const auto ok = method.Run(caller, *request, *response); ok.has_error()) return ok.error();
    return MessageJson(*response);
  };
  OnPool answering(pool_, loop_, answer);
  base::Result<std::string> answered = co_await answering;
  if (answered.has_error()) {
    co_await RespondError(exchange, answered.error());
    co_return;
  }
  co_await RespondJson(exchange, 200, std::move(*answered));
}

base::Task<void> ConnectFace::ServeStream(Exchange& exchange, const Method& method,
                                          const Caller& caller) {
  if (const auto ok = method.Admit(caller); ok.has_error()) {
    co_await RespondEnded(exchange, ok.error());
    co_return;
  }
  const auto body = co_await exchange.ReadBody(MaxBody(method));
  if (body.has_error()) {
    co_await RespondError(exchange, body.error());
    co_return;
  }
  const auto signal = std::make_shared<Signal>(loop_);
  Signal& heard = *signal;
  std::unique_ptr<Stream> stream;
  const auto open = [&]() -> base::Error {
    const auto message = OpenEnvelope(*body);
    if (message.has_error()) return message.error();
    const std::unique_ptr<google::protobuf::Message> request(method.request->New());
    if (const auto ok = ReadMessage(*message, *request); ok.has_error()) return ok.error();
    auto opened = method.Open(caller, *request, [weak = std::weak_ptr(signal)] {
      if (const auto self = weak.lock()) self->Set();
    });
    if (opened.has_error()) return opened.error();
    stream = std::move(*opened);
    return {base::Code::kOk, {}};
  };
  OnPool opening(pool_, loop_, open);
  const base::Error error = co_await opening;

  if (!stream) {
    co_await RespondEnded(exchange, error);
    co_return;
  }
  const Field fields[] = {{"Content-Type", kStreamJson}, {"Cache-Control", "no-store"}};
  const auto begun = co_await exchange.StartStream(200, fields);
  if (begun.has_error()) co_return;
  base::CancelSignal::Hook hang_up(exchange.cancel(), [&] { signal->Set(); });
  while (!exchange.cancel().requested()) {
    const auto pull = [&] { return PullOne(*stream, method); };
    OnPool pulling(pool_, loop_, pull);
    const Pulled pulled = co_await pulling;
    if (pulled.state == Stream::State::kWait) {
      co_await heard;
      continue;
    }
    const auto written = co_await exchange.Write(pulled.bytes);
    if (written.has_error()) co_return;
    if (pulled.state == Stream::State::kEnd) {
      (void)co_await exchange.FinishStream();
      co_return;
    }
  }
}

}  // namespace registry
