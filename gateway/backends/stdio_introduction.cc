#include "gateway/backends/stdio_introduction.h"

#include "gateway/backends/deadline.h"
#include "gateway/backends/stdio_child.h"
#include "mcp/legacy/handshake.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace gateway {
namespace {

// A server that does not answer server/discover for so long is one that waits for initialize.
constexpr std::chrono::milliseconds kDiscoverPatience{10'000};

bool SpeaksLatest(std::string_view discover_result) {
  mcp::Elements versions(mcp::Member(discover_result, "supportedVersions"));
  while (versions.Next()) {
    if (mcp::DecodeString(versions.value()) == mcp::ToString(mcp::kLatest)) return true;
  }
  return false;
}

}  // namespace

base::Task<base::Result<Introduction>> Introduce(std::shared_ptr<StdioChild> child,
                                                 std::optional<mcp::Revision> known,
                                                 mcp::Identity identity,
                                                 base::CancelSignal& cancel) {
  if (!known || mcp::IsModern(*known)) {
    Deadline patience(child->loop(), cancel, kDiscoverPatience);
    const std::uint64_t number = child->NextNumber();
    std::string discover = mcp::DiscoverRequest(std::to_string(number), identity);
    const auto answer = co_await child->AskPlainly(std::move(discover), number, patience.signal());
    if (!answer && !patience.expired()) co_return answer.error();
    if (answer) {
      const auto envelope = mcp::Scan(*answer);
      const std::string_view result = envelope->result.of(*answer);
      if (envelope->kind == mcp::Envelope::Kind::kResult && SpeaksLatest(result)) {
        Introduction modern{mcp::kLatest, std::string(result)};
        co_return modern;
      }
    }
  }
  const std::uint64_t number = child->NextNumber();
  std::string initialize = mcp::legacy::InitializeRequest(std::to_string(number), identity);
  const auto answer = co_await child->AskPlainly(std::move(initialize), number, cancel);
  if (!answer) co_return answer.error();
  const auto envelope = mcp::Scan(*answer);
  const auto initialized = mcp::legacy::ReadInitializeAnswer(*answer, *envelope);
  if (!initialized) co_return initialized.error();
  Introduction older{initialized->revision, std::string(initialized->result)};
  if (auto sent = child->Send(mcp::legacy::kInitializedNotification); !sent) {
    co_return sent.error();
  }
  co_return older;
}

}  // namespace gateway
