#include "demo/stdio_service.h"

#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <utility>
#include <vector>

#include "mcp/error.h"
#include "mcp/legacy/handshake.h"
#include "mcp/raw_json.h"
#include "mcp/stdio.h"

namespace demo {
namespace {

// The question that tells what the handler is, whoever asks.
constexpr std::string_view kDiscover =
    R"({"jsonrpc":"2.0","id":0,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";

std::string Refuse(std::string_view raw_id, int code, std::string message, std::string data = "") {
  mcp::CallError error;
  error.code = code;
  error.message = std::move(message);
  error.extra_data_json = std::move(data);
  return mcp::ErrorMessage(raw_id, error, "");
}

}  // namespace

// Sends notifications between the answers.
class StdioService::Caller final : public mcp::Client {
 public:
  explicit Caller(StdioService& service) : service_(service) {}
  base::Task<base::Result<void>> Notify(std::string_view message) override {
    service_.Write(message);
    co_return base::Result<void>();
  }
  base::Task<base::Result<void>> Relay(mcp::Source&) override {
    co_return base::Fail(base::Code::kUnimplemented, "the demo's tools never relay");
  }

 private:
  StdioService& service_;
};

StdioService::StdioService(base::Loop& loop, mcp::Handler& handler, Era era)
    : loop_(loop), handler_(handler), era_(era), input_(loop.io) {
  boost::system::error_code error;
  input_.assign(dup(STDIN_FILENO), error);
  input_is_file_ = static_cast<bool>(error);
}

base::Task<std::size_t> StdioService::Read(char* buffer, std::size_t size) {
  if (input_is_file_) {
    ssize_t count = ::read(STDIN_FILENO, buffer, size);
    co_return count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  auto [error, count] =
      co_await base::AwaitIo<boost::system::error_code, std::size_t>([&](auto handler) {
        input_.async_read_some(boost::asio::buffer(buffer, size), std::move(handler));
      });
  co_return error ? 0 : count;
}

base::Task<void> StdioService::Run() {
  std::vector<char> buffer(64 * 1024);
  mcp::LineReader lines;
  bool readable = true;
  while (readable) {
    std::size_t count = co_await Read(buffer.data(), buffer.size());
    if (count == 0) break;
    lines.Feed(std::string_view(buffer.data(), count));
    while (true) {
      auto line = lines.Next();
      if (!line) {
        Write(Refuse("", mcp::kInvalidRequest, line.error().message));
        readable = false;
        break;
      }
      if (!*line) break;
      Take(**line);
    }
  }
  ended_ = true;
  if (active_ == 0) loop_.io.stop();
}

void StdioService::Take(std::string_view line) {
  auto envelope = mcp::Scan(line);
  if (!envelope) {
    Write(Refuse("",
                 envelope.error().code == base::Code::kInvalidArgument ? mcp::kParseError
                                                                       : mcp::kInvalidRequest,
                 envelope.error().message));
    return;
  }
  if (envelope->kind == mcp::Envelope::Kind::kNotification) {
    if (mcp::DecodeString(envelope->method.of(line)) != "notifications/cancelled") return;
    auto found = running_.find(envelope->request_id.of(line));
    if (found != running_.end()) found->second->Request();
    return;
  }
  if (envelope->kind == mcp::Envelope::Kind::kRequest) base::Spawn(Answer(std::string(line)));
}

base::Task<void> StdioService::Answer(std::string message) {
  ++active_;
  auto envelope = mcp::Scan(message);
  std::string answer = co_await AnswerTo(message, *envelope);
  if (!answer.empty()) Write(answer);
  if (--active_ == 0 && ended_) loop_.io.stop();
}

base::Task<std::string> StdioService::AnswerTo(const std::string& message,
                                               const mcp::Envelope& envelope) {
  const std::string method = mcp::DecodeString(envelope.method.of(message));
  const std::string_view raw_id = envelope.id.of(message);
  const bool modern = !envelope.protocol_version.empty();
  if (modern) {
    std::string version = mcp::DecodeString(envelope.protocol_version.of(message));
    auto revision = mcp::ParseRevision(version);
    if (era_ == Era::kLegacy)
      co_return Refuse(raw_id, mcp::kMethodNotFound, "Method not found: " + method);
    if (!revision || !mcp::IsModern(*revision)) {
      co_return Refuse(raw_id, mcp::kUnsupportedRevision, "Unsupported protocol version " + version,
                       R"("supported":["2026-07-28"],"requested":)" + mcp::Quote(version));
    }
  } else if (era_ == Era::kModern) {
    co_return Refuse(raw_id, mcp::kUnsupportedRevision, "This server speaks 2026-07-28 only",
                     R"("supported":["2026-07-28"])");
  } else if (method == "initialize") {
    co_return co_await Initialize(raw_id, envelope.params.of(message));
  }
  base::CancelSignal cancel;
  auto [place, fresh] = running_.try_emplace(std::string(raw_id), &cancel);
  if (!fresh) co_return Refuse(raw_id, mcp::kInvalidRequest, "a request with this id is running");
  const mcp::Revision revision = modern ? mcp::kLatest : mcp::kLatestLegacy;
  std::string answer = co_await Ask(message, revision, cancel);
  running_.erase(std::string(raw_id));
  // Who cancelled a request wants no answer (MCP 2025-11-25, Cancellation).
  co_return cancel.requested() ? std::string() : answer;
}

base::Task<std::string> StdioService::Ask(const std::string& message, mcp::Revision revision,
                                          base::CancelSignal& cancel) {
  auto envelope = mcp::Scan(message);
  const std::string method = mcp::DecodeString(envelope->method.of(message));
  const std::string item = mcp::DecodeString(envelope->name.of(message));
  Caller caller(*this);
  mcp::Record record;
  mcp::Call call{.bytes = message,
                 .envelope = *envelope,
                 .revision = revision,
                 .principal = principal_,
                 .client = caller,
                 .cancel = cancel,
                 .record = record,
                 .method = method,
                 .item = item};
  mcp::Response response = co_await handler_.Handle(call);
  co_return response.body;
}

base::Task<std::string> StdioService::Initialize(std::string_view raw_id, std::string_view params) {
  const std::string requested = mcp::DecodeString(mcp::Member(params, "protocolVersion"));
  auto revision = mcp::ParseRevision(requested);
  mcp::Revision agreed = revision && !mcp::IsModern(*revision) ? *revision : mcp::kLatestLegacy;
  const std::string discover(kDiscover);
  base::CancelSignal cancel;
  std::string answer = co_await Ask(discover, mcp::kLatest, cancel);
  co_return R"({"jsonrpc":"2.0","id":)" + std::string(raw_id) + R"(,"result":)" +
      mcp::legacy::InitializeResultFrom(mcp::Member(answer, "result"), agreed) + "}";
}

void StdioService::Write(std::string_view message) {
  std::string line;
  mcp::AppendLine(line, message);
  for (std::size_t done = 0; done < line.size();) {
    ssize_t count = ::write(STDOUT_FILENO, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace demo
