// What tests of backends share: a loop that runs until a task is done, a caller that keeps what it
// is sent, and a server over a real socket whose answers a test writes.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "base/http/server.h"
#include "base/loop.h"
#include "mcp/handler.h"

namespace support {

class RecordingClient final : public mcp::Client {
 public:
  base::Task<base::Result<void>> Notify(std::string_view message) override {
    notifications.emplace_back(message);
    if (on_notify) on_notify();
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> Relay(mcp::Source& source) override {
    for (;;) {
      const auto piece = co_await source.Next();
      if (!piece) co_return piece.error();
      if (piece->empty()) co_return base::Result<void>();
      relayed += *piece;
    }
  }

  base::Task<base::Result<std::string>> Ask(std::string_view request,
                                            base::CancelSignal& cancel) override {
    asked.emplace_back(request);
    if (answer_asked) co_return answer_asked(asked.back());
    std::function<void()> resume;
    const auto withdraw = [&resume] { std::exchange(resume, nullptr)(); };
    base::CancelSignal::Hook hook(cancel, withdraw);
    co_await base::AwaitIo<>([&resume](auto handler) { resume = handler; });
    ++withdrawn;
    co_return base::Fail(base::Code::kCancelled, "withdrawn");
  }

  std::vector<std::string> notifications;
  std::string relayed;
  std::function<void()> on_notify;
  // What it was asked. Without a function that answers, it lets questions wait until they are
  // withdrawn.
  std::vector<std::string> asked;
  std::function<std::string(const std::string& request)> answer_asked;
  int withdrawn = 0;
};

// A call with everything that it refers to.
struct TestCall {
  TestCall(std::string message, mcp::Revision of, std::string in_session = {})
      : bytes(std::move(message)),
        envelope(*mcp::Scan(bytes)),
        method(mcp::DecodeString(envelope.method.of(bytes))),
        item(mcp::DecodeString(envelope.name.of(bytes))),
        revision(of),
        session(std::move(in_session)) {
    record.request_id = "request-1";
  }

  mcp::Call Make() {
    return mcp::Call{.bytes = bytes,
                     .envelope = envelope,
                     .revision = revision,
                     .principal = principal,
                     .client = client,
                     .cancel = cancel,
                     .record = record,
                     .method = method,
                     .item = item,
                     .fields = fields.all().empty() ? nullptr : &fields,
                     .connection_id = 1,
                     .session = session,
                     .client_capabilities = client_capabilities,
                     .client_info = client_info,
                     .log_level = log_level,
                     .collect_result_up_to = collect_result_up_to};
  }

  std::string bytes;
  mcp::Envelope envelope;
  std::string method;
  std::string item;
  mcp::Revision revision;
  std::string session;
  std::string client_capabilities;
  std::string client_info;
  std::string log_level;
  base::auth::Principal principal;
  RecordingClient client;
  base::CancelSignal cancel;
  mcp::Record record;
  base::http::Fields fields;
  std::size_t collect_result_up_to = 0;
};

// A server that answers each request by a function of the test's.
class ScriptedServer final : public base::http::Service {
 public:
  struct Request {
    std::string method;
    std::string path;
    std::string query;
    std::string body;
    std::map<std::string, std::string> fields;  // names in lower case
    std::string Field(const std::string& name) const {
      const auto found = fields.find(name);
      return found == fields.end() ? std::string() : found->second;
    }
  };
  using Answer = std::function<base::Task<void>(base::http::Exchange&, const Request&)>;

  ScriptedServer(base::Loop& loop, Answer answer) : answer_(std::move(answer)) {
    server_ = *base::http::Server::Listen(loop, *base::http::ListenAddress::Parse("127.0.0.1:0"),
                                          false, base::http::ServerLimits(), *this);
    server_->Start();
  }
  std::string url() const { return "http://" + server_->address().ToString() + "/mcp"; }
  // Closes every connection.
  void Stop() { server_->Stop(); }

  base::Task<void> Serve(base::http::Exchange& exchange) override {
    Request request;
    request.method = exchange.head().method;
    request.path = exchange.head().path;
    request.query = exchange.head().query;
    for (const base::http::Field& field : exchange.head().fields.all()) {
      std::string name(field.name);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.fields[name] = field.value;
    }
    const auto body = co_await exchange.ReadBody(1 << 24);
    if (!body) co_return;
    request.body = *body;
    requests.push_back(request);
    co_await answer_(exchange, request);
  }

  // Everything that was asked, in order.
  std::vector<Request> requests;

 private:
  const Answer answer_;
  std::unique_ptr<base::http::Server> server_;
};

// Answers with a JSON body.
inline base::Task<void> RespondJson(base::http::Exchange& exchange, int status, std::string body,
                                    std::string session = {}) {
  const base::http::Field fields[] = {{"Content-Type", "application/json"},
                                      {"Mcp-Session-Id", session}};
  const std::span<const base::http::Field> used(fields, session.empty() ? 1 : 2);
  (void)co_await exchange.Respond(status, used, body);
}

class BackendTest : public ::testing::Test {
 protected:
  template <class T>
  T Run(base::Task<T> task) {
    std::optional<T> result;
    base::Spawn([](base::Task<T> inner, std::optional<T>& out) -> base::Task<> {
      out.emplace(co_await std::move(inner));
    }(std::move(task), result));
    while (!result) loop_.io.run_one();
    return *std::move(result);
  }

  mcp::Response Ask(mcp::Handler& handler, TestCall& test) {
    mcp::Call call = test.Make();
    return Run(handler.Handle(call));
  }

  // What is asked and answered by others is done before the loop is gone.
  // What is waited for may come true outside the loop too (a process that ends), so no event need
  // follow it.
  void RunUntil(const std::function<bool()>& done) {
    while (!done()) loop_.io.run_one_for(std::chrono::milliseconds(10));
  }

  base::Loop loop_;
};

}  // namespace support
