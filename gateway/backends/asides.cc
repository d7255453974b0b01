#include "gateway/backends/asides.h"

#include <utility>

namespace gateway {

Asides::Verdict Asides::Add(std::string& message) {
  if (on_their_way_ < kAtOnce) {
    ++on_their_way_;
    return Verdict::kSend;
  }
  const bool fits = waiting_.empty() || waiting_bytes_ + message.size() <= kMaxWaitingBytes;
  if (waiting_.size() >= kMaxWaiting || !fits) {
    if (complaint_ == Complaint::kNone) complaint_ = Complaint::kDue;
    return Verdict::kRefused;
  }
  waiting_bytes_ += message.size();
  waiting_.push_back(std::move(message));
  return Verdict::kWaits;
}

std::optional<std::string> Asides::Sent() {
  if (waiting_.empty()) {
    --on_their_way_;
    return std::nullopt;
  }
  std::string next = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= next.size();
  return next;
}

bool Asides::TakeComplaint() {
  if (complaint_ != Complaint::kDue) return false;
  complaint_ = Complaint::kMade;
  return true;
}

}  // namespace gateway
