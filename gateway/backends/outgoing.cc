#include "gateway/backends/outgoing.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "gateway/backends/forwarded_fields.h"
#include "gateway/backends/retry_after.h"
#include "mcp/legacy/translate.h"

namespace gateway {

Outgoing MakeOutgoing(const mcp::Call& call, Passage passage, Upstream& upstream) {
  Outgoing outgoing;
  outgoing.passage = passage;
  switch (passage) {
    case Passage::kUntouched:
    case Passage::kNone: outgoing.bytes = call.bytes; return outgoing;
    case Passage::kRenumbered:
      outgoing.raw_id = std::to_string(upstream.NextId());
      outgoing.storage = mcp::legacy::WithId(call.bytes, call.envelope, outgoing.raw_id);
      break;
    case Passage::kToModern:
      outgoing.storage = mcp::legacy::ToModernRequest(call.bytes, call.envelope, IdentityOf(call));
      break;
    case Passage::kToOlder:
      outgoing.raw_id = std::to_string(upstream.NextId());
      outgoing.storage = mcp::legacy::ToLegacyRequest(call.bytes, call.envelope, outgoing.raw_id);
      break;
  }
  outgoing.bytes = outgoing.storage;
  return outgoing;
}

namespace {

using Answered = boost::system::result<std::unique_ptr<mcp::Answer>, base::http::SendFailure>;

// REQUIRES: an attempt was begun.
void NoteSent(mcp::Record& record, const Answered& answer, std::chrono::microseconds took) {
  mcp::UpstreamAttempt& attempt = record.attempts.back();
  attempt.duration = took;
  // What sent nothing took no time of the server.
  if (!answer && answer.error().nothing_sent) return;
  attempt.nothing_sent = false;
  record.server_time += std::max(took, std::chrono::microseconds(1));
  if (!answer) return;
  attempt.http_status = (*answer)->status();
  if (!(*answer)->retry_after().empty())
    attempt.retry_after = RetryAfter((*answer)->retry_after(), std::time(nullptr));
}

}  // namespace

base::Task<boost::system::result<std::unique_ptr<mcp::Answer>, base::http::SendFailure>> Send(
    base::http::Client& client, const base::http::Url& url, mcp::Call& call,
    const Outgoing& outgoing, const UpstreamSession* session, Deadline& deadline) {
  const FieldList fields = ForwardedFields(call, session == nullptr);
  const std::string_view pieces[] = {outgoing.bytes};
  mcp::OutgoingMessage message;
  message.body = pieces;
  message.revision = session ? session->revision : mcp::kLatest;
  message.method = call.method;
  message.item = call.item;
  if (session) message.session = session->id;
  message.fields = {fields.data(), fields.size()};
  message.cancel = &deadline.signal();
  message.endless = call.method == mcp::kListenMethod;
  if (const mcp::UpstreamTerms* const terms = call.upstream.get()) {
    message.connect = terms->connect;
    message.first_byte = terms->first_byte;
    message.idle = terms->idle;
    message.tls = terms->tls;
  }
  const auto begun = std::chrono::steady_clock::now();
  auto answer = co_await mcp::Post(client, url, message);
  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - begun);
  NoteSent(call.record, answer, took);
  co_return answer;
}

}  // namespace gateway
