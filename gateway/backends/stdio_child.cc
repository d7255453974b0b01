#include "gateway/backends/stdio_child.h"

#include <array>
#include <utility>

#include "base/log.h"
#include "gateway/backends/passage.h"
#include "mcp/error.h"
#include "mcp/legacy/handshake.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;
using boost::system::error_code;

// A server that does not answer server/discover for so long is one that waits for initialize.
constexpr std::chrono::milliseconds kDiscoverPatience{10'000};
// Between the end of its output and the word of its exit.
constexpr std::chrono::milliseconds kExitPatience{1'000};

constexpr std::size_t kReadBytes = 64 * 1024;

// Wakes whoever waits in Request::Next when a signal comes.
struct WakeUp {
  std::function<void()>& wake;
  void operator()() const {
    if (const auto waiting = std::exchange(wake, nullptr)) waiting();
  }
};

std::string DiscoverRequest(std::uint64_t number) {
  const std::string plain = R"({"jsonrpc":"2.0","id":)" + std::to_string(number) +
                            R"(,"method":"server/discover","params":{}})";
  return mcp::legacy::ToModernRequest(plain, *mcp::Scan(plain), mcp::Identity());
}

bool SpeaksLatest(std::string_view discover_result) {
  mcp::Elements versions(mcp::Member(discover_result, "supportedVersions"));
  while (versions.Next()) {
    if (mcp::DecodeString(versions.value()) == mcp::ToString(mcp::kLatest)) return true;
  }
  return false;
}

// The subscription that a message is sent for, raw; empty without one. MCP 2026-07-28,
// Subscriptions.
std::string_view SubscriptionOf(std::string_view message, const mcp::Envelope& envelope) {
  const mcp::Span& holder = envelope.params.empty() ? envelope.result : envelope.params;
  return mcp::Member(mcp::Member(holder.of(message), "_meta"),
                     "io.modelcontextprotocol/subscriptionId");
}

// `part`, a view into `bytes`, replaced.
std::string Spliced(std::string_view bytes, std::string_view part, std::string_view by) {
  const auto begin = static_cast<std::size_t>(part.data() - bytes.data());
  std::string out;
  out.reserve(bytes.size() + by.size());
  out += bytes.substr(0, begin);
  out += by;
  out += bytes.substr(begin + part.size());
  return out;
}

}  // namespace

StdioChild::StdioChild(std::string server, base::Loop& loop, std::unique_ptr<Guard::Child> program,
                       Limits limits)
    : server_(std::move(server)),
      loop_(loop),
      limits_(limits),
      program_(std::move(program)),
      in_(loop.io, program_->TakeStdin()),
      out_(loop.io, program_->TakeStdout()),
      log_(loop.io, program_->TakeStderr()),
      log_lines_(server_) {}

StdioChild::~StdioChild() = default;

void StdioChild::Start() {
  program_->OnExit([this](const Guard::Exit& exit) {
    exit_ = exit.message;
    FinishWhenGone();
  });
  base::Spawn(ReadAnswers(shared_from_this()));
  base::Spawn(ReadLog(shared_from_this()));
}

// ---- Handshake

base::Task<base::Result<std::string>> StdioChild::AskPlainly(std::string message,
                                                             std::uint64_t number,
                                                             base::CancelSignal& cancel) {
  auto request = Ask(number, message, {});
  if (!request) co_return request.error();
  for (;;) {
    auto event = co_await (*request)->Next(cancel);
    if (!event) co_return event.error();
    if (event->is_answer) co_return std::move(event->bytes);
  }
}

base::Task<base::Result<void>> StdioChild::Introduce(std::optional<mcp::Revision> known,
                                                     base::CancelSignal& cancel) {
  if (!known || mcp::IsModern(*known)) {
    base::CancelSignal patience;
    const auto give_up = [&patience] { patience.Request(); };
    base::CancelSignal::Hook hook(cancel, give_up);
    base::Timers::Timer timer;
    const auto expire = [](void* signal) { static_cast<base::CancelSignal*>(signal)->Request(); };
    loop_.timers.Arm(timer, kDiscoverPatience, expire, &patience);
    const std::uint64_t number = NextNumber();
    const auto answer = co_await AskPlainly(DiscoverRequest(number), number, patience);
    if (ended_ || cancel.requested()) co_return answer.error();
    if (answer) {
      const auto envelope = mcp::Scan(*answer);
      const std::string_view result = envelope->result.of(*answer);
      if (envelope->kind == mcp::Envelope::Kind::kResult && SpeaksLatest(result)) {
        revision_ = mcp::kLatest;
        introduction_ = result;
        co_return base::Result<void>();
      }
    }
  }
  const std::uint64_t number = NextNumber();
  const auto answer = co_await AskPlainly(
      mcp::legacy::InitializeRequest(std::to_string(number), mcp::Identity()), number, cancel);
  if (!answer) co_return answer.error();
  const auto envelope = mcp::Scan(*answer);
  const auto initialized = mcp::legacy::ReadInitializeAnswer(*answer, *envelope);
  if (!initialized) co_return initialized.error();
  revision_ = initialized->revision;
  introduction_ = initialized->result;
  co_return Send(mcp::legacy::kInitializedNotification);
}

// ---- Requests

base::Result<std::unique_ptr<StdioChild::Request>> StdioChild::Ask(std::uint64_t number,
                                                                   std::string_view message,
                                                                   std::string progress_token) {
  if (ended_) return base::Fail(Code::kUnavailable, ending());
  if (auto sent = Send(message); !sent) return sent.error();
  auto request = std::make_unique<Request>(*this, number);
  request->progress_token_ = std::move(progress_token);
  requests_[number] = request.get();
  return request;
}

StdioChild::Request::~Request() { child_.requests_.erase(number_); }

void StdioChild::Request::Wake() {
  if (const auto waiting = std::exchange(wake_, nullptr)) waiting();
}

base::Task<base::Result<StdioChild::Request::Event>> StdioChild::Request::Next(
    base::CancelSignal& cancel) {
  for (;;) {
    if (!notifications_.empty()) {
      Event event{std::move(notifications_.front()), false};
      notifications_.pop_front();
      notification_bytes_ -= event.bytes.size();
      co_return event;
    }
    if (answer_) {
      Event event{*std::move(answer_), true};
      co_return event;
    }
    if (failure_) co_return *failure_;
    if (cancel.requested()) co_return base::Fail(Code::kCancelled, "cancelled");
    base::CancelSignal::Hook<WakeUp> hook(cancel, WakeUp{wake_});
    // Resumed from the loop: whoever wakes us is in the middle of something.
    co_await base::AwaitIo<>(
        [this](auto handler) { wake_ = [&loop = child_.loop_, handler] { loop.Post(handler); }; });
  }
}

void StdioChild::Request::Cancel() {
  if (answer_ || failure_) return;
  child_.Send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
              std::to_string(number_) + "}}");
}

// ---- Writing

base::Result<void> StdioChild::Send(std::string_view message) {
  if (ended_) return base::Fail(Code::kUnavailable, ending());
  if (unsent_.size() + message.size() > limits_.max_unsent_bytes) {
    return base::Fail(Code::kAborted, "the program does not read what it is sent");
  }
  mcp::AppendLine(unsent_, message);
  if (!std::exchange(writing_, true)) base::Spawn(WriteUnsent(shared_from_this()));
  return {};
}

base::Task<> StdioChild::WriteUnsent(std::shared_ptr<StdioChild> self) {
  while (!self->unsent_.empty()) {
    const std::string sending = std::exchange(self->unsent_, {});
    std::string_view rest = sending;
    while (!rest.empty()) {
      const auto buffer = boost::asio::buffer(rest.data(), rest.size());
      auto [error, count] = co_await base::AwaitIo<error_code, std::size_t>(
          [&](auto handler) { self->in_.async_write_some(buffer, std::move(handler)); });
      // A program that reads no more is about to end; the reader notices.
      if (error) co_return;
      rest.remove_prefix(count);
    }
  }
  self->writing_ = false;
}

// ---- Reading

base::Task<> StdioChild::ReadAnswers(std::shared_ptr<StdioChild> self) {
  mcp::LineReader lines(self->limits_.max_message_bytes);
  const auto bytes = std::make_unique<std::array<char, kReadBytes>>();
  while (!self->ended_) {
    const auto buffer = boost::asio::buffer(*bytes);
    auto [error, count] = co_await base::AwaitIo<error_code, std::size_t>(
        [&](auto handler) { self->out_.async_read_some(buffer, std::move(handler)); });
    if (error) break;
    lines.Feed({bytes->data(), count});
    for (;;) {
      const auto line = lines.Next();
      if (!line) {
        self->End("it sent a message longer than " +
                  std::to_string(self->limits_.max_message_bytes) + " bytes");
        break;
      }
      if (!*line) break;
      self->Take(**line);
      if (self->ended_) break;
    }
  }
  self->out_closed_ = true;
  self->FinishWhenGone();
}

base::Task<> StdioChild::ReadLog(std::shared_ptr<StdioChild> self) {
  std::array<char, 4096> bytes;
  for (;;) {
    const auto buffer = boost::asio::buffer(bytes);
    auto [error, count] = co_await base::AwaitIo<error_code, std::size_t>(
        [&](auto handler) { self->log_.async_read_some(buffer, std::move(handler)); });
    if (error) break;
    self->log_lines_.Feed({bytes.data(), count});
  }
  self->log_closed_ = true;
  self->FinishWhenGone();
}

void StdioChild::Take(std::string_view line) {
  const auto envelope = mcp::Scan(line);
  if (!envelope) {
    // Many programs greet on stdout; that is not worth more than a line of the log.
    return log_lines_.Feed("(stdout) " + std::string(line.substr(0, 200)) + "\n");
  }
  switch (envelope->kind) {
    case mcp::Envelope::Kind::kNotification:
      return TakeNotification(line, *envelope);
    case mcp::Envelope::Kind::kRequest: {
      const std::string method = mcp::DecodeString(envelope->method.of(line));
      Send(AnswerToServer(envelope->id.of(line), method));
      return;
    }
    case mcp::Envelope::Kind::kResult:
    case mcp::Envelope::Kind::kError:
      break;
  }
  Request* request = FindRequest(envelope->id.of(line));
  if (!request) return;  // cancelled, or nobody's
  const std::string_view subscription = SubscriptionOf(line, *envelope);
  const bool renamed = !subscription.empty() && !request->subscription_id_.empty();
  request->answer_ =
      renamed ? Spliced(line, subscription, request->subscription_id_) : std::string(line);
  request->Wake();
}

StdioChild::Request* StdioChild::FindRequest(std::string_view raw_number) const {
  const auto number = mcp::Integer(raw_number);
  if (!number) return nullptr;
  const auto found = requests_.find(static_cast<std::uint64_t>(*number));
  return found == requests_.end() ? nullptr : found->second;
}

void StdioChild::TakeNotification(std::string_view line, const mcp::Envelope& envelope) {
  const std::string method = mcp::DecodeString(envelope.method.of(line));
  if (method == "notifications/progress") {
    const std::string_view token = mcp::Member(envelope.params.of(line), "progressToken");
    Request* request = FindRequest(token);
    if (!request || request->progress_token_.empty()) return;
    return GiveNotification(*request, Spliced(line, token, request->progress_token_));
  }
  if (const std::string_view id = SubscriptionOf(line, envelope); !id.empty()) {
    Request* request = FindRequest(id);
    if (request && !request->subscription_id_.empty()) {
      GiveNotification(*request, Spliced(line, id, request->subscription_id_));
    }
  }
  // Whose it is cannot be told when several calls run.
  if (method == "notifications/message" && requests_.size() == 1) {
    return GiveNotification(*requests_.begin()->second, std::string(line));
  }
  if (method.ends_with("/list_changed") && on_list_changed_) on_list_changed_();
}

void StdioChild::GiveNotification(Request& request, std::string message) {
  // A caller that does not keep up misses some: its answer still comes.
  if (request.notification_bytes_ + message.size() > limits_.max_unread_notifications) return;
  request.notification_bytes_ += message.size();
  request.notifications_.push_back(std::move(message));
  request.Wake();
}

// ---- The end

std::string StdioChild::ending() const {
  std::string text = "the program " + exit_.value_or("ended");
  if (!log_lines_.last_line().empty()) text += ": " + log_lines_.last_line();
  return text;
}

void StdioChild::End(std::string_view why) {
  if (ended_) return;
  if (!exit_) exit_ = "was ended: " + std::string(why);
  program_.reset();
  out_closed_ = true;
  log_closed_ = true;
  FinishWhenGone();
}

// What it wrote before it ended is still in the pipes: the end is when all three are over.
void StdioChild::FinishWhenGone() {
  if (ended_ || !out_closed_) return;
  if (!exit_ || !log_closed_) {
    const auto close = [](void* self) {
      auto* child = static_cast<StdioChild*>(self);
      if (!child->exit_) child->exit_ = "closed its output";
      child->log_closed_ = true;
      child->FinishWhenGone();
    };
    if (!exit_timer_.armed()) loop_.timers.Arm(exit_timer_, kExitPatience, close, this);
    return;
  }
  ended_ = true;
  exit_timer_.Disarm();
  const std::shared_ptr<StdioChild> self = shared_from_this();
  program_.reset();
  error_code ignored;
  in_.close(ignored);
  out_.close(ignored);
  log_.close(ignored);
  const base::Error error = base::Fail(Code::kUnavailable, ending());
  for (const auto& [_, request] : requests_) {
    if (!request->answer_) request->failure_ = error;
    request->Wake();
  }
  if (const auto callback = std::exchange(on_end_, nullptr)) callback();
}

}  // namespace gateway
