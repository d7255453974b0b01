#include "gateway/backends/home_handler.h"

#include <string>

#include "base/cancel.h"
#include "base/hop.h"
#include "mcp/attempts.h"

namespace gateway {
namespace {

using base::Result;

// One call away from its worker. The two loops hand over by posting; what is not constant belongs
// to one of them.
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
        upstream(call.upstream),
        collect_result_up_to(call.collect_result_up_to),
        near_client(call.client) {
    record.request_id = call.record.request_id;
  }

  // Constant after construction
  base::Loop& home;
  base::Loop& own;
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
  const std::shared_ptr<const mcp::UpstreamTerms> upstream;
  const std::size_t collect_result_up_to;

  // The worker's: valid until Handle has returned there, which waits for the home's.
  mcp::Client& near_client;

  // The home's; its record is read when it is done.
  base::CancelSignal cancel;
  mcp::Record record;
};
using TripPointer = std::shared_ptr<Trip>;

// What the home relays, as seen from the worker.
class FarSource final : public mcp::Source {
 public:
  FarSource(Trip& trip, mcp::Source& source)
      : trip_(trip), source_(source), form_(source.form()), length_(source.length()) {}

  Form form() const override { return form_; }
  std::uint64_t length() const override { return length_; }
  base::Task<Result<std::string_view>> Next() override {
    const auto next = [this] { return CopyNext(source_); };
    auto piece = co_await base::RunOn(trip_.home, trip_.own, next);
    if (!piece) co_return piece.error();
    piece_ = *std::move(piece);
    co_return std::string_view(piece_);
  }

 private:
  static base::Task<Result<std::string>> CopyNext(mcp::Source& source) {
    const Result<std::string_view> piece = co_await source.Next();
    if (!piece) co_return piece.error();
    co_return std::string(*piece);
  }

  Trip& trip_;
  mcp::Source& source_;
  const Form form_;
  const std::uint64_t length_;
  std::string piece_;
};

// A question's way to the worker and back. `cancel` is the worker's.
struct Question {
  std::string request;
  base::CancelSignal cancel;
};

// The caller, as seen from the home loop.
class FarClient final : public mcp::Client {
 public:
  explicit FarClient(Trip& trip) : trip_(trip) {}

  base::Task<Result<void>> Notify(std::string_view message) override {
    const std::string copy(message);
    const auto notify = [this, &copy] { return trip_.near_client.Notify(copy); };
    co_return co_await base::RunOn(trip_.own, trip_.home, notify);
  }

  base::Task<Result<void>> Relay(mcp::Source& source) override {
    FarSource far(trip_, source);
    const auto relay = [this, &far] { return trip_.near_client.Relay(far); };
    co_return co_await base::RunOn(trip_.own, trip_.home, relay);
  }

  base::Task<Result<std::string>> Ask(std::string_view request,
                                      base::CancelSignal& cancel) override {
    if (cancel.requested()) co_return base::Fail(base::Code::kCancelled, "cancelled");
    const auto question = std::make_shared<Question>();
    question->request = request;
    const auto withdraw = [&own = trip_.own, question] {
      own.Post([question] { question->cancel.Request(); });
    };
    base::CancelSignal::Hook hook(cancel, withdraw);
    const auto ask = [&near = trip_.near_client, &question = *question] {
      return near.Ask(question.request, question.cancel);
    };
    co_return co_await base::RunOn(trip_.own, trip_.home, ask);
  }

 private:
  Trip& trip_;
};

base::Task<mcp::Response> HandleAtHome(TripPointer trip, std::shared_ptr<mcp::Handler> handler) {
  FarClient client(*trip);
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
                 .upstream = trip->upstream,
                 .collect_result_up_to = trip->collect_result_up_to};
  co_return co_await handler->Handle(call);
}

}  // namespace

base::Task<mcp::Response> HomeHandler::Handle(mcp::Call& call) {
  const auto trip = std::make_shared<Trip>(call, home_, own_);
  const auto tell_home = [&] { home_.Post([trip] { trip->cancel.Request(); }); };
  base::CancelSignal::Hook hook(call.cancel, tell_home);
  if (call.cancel.requested()) tell_home();
  const auto handle = [&trip, this] { return HandleAtHome(trip, handler_); };
  mcp::Response response = co_await base::RunOn(home_, own_, handle);
  const mcp::Record& outcome = trip->record;
  call.record.outcome = outcome.outcome;
  call.record.error_code = outcome.error_code;
  call.record.reason = outcome.reason;
  call.record.message = outcome.message;
  mcp::TakeAttempts(call.record, outcome);
  co_return response;
}

}  // namespace gateway
