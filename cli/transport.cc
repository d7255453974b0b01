#include "cli/transport.h"

#include <chrono>

#include "base/http/client.h"
#include "base/loop.h"
#include "mcp/http_client.h"
#include "mcp/legacy/session_client.h"
#include "mcp/legacy/sse_client.h"

namespace cli {
namespace {

constexpr std::chrono::milliseconds kPatience{5'000};

enum class Found { kNothing, kStreamableHttp, kSse };

base::Task<> Find(std::shared_ptr<base::http::Client> client, const base::http::Url& url,
                  base::CancelSignal& cancel, Found& found, bool& done) {
  mcp::HandshakeOptions options;
  options.cancel = &cancel;
  const auto met = co_await mcp::Meet(*client, url, options);
  if (met) found = Found::kStreamableHttp;
  if (met && !met->session.empty())
    co_await mcp::legacy::CloseSession(*client, url, met->session, {});
  // Something answers HTTP there, and knows nothing of what was posted.
  if (!met && (met.error().stage == "handshake" || met.error().stage == "http")) {
    base::http::Url stream = url;
    const mcp::legacy::SseClient::Options connection{client, client};
    const auto opened =
        co_await mcp::legacy::SseClient::Open(connection, std::move(stream), cancel);
    if (opened) found = Found::kSse;
    if (opened) (*opened)->Close();
  }
  done = true;
}

}  // namespace

bool IsSse(const std::string& text) {
  const auto url = base::http::Url::Parse(text);
  if (!url) return false;
  base::Loop loop;
  const std::shared_ptr<base::http::Client> client = base::http::Client::Create(loop, {});
  base::CancelSignal cancel;
  base::Timers::Timer patience;
  const auto expire = [](void* signal) { static_cast<base::CancelSignal*>(signal)->Request(); };
  loop.timers.Arm(patience, kPatience, expire, &cancel);
  Found found = Found::kNothing;
  bool done = false;
  base::Spawn(Find(client, *url, cancel, found, done));
  while (!done) loop.io.run_one();
  if (found != Found::kNothing) return found == Found::kSse;
  return url->target.substr(0, url->target.find('?')).ends_with("/sse");
}

}  // namespace cli
