#include "gateway/filters/answer_tap.h"

#include "mcp/message.h"
#include "mcp/sse.h"

namespace gateway {

// What is relayed, as it passes.
class AnswerTap::Tee final : public mcp::Source {
 public:
  Tee(mcp::Source& source, AnswerTap& tap)
      : source_(source),
        tap_(tap),
        events_(source.form() == Form::kEventStream),
        parser_(tap.max_bytes_) {}

  Form form() const override { return source_.form(); }
  std::uint64_t length() const override { return source_.length(); }
  bool complete() const override { return source_.complete(); }

  base::Task<base::Result<std::string_view>> Next() override {
    const base::Result<std::string_view> piece = co_await source_.Next();
    if (!piece) {
      GiveUp();
    } else if (!events_) {
      KeepBytes(*piece);
    } else if (keeping_) {
      KeepEvents(*piece);
    }
    co_return piece;
  }

 private:
  void KeepBytes(std::string_view piece) {
    tap_.bytes_ += piece.size();
    tap_.relayed_ += piece.substr(0, tap_.max_bytes_ - tap_.relayed_.size());
  }

  // The last message that is an answer; what comes before it is for the caller alone.
  void KeepEvents(std::string_view piece) {
    parser_.Feed(piece);
    while (true) {
      const auto event = parser_.Next();
      if (!event) return GiveUp();
      if (!*event) return;
      const auto envelope = mcp::Scan((*event)->data);
      const bool answer = envelope && (envelope->kind == mcp::Envelope::Kind::kResult ||
                                       envelope->kind == mcp::Envelope::Kind::kError);
      if (!answer) continue;
      tap_.relayed_ = (*event)->data;
      tap_.bytes_ = tap_.relayed_.size();
    }
  }

  void GiveUp() {
    keeping_ = false;
    tap_.relayed_.clear();
    tap_.bytes_ = 0;
  }

  mcp::Source& source_;
  AnswerTap& tap_;
  const bool events_;
  mcp::SseParser parser_;
  bool keeping_ = true;
};

base::Task<base::Result<void>> AnswerTap::Notify(std::string_view message) {
  return caller_.Notify(message);
}

base::Task<base::Result<void>> AnswerTap::Relay(mcp::Source& source) {
  Tee tee(source, *this);
  base::Result<void> relayed = co_await caller_.Relay(tee);
  whole_ = relayed.has_value();
  co_return relayed;
}

base::Task<base::Result<std::string>> AnswerTap::Ask(std::string_view request,
                                                     base::CancelSignal& cancel) {
  asked_ = true;
  return caller_.Ask(request, cancel);
}

base::Task<base::Result<void>> AnswerTap::BreakOff() { return caller_.BreakOff(); }

std::optional<std::string> AnswerTap::TakeAnswer(const mcp::Response& response) {
  switch (response.kind) {
    case mcp::Response::Kind::kMessage:
      if (response.body.size() > max_bytes_) return std::nullopt;
      return response.body;
    case mcp::Response::Kind::kRelayed:
      if (!whole_ || relayed_.empty() || bytes_ > relayed_.size()) return std::nullopt;
      return std::move(relayed_);
    default: return std::nullopt;
  }
}

AnswerTap::Beginning AnswerTap::TakeBeginning(const mcp::Response& response) {
  Beginning beginning;
  if (response.kind == mcp::Response::Kind::kMessage) {
    beginning.text = response.body.substr(0, max_bytes_);
    beginning.bytes = response.body.size();
  } else if (response.kind == mcp::Response::Kind::kRelayed && whole_) {
    beginning.text = std::move(relayed_);
    beginning.bytes = bytes_;
  }
  beginning.whole = beginning.bytes == beginning.text.size();
  return beginning;
}

}  // namespace gateway
