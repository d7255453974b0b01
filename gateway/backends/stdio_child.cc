#include "gateway/backends/stdio_child.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "gateway/backends/bounds.h"
#include "gateway/backends/passage.h"
#include "gateway/backends/subscription.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace gateway {
namespace {

using base::Code;
using boost::system::error_code;
using std::chrono::milliseconds;

// Between the end of its output and the word of its exit.
constexpr milliseconds kExitPatience{1'000};
// A caller that takes nothing for so long, while others wait for the same program, is given up.
constexpr milliseconds kCallerPatience{5'000};

// What a program may print on stdout that nobody wants: a greeting, answers to cancelled calls.
constexpr double kUnwantedBurst = 4.0 * 1024 * 1024;
constexpr double kUnwantedPerSecond = 256.0 * 1024;
// Even an empty line costs something.
constexpr double kLineCost = 64;
// stderr is read at this pace; a program that prints more waits.
constexpr double kLogBurst = 1024.0 * 1024;
constexpr double kLogPerSecond = 512.0 * 1024;
constexpr milliseconds kLogPause{200};

constexpr std::size_t kReadBytes = 64 * 1024;

// The capability of a caller that can answer such a request; empty: nobody can.
std::string_view CapabilityFor(std::string_view method) {
  if (method == "sampling/createMessage") return "sampling";
  if (method == "elicitation/create") return "elicitation";
  if (method == "roots/list") return "roots";
  if (method.starts_with("tasks/")) return "tasks";
  return {};
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
      unwanted_bytes_(kUnwantedBurst, kUnwantedPerSecond),
      log_bytes_(kLogBurst, kLogPerSecond),
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

// ---- Writing

base::Result<std::unique_ptr<PendingRequest>> StdioChild::Ask(std::uint64_t number,
                                                              std::string_view message,
                                                              PendingRequest::Caller caller) {
  if (auto sent = Send(message); !sent) return sent.error();
  auto request = std::make_unique<PendingRequest>(loop_, requests_, number, std::move(caller));
  request->OnTaken([this] {
    if (const auto resume = std::exchange(callers_read_, nullptr)) resume();
  });
  return request;
}

base::Task<base::Result<std::string>> StdioChild::AskPlainly(std::string message,
                                                             std::uint64_t number,
                                                             base::CancelSignal& cancel) {
  const std::shared_ptr<StdioChild> self = shared_from_this();
  auto request = Ask(number, message, PendingRequest::Caller());
  if (!request) co_return request.error();
  for (;;) {
    auto event = co_await (*request)->Next(cancel);
    if (!event) co_return event.error();
    if (event->kind == PendingRequest::Event::Kind::kAnswer) co_return std::move(event->bytes);
  }
}

void StdioChild::Cancel(std::uint64_t number) {
  // Whether it reads that does not matter any more.
  (void)Send(mcp::CancelledNotification(std::to_string(number)));
}

base::Result<void> StdioChild::Send(std::string_view message) {
  if (ended_) return base::Fail(Code::kUnavailable, ending());
  if (unsent_.size() + message.size() > limits_.max_unsent_bytes) {
    return ProgramTooSlow(limits_.max_unsent_bytes);
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
    self->last_heard_ = std::chrono::steady_clock::now();
    lines.Feed({bytes->data(), count});
    while (!self->ended_) {
      const auto line = lines.Next();
      if (!line) {
        self->EndOver(MessageTooLong(self->limits_.max_message_bytes));
        break;
      }
      if (!*line) break;
      const double cost = static_cast<double>((*line)->size()) + kLineCost;
      if (!self->Take(**line) && !self->unwanted_bytes_.Spend(cost)) {
        self->EndOver(BoundReached("floods its output with what nobody asked for."));
      }
    }
    while (!self->ended_ && self->TooMuchUnread()) co_await self->WaitForCallers();
  }
  self->out_closed_ = true;
  self->FinishWhenGone();
}

bool StdioChild::TooMuchUnread() const {
  return std::any_of(requests_.begin(), requests_.end(), [this](const auto& entry) {
    return entry.second->unread_bytes() > limits_.max_unread_bytes;
  });
}

// Until somebody took something, or has gone.
base::Task<> StdioChild::WaitForCallers() {
  const auto give_up = [](void* self) { static_cast<StdioChild*>(self)->GiveUpOnCallers(); };
  loop_.timers.Arm(callers_timer_, kCallerPatience, give_up, this);
  co_await base::AwaitIo<>(
      [this](auto handler) { callers_read_ = [&loop = loop_, handler] { loop.Post(handler); }; });
  callers_timer_.Disarm();
}

void StdioChild::GiveUpOnCallers() {
  for (const auto& [_, request] : requests_) {
    if (request->unread_bytes() <= limits_.max_unread_bytes) continue;
    request->Overrun(CallerTooSlow(limits_.max_unread_bytes));
  }
  if (const auto resume = std::exchange(callers_read_, nullptr)) resume();
}

base::Task<> StdioChild::ReadLog(std::shared_ptr<StdioChild> self) {
  std::array<char, 16 * 1024> bytes;
  for (;;) {
    const auto buffer = boost::asio::buffer(bytes);
    auto [error, count] = co_await base::AwaitIo<error_code, std::size_t>(
        [&](auto handler) { self->log_.async_read_some(buffer, std::move(handler)); });
    if (error) break;
    self->log_lines_.Feed({bytes.data(), count});
    if (self->log_bytes_.Spend(static_cast<double>(count))) continue;
    if (!co_await self->loop_.timers.Sleep(kLogPause, self->ending_)) break;
  }
  self->log_closed_ = true;
  self->FinishWhenGone();
}

// ---- Whose is it?

bool StdioChild::Take(std::string_view line) {
  const auto envelope = mcp::Scan(line);
  if (!envelope) {
    // Many programs greet on stdout; that is not worth more than a line of the log.
    log_lines_.Feed("(stdout) " + std::string(line.substr(0, 200)) + "\n");
    return false;
  }
  switch (envelope->kind) {
    case mcp::Envelope::Kind::kNotification: return TakeNotification(line, *envelope);
    case mcp::Envelope::Kind::kRequest: return TakeQuestion(line, *envelope);
    default: return TakeAnswer(line, *envelope);
  }
}

PendingRequest* StdioChild::FindRequest(std::string_view raw_number) const {
  const auto number = mcp::Integer(raw_number);
  if (!number) return nullptr;
  const auto found = requests_.find(static_cast<std::uint64_t>(*number));
  return found == requests_.end() ? nullptr : found->second;
}

// Whose something is cannot be told when several calls run.
PendingRequest* StdioChild::OnlyRequest() const {
  PendingRequest* only = nullptr;
  for (const auto& [_, request] : requests_) {
    if (request->finished()) continue;
    if (only) return nullptr;
    only = request;
  }
  return only;
}

bool StdioChild::TakeAnswer(std::string_view line, const mcp::Envelope& envelope) {
  PendingRequest* request = FindRequest(envelope.id.of(line));
  if (!request || request->finished()) return false;  // cancelled, or nobody's
  const std::string_view tag = SubscriptionOf(line, envelope);
  const std::string& own = request->caller().subscription_id;
  request->Answer(tag.empty() || own.empty() ? std::string(line) : Spliced(line, tag, own));
  return true;
}

bool StdioChild::TakeNotification(std::string_view line, const mcp::Envelope& envelope) {
  const std::string method = mcp::DecodeString(envelope.method.of(line));
  const std::string_view params = envelope.params.of(line);
  if (method == "notifications/progress") {
    const std::string_view token = mcp::Member(params, "progressToken");
    PendingRequest* request = FindRequest(token);
    if (!request || request->caller().progress_token.empty()) return false;
    request->Notification(Spliced(line, token, request->caller().progress_token));
    return true;
  }
  if (method == mcp::kCancelledMethod) {
    return TakeWithdrawal(line);
  }
  if (const std::string_view tag = SubscriptionOf(line, envelope); !tag.empty()) {
    PendingRequest* request = FindRequest(tag);
    if (request && !request->caller().subscription_id.empty()) {
      request->Notification(Spliced(line, tag, request->caller().subscription_id));
      return true;
    }
  }
  const bool of_a_call =
      method == "notifications/message" || method == "notifications/tasks/status";
  PendingRequest* only = of_a_call ? OnlyRequest() : nullptr;
  if (only) {
    only->Notification(std::string(line));
    return true;
  }
  return audience_ && audience_->Notification(method, line);
}

bool StdioChild::TakeQuestion(std::string_view line, const mcp::Envelope& envelope) {
  const std::string method = mcp::DecodeString(envelope.method.of(line));
  const std::string_view raw_id = envelope.id.of(line);
  const std::string_view capability = CapabilityFor(method);
  if (!capability.empty()) {
    // No stream names the call that it is asked for: the newest is the best guess.
    for (auto entry = requests_.rbegin(); entry != requests_.rend(); ++entry) {
      PendingRequest& request = *entry->second;
      if (!request.CanBeAsked(capability)) continue;
      request.Question(line);
      return true;
    }
    if (audience_ && audience_->Question(capability, raw_id, line)) return true;
  }
  if (!Send(AnswerToServer(raw_id, method))) End("it does not read the answers to its questions");
  return method == "ping";
}

// Who was not asked that question takes no notice.
bool StdioChild::TakeWithdrawal(std::string_view line) {
  bool asked = false;
  for (const auto& [_, request] : requests_) {
    if (!request->CanBeAsked()) continue;
    asked = true;
    request->Withdrawal(line);
  }
  return (audience_ && audience_->Withdraw(line)) || asked;
}

// ---- The end

std::string StdioChild::ending() const {
  std::string text = "the program " + exit_.value_or("ended");
  if (!log_lines_.last_line().empty()) text += ": " + log_lines_.last_line();
  return text;
}

void StdioChild::EndOver(base::Error bound) {
  if (ended_) return;
  bound_ = std::move(bound);
  End("it " + bound_->message);
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
  ending_.Request();
  const base::Error told =
      bound_ ? *bound_ : BoundReached("ended in the middle of the call: it " + *exit_ + ".");
  for (const auto& [_, request] : requests_) request->Fail(told);
  if (const auto resume = std::exchange(callers_read_, nullptr)) resume();
  if (const auto callback = std::exchange(on_end_, nullptr)) callback();
}

}  // namespace gateway
