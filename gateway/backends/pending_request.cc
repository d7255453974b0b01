#include "gateway/backends/pending_request.h"

#include <utility>

#include "mcp/raw_json.h"

namespace gateway {
namespace {

using base::Code;

// Wakes whoever waits in Next when a signal comes.
struct WakeUp {
  std::function<void()>& wake;
  void operator()() const {
    if (const auto waiting = std::exchange(wake, nullptr)) waiting();
  }
};

}  // namespace

PendingRequest::PendingRequest(base::Loop& loop, Register& in_flight, std::uint64_t number,
                               Caller caller)
    : loop_(loop), in_flight_(in_flight), number_(number), caller_(std::move(caller)) {
  in_flight_[number_] = this;
}

PendingRequest::~PendingRequest() { in_flight_.erase(number_); }

base::Task<base::Result<PendingRequest::Event>> PendingRequest::Next(base::CancelSignal& cancel) {
  for (;;) {
    if (!events_.empty()) {
      Event event = std::move(events_.front());
      events_.pop_front();
      unread_bytes_ -= event.bytes.size();
      if (on_taken_) on_taken_();
      co_return event;
    }
    if (answer_) {
      Event event{Event::Kind::kAnswer, *std::move(answer_)};
      co_return event;
    }
    if (failure_) co_return *failure_;
    if (cancel.requested()) co_return base::Fail(Code::kCancelled, "cancelled");
    base::CancelSignal::Hook<WakeUp> hook(cancel, WakeUp{wake_});
    // Resumed from the loop: whoever wakes us is in the middle of something.
    co_await base::AwaitIo<>(
        [this](auto handler) { wake_ = [&loop = loop_, handler] { loop.Post(handler); }; });
  }
}

bool PendingRequest::CanBeAsked(std::string_view capability) const {
  return !finished() && !mcp::Member(caller_.capabilities, capability).empty();
}

void PendingRequest::Question(std::string_view message) {
  Put({Event::Kind::kQuestion, std::string(message)});
}

void PendingRequest::Withdrawal(std::string_view message) {
  Put({Event::Kind::kWithdrawal, std::string(message)});
}

void PendingRequest::ProgramEnded() { Put({Event::Kind::kEnd, {}}); }

void PendingRequest::Notification(std::string message) {
  Put({Event::Kind::kNotification, std::move(message)});
}

void PendingRequest::Answer(std::string message) {
  answer_ = std::move(message);
  Wake();
}

void PendingRequest::Fail(base::Error error) {
  if (!finished()) failure_ = std::move(error);
  Wake();
}

void PendingRequest::Overrun(base::Error error) {
  events_.clear();
  unread_bytes_ = 0;
  answer_.reset();
  failure_ = std::move(error);
  Wake();
}

void PendingRequest::Put(Event event) {
  unread_bytes_ += event.bytes.size();
  events_.push_back(std::move(event));
  Wake();
}

void PendingRequest::Wake() {
  if (const auto waiting = std::exchange(wake_, nullptr)) waiting();
}

}  // namespace gateway
