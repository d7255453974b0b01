#include "gateway/backends/remote_server.h"

#include <chrono>
#include <optional>

#include "base/log.h"
#include "gateway/backends/forwarded_fields.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/terms.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/http_client.h"

namespace gateway {

using base::Code;
using mcp::Response;

RemoteServer::RemoteServer(Options options, std::shared_ptr<Upstream> upstream,
                           BackendContext& context)
    : options_(std::move(options)),
      upstream_(std::move(upstream)),
      context_(context),
      sessions_(ServerSessions::Make(options_.url, options_.shared_sessions, upstream_, context)),
      streams_(context),
      modern_(options_.name, options_.url, upstream_, streams_, context),
      older_(options_.name, sessions_, upstream_, streams_, context) {}

RemoteServer::~RemoteServer() { sessions_->Leave(); }

base::Task<Response> RemoteServer::Handle(mcp::Call& call) {
  const bool endless = call.method == mcp::kListenMethod;
  Deadline deadline(context_.loop, call.cancel,
                    endless ? std::chrono::milliseconds(0) : TotalOf(call, context_.limits));
  BeginAttempt(call);
  // Twice, when the server turns out to speak another revision than it did.
  for (int round = 0; round < 2; ++round) {
    std::optional<mcp::Revision> revision = upstream_->revision();
    if (!revision) {
      const base::Result<mcp::Revision> met = co_await Meet(call, deadline);
      if (!met) co_return UpstreamError(call, options_.name, met.error(), deadline);
      revision = *met;
    }
    std::optional<Response> response;
    if (mcp::IsModern(*revision)) {
      response = co_await modern_.Ask(call, deadline);
    } else {
      response = co_await older_.Ask(call, deadline);
    }
    if (response) co_return *std::move(response);
    upstream_->Forget(*revision);
  }
  co_return UpstreamError(
      call, options_.name,
      base::Fail(Code::kUnavailable, "the server refuses every revision we speak"), deadline);
}

base::Task<base::Result<mcp::Revision>> RemoteServer::Meet(mcp::Call& call, Deadline& deadline) {
  while (true) {
    const bool ours = co_await upstream_->BeginMeeting(context_.loop, deadline.signal());
    if (ours) break;
    if (const auto revision = upstream_->revision()) co_return *revision;
    if (deadline.signal().requested()) co_return base::Fail(Code::kCancelled, "cancelled");
  }
  // Others wait for us, so it must not take as long as a listener stays.
  Deadline meeting(context_.loop, deadline.signal(), ServerSessions::kOpenWithin);
  const FieldList own = OwnFields(call.upstream.get());
  const mcp::HandshakeOptions options = sessions_->HandshakeFor(call, own, meeting.signal());
  auto met = co_await mcp::Meet(context_.client, options_.url, options);
  if (!met) {
    upstream_->MeetingFailed();
    base::Error error = SendError(met.error(), context_.limits);
    if (meeting.expired()) error.code = Code::kDeadlineExceeded;
    co_return error;
  }
  if (!mcp::IsModern(met->revision)) {
    // The session that the meeting left us serves whoever caused it.
    UpstreamSession session{met->session, met->revision, call.upstream};
    co_await sessions_->Keep(sessions_->KeyOf(call), std::move(session), meeting.signal());
  }
  const mcp::Revision revision = met->revision;
  upstream_->Know(revision, std::move(met->result));
  spdlog::info("server '{}' speaks {}", options_.name, mcp::ToString(revision));
  co_return revision;
}

}  // namespace gateway
