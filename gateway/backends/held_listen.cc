#include "gateway/backends/held_listen.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "gateway/backends/passage.h"
#include "mcp/error.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"
#include "mcp/sse.h"

namespace gateway {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kListen = "subscriptions/listen";
constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{30'000};
// A server that does not know it may do so after its next release.
constexpr milliseconds kUnknownPause{300'000};
constexpr std::size_t kMaxAnswerBytes = 64 * 1024;

std::string Request(const mcp::Call& caller, const ListenFilter& filter) {
  std::string plain = R"({"jsonrpc":"2.0","id":)";
  plain.append(caller.id()).append(R"(,"method":"subscriptions/listen","params":)");
  plain.append(ListenParams(filter)).append("}");
  const auto envelope = mcp::Scan(plain);
  return mcp::legacy::ToModernRequest(plain, *envelope, IdentityOf(caller));
}

// Ends the wait for a server while somebody else's signal may too.
struct Forward {
  base::CancelSignal& to;
  void operator()() const { to.Request(); }
};

}  // namespace

base::Task<base::Result<void>> ListenClient::Relay(mcp::Source& source) {
  const bool events = source.form() == mcp::Source::Form::kEventStream;
  mcp::SseParser parser;
  for (;;) {
    const auto piece = co_await source.Next();
    if (!piece) co_return piece.error();
    if (piece->empty()) co_return base::Result<void>();
    if (!events) {
      if (answer_.size() < kMaxAnswerBytes) answer_ += *piece;
      continue;
    }
    parser.Feed(*piece);
    for (;;) {
      const auto event = parser.Next();
      if (!event) co_return event.error();
      if (!*event) break;
      const std::string_view data = (*event)->data;
      const auto envelope = mcp::Scan(data);
      if (!envelope) continue;  // an empty event, or nothing that means anything
      if (envelope->kind != mcp::Envelope::Kind::kNotification) {
        answer_ = data;
        continue;
      }
      const base::Result<void> heard = co_await Notify(data);
      if (!heard) co_return heard;
    }
  }
}

base::Task<> HeldListen::Run(base::CancelSignal& until) {
  milliseconds pause = kFirstPause;
  while (!until.requested()) {
    bool heard = false;
    const bool known = co_await Listen(until, heard);
    if (options_.ended) options_.ended();
    if (heard) pause = kFirstPause;
    const bool waited = co_await options_.loop.timers.Sleep(known ? pause : kUnknownPause, until);
    if (!waited) break;
    pause = std::min(pause * 2, kLongestPause);
  }
}

base::Task<bool> HeldListen::Listen(base::CancelSignal& until, bool& heard) {
  const mcp::Call& caller = options_.caller;
  base::CancelSignal attempt;
  base::CancelSignal::Hook<Forward> hook(until, Forward{attempt});
  attempt_ = &attempt;
  const std::string bytes = Request(caller, options_.filter());
  const auto envelope = mcp::Scan(bytes);
  const std::unique_ptr<ListenClient> client = options_.client();
  mcp::Record record;
  mcp::Call call{.bytes = bytes,
                 .envelope = *envelope,
                 .revision = mcp::kLatest,
                 .principal = caller.principal,
                 .client = *client,
                 .cancel = attempt,
                 .record = record,
                 .method = kListen,
                 .item = {},
                 .fields = nullptr,
                 .connection_id = caller.connection_id,
                 .session = caller.session,
                 .client_capabilities = caller.client_capabilities,
                 .client_info = caller.client_info,
                 .log_level = caller.log_level};
  const auto begun = std::chrono::steady_clock::now();
  const std::shared_ptr<mcp::Handler> server = options_.server();
  mcp::Response response = co_await server->Handle(call);
  attempt_ = nullptr;
  // One that was open for a while was not refused, and what another server did counts no more.
  heard = attempt.requested() || std::chrono::steady_clock::now() - begun > kLongestPause;
  const std::string answer =
      response.kind == mcp::Response::Kind::kMessage ? std::move(response.body) : client->answer();
  const auto parts = mcp::Scan(answer);
  co_return !parts || parts->kind != mcp::Envelope::Kind::kError ||
      mcp::Integer(parts->error_code.of(answer)) != mcp::kMethodNotFound;
}

void HeldListen::Restart() {
  if (attempt_) attempt_->Request();
}

}  // namespace gateway
