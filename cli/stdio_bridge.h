// A StdioBridge carries MCP between a client that only starts programs and an endpoint of the
// gateway: each message on stdin becomes a POST, and what comes back goes to stdout.
//
//   stdin  -> request       POST, its answer (and what comes before it) to stdout
//          -> answer        POST: to what the server asked
//          -> notification  POST; in 2026-07-28 `cancelled` closes the stream of what it names
//   stdout <- GET stream    of a session, from notifications/initialized on
//
// Any revision: messages pass as they are. A session that the endpoint has forgotten is opened anew
// with the client's own initialize, and a gateway that restarts is waited for; the client notices
// neither.
//
// One loop.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/http/client.h"
#include "base/loop.h"
#include "base/result.h"
#include "cli/standard_streams.h"
#include "mcp/http_client.h"
#include "mcp/message.h"
#include "mcp/revision.h"

namespace cli {

class StdioBridge {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  // `credentials` gives the header lines that say who calls, at any time.
  StdioBridge(base::Loop& loop, StandardStreams& streams, base::http::Url url,
              std::shared_ptr<const base::http::TlsContext> tls,
              std::function<Headers()> credentials);
  ~StdioBridge();

  // Until stdin has ended and what was asked is answered (for 30 s at most), or `stop` is
  // requested; then the session is ended.
  base::Task<> Run(base::CancelSignal& stop);
  // Something was to be sent, and the endpoint was never there.
  bool failed_to_reach() const { return tried_ && !reached_; }

 private:
  // A request under way, by its raw id.
  struct Asked {
    base::CancelSignal cancel;
    bool unwanted = false;  // the client cancelled it
    bool endless = false;   // it listens
  };
  // One message of the client's.
  struct Outgoing {
    std::string bytes;
    mcp::Envelope envelope;
    std::string method;
    std::string item;
    bool modern = false;
    bool is_request() const { return envelope.kind == mcp::Envelope::Kind::kRequest; }
    std::string_view id() const { return envelope.id.of(bytes); }
  };
  using AnswerPointer = std::unique_ptr<mcp::Answer>;

  static constexpr std::size_t kMaxMessageBytes = 16 * 1024 * 1024;
  static constexpr std::chrono::milliseconds kFirstPause{100};
  // The pause after that.
  static std::chrono::milliseconds Longer(std::chrono::milliseconds pause);
  // Views into the headers.
  static std::vector<base::http::Field> FieldsOf(const Headers& headers);

  void Take(std::string line);
  void CancelModern(const Outgoing& message);
  base::Task<> Forward(std::shared_ptr<Outgoing> message);
  base::Task<base::Result<void>> Deliver(const Outgoing& message, base::CancelSignal& cancel);
  // Sends until the endpoint is there; at most for a while.
  base::Task<base::Result<AnswerPointer>> Send(const Outgoing& message, std::string session,
                                               base::CancelSignal& cancel);
  base::Task<base::Result<void>> TakeAnswer(const Outgoing& message, std::string session,
                                            AnswerPointer answer, base::CancelSignal& cancel);
  // Passes one message of the endpoint's on; true when it is the answer.
  base::Result<bool> TakeReply(const Outgoing& message, std::string_view reply);

  // ---- The session (stdio_bridge_session.cc)

  // What the endpoint answered to an initialize.
  base::Result<void> OpenSession(std::shared_ptr<const Outgoing> initialize, std::string_view reply,
                                 std::string session);
  // Unless somebody else did since `lost` was the session.
  base::Task<base::Result<void>> OpenSessionAgain(std::string lost);
  base::Task<base::Result<void>> InitializeAgain();
  base::Task<> HearSession(std::string session);
  // True when anything came.
  base::Task<bool> HearStream(mcp::Answer& answer);
  base::Task<> EndSession();

  // ---- What runs, and what cannot

  // Until one of those that run has ended.
  base::Task<> AwaitOneLess(std::chrono::milliseconds at_most, base::CancelSignal& stop);
  void OneLess();
  void Refuse(const Outgoing& message, int code, std::string why);

  // Constant after construction
  base::Loop& loop_;
  StandardStreams& streams_;
  const base::http::Url url_;
  const std::function<Headers()> credentials_;
  const std::unique_ptr<base::http::Client> client_;

  // The older client's session
  std::shared_ptr<const Outgoing> initialize_;
  std::string session_;
  mcp::Revision revision_ = mcp::kLatestLegacy;
  bool opening_ = false;  // initialize is under way
  std::vector<std::string> held_;
  bool reopening_ = false;
  std::vector<std::function<void()>> reopened_;

  std::map<std::string, std::shared_ptr<Asked>, std::less<>> asked_;
  std::size_t running_ = 0;  // coroutines that refer to us
  std::function<void()> one_less_;
  base::CancelSignal ending_;
  bool tried_ = false;
  bool reached_ = false;
};

}  // namespace cli
