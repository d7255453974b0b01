// A bare relay made of base/http alone: what is left of our cost when MCP, routing and policies are
// taken away.
//
//   relay LISTEN UPSTREAM_URL
#include <iostream>
#include <string>
#include <vector>

#include "base/http/client.h"
#include "base/http/server.h"
#include "base/loop.h"

namespace {

using namespace base::http;
using base::Result, base::Task;

// Fields between one hop and the next only (RFC 9110, section 7.6.1), and those that each hop makes
// itself.
bool IsOfOneHop(std::string_view name) {
  for (std::string_view own :
       {"connection", "content-length", "host", "transfer-encoding", "date", "keep-alive"}) {
    if (EqualsIgnoreCase(name, own)) return true;
  }
  return false;
}

class Relay final : public Service {
 public:
  Relay(Client& client, Url upstream) : client_(client), upstream_(std::move(upstream)) {}

  Task<void> Serve(Exchange& exchange) override {
    Result<std::string_view> body = co_await exchange.ReadBody(16 << 20);
    if (!body) {
      Result<void> ignored = co_await exchange.Respond(400, {}, std::string_view());
      co_return;
    }
    std::vector<Field> fields = Passing(exchange.head().fields);
    Client::Request request;
    request.method = exchange.head().method;
    request.fields = fields;
    request.body = std::span<const std::string_view>(&*body, 1);
    request.cancel = &exchange.cancel();
    boost::system::result<std::unique_ptr<ClientExchange>, SendFailure> sent =
        co_await client_.Send(upstream_, request);
    if (!sent) {
      const std::string why = sent.error().error.message + "\n";
      Result<void> ignored = co_await exchange.Respond(502, {}, std::string_view(why));
      Keep(std::move(fields));
      co_return;
    }
    ClientExchange& answer = **sent;
    fields.clear();
    AddPassing(answer.head().fields, fields);
    co_await Answer(exchange, answer, fields);
    Keep(std::move(fields));
  }

 private:
  Task<void> Answer(Exchange& exchange, ClientExchange& answer, const std::vector<Field>& fields) {
    const int status = answer.head().status;
    const std::uint64_t length = answer.head().content_length.value_or(0);
    if (answer.head().content_length && length <= 8192) {
      Result<std::string_view> whole = co_await answer.ReadBody(8192);
      if (whole) Result<void> ignored = co_await exchange.Respond(status, fields, *whole);
      co_return;
    }
    Result<void> going = co_await exchange.StartStream(status, fields, length);
    while (going) {
      Result<std::string_view> some = co_await answer.ReadSome();
      if (!some) co_return;
      if (some->empty()) break;
      going = co_await exchange.Write(*some);
    }
    if (going) Result<void> ignored = co_await exchange.FinishStream();
  }

  std::vector<Field> Passing(const Fields& from) {
    std::vector<Field> fields;
    if (!spare_.empty()) {
      fields = std::move(spare_.back());
      spare_.pop_back();
      fields.clear();
    }
    AddPassing(from, fields);
    return fields;
  }
  void AddPassing(const Fields& from, std::vector<Field>& to) {
    for (const Field& field : from.all()) {
      if (!IsOfOneHop(field.name)) to.push_back(field);
    }
  }
  void Keep(std::vector<Field> fields) { spare_.push_back(std::move(fields)); }

  Client& client_;
  const Url upstream_;
  std::vector<std::vector<Field>> spare_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::cerr << "relay LISTEN UPSTREAM_URL\n";
    return 2;
  }
  const auto address = ListenAddress::Parse(arguments[1]);
  auto upstream = Url::Parse(arguments[2]);
  if (!address || !upstream) {
    std::cerr << (address ? upstream.error().message : address.error().message) << "\n";
    return 2;
  }
  base::Loop loop;
  const auto client = Client::Create(loop, ClientLimits{});
  Relay relay(*client, *upstream);
  auto server = Server::Listen(loop, *address, false, ServerLimits{}, relay);
  if (!server) {
    std::cerr << server.error().message << "\n";
    return 1;
  }
  (*server)->Start();
  std::cout << "listening=" << (*server)->address().ToString() << std::endl;
  loop.io.run();
}
