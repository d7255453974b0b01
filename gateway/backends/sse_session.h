// An SseSession is one session with a server that speaks HTTP+SSE (MCP 2024-11-05, Transports): its
// handshake, and everything that comes on its one stream, matched to the calls in flight.
//
//   answer          its request, by a number that is unique in the session
//   progress        its request, by the same number
//   question        the newest call whose caller can answer it, else the listener, else an error
//   log message     the one call in flight, else the listener
//   all else        the listener
//
// One loop. Whoever asks holds it by shared_ptr.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/loop.h"
#include "gateway/backends/asides.h"
#include "gateway/backends/pending_request.h"
#include "mcp/http_client.h"
#include "mcp/legacy/sse_client.h"

namespace gateway {

class SseSession final : public std::enable_shared_from_this<SseSession> {
 public:
  using Opened = boost::system::result<std::shared_ptr<SseSession>, base::http::SendFailure>;

  // The stream, initialize and initialized. Of `options` the bounds of `Meet` do not count; `terms`
  // (may be null) hold for what is sent on behalf of no call.
  static base::Task<Opened> Open(base::Loop& loop, mcp::legacy::SseClient::Options connection,
                                 base::http::Url url, mcp::HandshakeOptions options,
                                 std::shared_ptr<const mcp::UpstreamTerms> terms);

  mcp::Revision revision() const { return revision_; }
  // The raw result of initialize.
  const std::string& introduction() const { return introduction_; }

  std::uint64_t NextNumber() { return ++last_number_; }
  // The place where what comes for request `number` is found; before it is posted.
  std::unique_ptr<PendingRequest> Expect(std::uint64_t number, PendingRequest::Caller caller);
  // The same for what belongs to no call; every listener hears it.
  std::unique_ptr<PendingRequest> Listen(PendingRequest::Caller caller);
  // Posts a message. kNotFound: the server has forgotten the session, and not looked at it.
  // `terms`: of the call; null: as the session was opened.
  base::Task<base::Result<void>> Post(std::string message, base::CancelSignal& cancel,
                                      std::shared_ptr<const mcp::UpstreamTerms> terms = nullptr);
  // The same beside everything else. Bounded (asides.h): what is too much is dropped.
  void PostAside(std::string message);
  // A request of our own with one parameter: whether its answer was a result.
  base::Task<bool> Say(std::string_view method, std::string_view member, std::string_view raw_value,
                       base::CancelSignal& cancel);

  std::size_t listeners() const { return listeners_.size(); }
  void Unsubscribe(std::string_view uri);

  bool ended() const { return ended_; }
  // Called once when the server has ended it.
  void OnEnd(std::function<void()> callback) { on_end_ = std::move(callback); }
  void Close();

 private:
  SseSession(base::Loop& loop, std::shared_ptr<mcp::legacy::SseClient> client,
             std::shared_ptr<const mcp::UpstreamTerms> terms)
      : loop_(loop), client_(std::move(client)), terms_(std::move(terms)) {}
  static base::Task<> Aside(std::shared_ptr<SseSession> self, std::string message);
  base::Task<base::Result<std::string>> AskPlainly(std::uint64_t number, std::string message,
                                                   base::CancelSignal& cancel);
  void Take(std::string_view message);
  void TakeNotification(std::string_view message, const mcp::Envelope& envelope);
  void TakeQuestion(std::string_view message, const mcp::Envelope& envelope);
  PendingRequest* Find(std::string_view raw_number) const;
  void Finish(const base::Error& why);

  base::Loop& loop_;
  const std::shared_ptr<mcp::legacy::SseClient> client_;
  const std::shared_ptr<const mcp::UpstreamTerms> terms_;
  mcp::Revision revision_ = mcp::Revision::k2024_11_05;
  std::string introduction_;
  std::uint64_t last_number_ = 0;
  Asides asides_;
  PendingRequest::Register requests_;
  PendingRequest::Register listeners_;
  bool ended_ = false;
  std::function<void()> on_end_;
};

}  // namespace gateway
