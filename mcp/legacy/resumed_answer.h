// A ResumedAnswer reads what an older server answers to one POST, message by message, and goes on
// with it when the server breaks the stream off (MCP 2025-11-25, Streamable HTTP, Resumability).
//
//   POST -> events, each with an id; the stream ends without the response
//   `retry` ms later (1 s when the server named none)
//   GET, Last-Event-ID -> the events behind that one; and so on, a few failures in a row at most
//
// One loop. No message comes twice: what is asked for begins behind the last event that was read.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/loop.h"
#include "mcp/http_client.h"

namespace mcp::legacy {

class ResumedAnswer {
 public:
  // References outlive it; `session` is empty when the server keeps none.
  struct Peer {
    base::Loop& loop;
    base::http::Client& client;
    const base::http::Url& url;
    std::string_view session;
    Revision revision;
    base::CancelSignal& cancel;
    std::size_t max_message_bytes;
    // Further header lines: credentials.
    std::span<const base::http::Field> fields = {};
    std::shared_ptr<const base::http::TlsContext> tls = nullptr;
  };
  ResumedAnswer(Peer peer, std::unique_ptr<Answer> answer)
      : peer_(peer), answer_(std::move(answer)) {}

  // The next message, empty when the stream is over and cannot be gone on with. Valid until the
  // next call. kCancelled when `cancel` was requested.
  base::Task<base::Result<std::string_view>> Next();
  // See Answer::AllowQuiet; also for what is gone on with.
  void AllowQuiet(std::chrono::milliseconds limit);

 private:
  base::Task<base::Result<void>> Resume();

  const Peer peer_;
  std::unique_ptr<Answer> answer_;  // null: broken off
  std::string last_event_id_;
  std::optional<std::chrono::milliseconds> retry_;
  std::chrono::milliseconds quiet_{-1};  // negative: as the client has it
  int failures_ = 0;
};

}  // namespace mcp::legacy
