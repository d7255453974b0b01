#include "gateway/backends/home_handler.h"

#include <functional>
#include <optional>
#include <string>

#include "base/cancel.h"

namespace gateway {
namespace {

constexpr std::size_t kMaxRelayedBytes = 16 * 1024 * 1024;

// One call away from its worker. Each part is touched by one thread only, and the two hand over by
// posting; the trip lives until both are done.
struct Trip {
  Trip(const mcp::Call& call, base::Loop& home_loop, base::Loop& own_loop)
      : home(home_loop),
        own(own_loop),
        bytes(call.bytes),
        envelope(call.envelope),
        revision(call.revision),
        principal(call.principal),
        method(call.method),
        item(call.item),
        session(call.session),
        client_capabilities(call.client_capabilities),
        client_info(call.client_info),
        log_level(call.log_level),
        connection_id(call.connection_id),
        collect_result_up_to(call.collect_result_up_to) {
    record.request_id = call.record.request_id;
  }

  base::Loop& home;
  base::Loop& own;

  // Constant after construction
  const std::string bytes;
  const mcp::Envelope envelope;
  const mcp::Revision revision;
  const base::auth::Principal principal;
  const std::string method;
  const std::string item;
  const std::string session;
  const std::string client_capabilities;
  const std::string client_info;
  const std::string log_level;
  const std::uint64_t connection_id;
  const std::size_t collect_result_up_to;

  // The home's
  base::CancelSignal cancel;
  mcp::Record record;
  std::function<void(base::Result<void>)> notified;

  // The worker's
  std::optional<std::string> notification;
  std::optional<mcp::Response> response;
  mcp::Record outcome;
  std::function<void()> wake;

  void Wake() {
    if (const auto waiting = std::exchange(wake, nullptr)) waiting();
  }
};
using TripPointer = std::shared_ptr<Trip>;

// The caller, as seen from the home loop.
class FarClient final : public mcp::Client {
 public:
  explicit FarClient(TripPointer trip) : trip_(std::move(trip)) {}

  base::Task<base::Result<void>> Notify(std::string_view message) override {
    trip_->own.Post([trip = trip_, copy = std::string(message)]() mutable {
      trip->notification = std::move(copy);
      trip->Wake();
    });
    auto [result] = co_await base::AwaitIo<base::Result<void>>(
        [this](auto handler) { trip_->notified = std::move(handler); });
    co_return result;
  }

  base::Task<base::Result<void>> Relay(mcp::Source& source) override {
    if (source.form() != mcp::Source::Form::kJson) {
      co_return base::Fail(base::Code::kUnimplemented, "event streams do not travel");
    }
    for (;;) {
      const auto piece = co_await source.Next();
      if (!piece) co_return piece.error();
      if (piece->empty()) co_return base::Result<void>();
      if (relayed.size() + piece->size() > kMaxRelayedBytes) {
        co_return base::Fail(base::Code::kResourceExhausted, "the answer is too long");
      }
      relayed += *piece;
    }
  }

  std::string relayed;

 private:
  const TripPointer trip_;
};

base::Task<> RunAtHome(TripPointer trip, std::shared_ptr<mcp::Handler> handler) {
  FarClient client(trip);
  mcp::Call call{.bytes = trip->bytes,
                 .envelope = trip->envelope,
                 .revision = trip->revision,
                 .principal = trip->principal,
                 .client = client,
                 .cancel = trip->cancel,
                 .record = trip->record,
                 .method = trip->method,
                 .item = trip->item,
                 .connection_id = trip->connection_id,
                 .session = trip->session,
                 .client_capabilities = trip->client_capabilities,
                 .client_info = trip->client_info,
                 .log_level = trip->log_level,
                 .collect_result_up_to = trip->collect_result_up_to};
  mcp::Response response = co_await handler->Handle(call);
  if (response.kind == mcp::Response::Kind::kRelayed) {
    response = mcp::Response::Message(std::move(client.relayed));
  }
  trip->own.Post(
      [trip, response = std::move(response), record = std::move(trip->record)]() mutable {
        trip->response = std::move(response);
        trip->outcome = std::move(record);
        trip->Wake();
      });
}

}  // namespace

base::Task<mcp::Response> HomeHandler::Handle(mcp::Call& call) {
  const auto trip = std::make_shared<Trip>(call, home_, own_);
  home_.Post([trip, handler = handler_] { base::Spawn(RunAtHome(trip, handler)); });
  const auto tell_home = [&] { home_.Post([trip] { trip->cancel.Request(); }); };
  base::CancelSignal::Hook hook(call.cancel, tell_home);
  if (call.cancel.requested()) tell_home();
  // However it goes, the home answers in the end: it heeds the cancellation.
  while (!trip->response) {
    if (trip->notification) {
      const std::string message = *std::exchange(trip->notification, std::nullopt);
      base::Result<void> result = co_await call.client.Notify(message);
      home_.Post([trip, result = std::move(result)]() mutable {
        const auto notified = std::exchange(trip->notified, nullptr);
        notified(std::move(result));
      });
      continue;
    }
    co_await base::AwaitIo<>([&](auto handler) { trip->wake = std::move(handler); });
  }
  const mcp::Record& outcome = trip->outcome;
  call.record.outcome = outcome.outcome;
  call.record.error_code = outcome.error_code;
  call.record.reason = outcome.reason;
  call.record.message = outcome.message;
  call.record.server_time = outcome.server_time;
  co_return *std::move(trip->response);
}

}  // namespace gateway
