#include "gateway/backends/held_listen.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "gateway/backends/passage.h"
#include "mcp/error.h"
#include "mcp/raw_json.h"
#include "mcp/read_relayed.h"
#include "mcp/requests.h"

namespace gateway {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{250};
constexpr milliseconds kLongestPause{30'000};
// A server that does not know it may do so after its next release.
constexpr milliseconds kUnknownPause{300'000};

// Ends the wait for a server while somebody else's signal may too.
struct Forward {
  base::CancelSignal& to;
  void operator()() const { to.Request(); }
};

}  // namespace

base::Task<base::Result<void>> ListenClient::Relay(mcp::Source& source) {
  base::Result<std::string> answer = co_await mcp::ReadRelayed(source, *this);
  if (!answer) co_return answer.error();
  answer_ = *std::move(answer);
  co_return base::Result<void>();
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
  const std::string bytes = ListenRequest(caller.id(), options_.filter(), IdentityOf(caller));
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
                 .method = mcp::kListenMethod,
                 .item = {},
                 .fields = nullptr,
                 .connection_id = caller.connection_id,
                 .session = caller.session,
                 .client_capabilities = caller.client_capabilities,
                 .client_info = caller.client_info,
                 .log_level = caller.log_level,
                 .upstream = caller.upstream};
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
