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
    } else if (keeping_) {
      events_ ? KeepEvents(*piece) : KeepBytes(*piece);
    }
    co_return piece;
  }

 private:
  void KeepBytes(std::string_view piece) {
    if (tap_.relayed_.size() + piece.size() > tap_.max_bytes_) return GiveUp();
    tap_.relayed_ += piece;
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
      if (answer) tap_.relayed_ = (*event)->data;
    }
  }

  void GiveUp() {
    keeping_ = false;
    tap_.relayed_.clear();
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
      if (!whole_ || relayed_.empty()) return std::nullopt;
      return std::move(relayed_);
    default: return std::nullopt;
  }
}

}  // namespace gateway
