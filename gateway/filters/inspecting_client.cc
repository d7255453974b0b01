#include "gateway/filters/inspecting_client.h"

#include <algorithm>

#include "mcp/message.h"
#include "mcp/read_relayed.h"
#include "mcp/sse.h"

namespace gateway {
namespace {

base::Error Refused() {
  return base::Fail(base::Code::kPermissionDenied, "a policy of the gateway blocked the content");
}

}  // namespace

// What is relayed and may not be changed, as it passes.
class InspectingClient::Watched final : public mcp::Source {
 public:
  Watched(mcp::Source& source, InspectingClient& client)
      : source_(source),
        client_(client),
        events_(source.form() == Form::kEventStream),
        most_(MostOf(client.told_)),
        parser_(mcp::kMaxEventBytes) {}

  Form form() const override { return source_.form(); }
  std::uint64_t length() const override { return source_.length(); }
  bool complete() const override { return source_.complete(); }

  base::Task<base::Result<std::string_view>> Next() override {
    const base::Result<std::string_view> piece = co_await source_.Next();
    if (!piece) co_return piece;
    if (events_) {
      LookAtEvents(*piece);
    } else {
      bytes_ += piece->size();
      if (bytes_ <= most_) message_ += *piece;
    }
    co_return piece;
  }

  // What is no stream has come to its end.
  void Finish() {
    if (bytes_ > most_) {
      InspectRules::Terms terms = client_.told_;
      client_.rules_.LeaveOutShortSighted(client_.call_, Part::RESULT, bytes_, terms);
    } else if (bytes_ > 0) {
      client_.Look(message_, Part::RESULT);
    }
  }

 private:
  static std::size_t MostOf(const InspectRules::Terms& terms) {
    std::size_t most = 0;
    for (const InspectRules::Looker* looker : terms.lookers)
      most = std::max(most, looker->max_bytes);
    return most;
  }

  void LookAtEvents(std::string_view piece) {
    if (lost_) return;
    parser_.Feed(piece);
    while (true) {
      const auto event = parser_.Next();
      lost_ = !event;
      if (!event || !*event) return;
      if (!(*event)->data.empty()) client_.Look((*event)->data, Part::RESULT);
    }
  }

  mcp::Source& source_;
  InspectingClient& client_;
  const bool events_;
  const std::size_t most_;  // that anybody looks at
  mcp::SseParser parser_;
  std::string message_;    // of what is no stream, if it is not longer than that
  std::size_t bytes_ = 0;  // of what is no stream
  bool lost_ = false;      // no event can be told from the next any more
};

base::Task<base::Result<void>> InspectingClient::Notify(std::string_view message) {
  if (refused()) co_return Refused();
  const std::optional<std::string> changed = Look(message, Part::RESULT);
  if (refused()) co_return Refused();
  co_return co_await call_.client.Notify(changed ? std::string_view(*changed) : message);
}

base::Task<base::Result<void>> InspectingClient::Relay(mcp::Source& source) {
  if (told_.empty()) co_return co_await call_.client.Relay(source);
  if (!told_.strict()) {
    Watched watched(source, *this);
    base::Result<void> relayed = co_await call_.client.Relay(watched);
    watched.Finish();
    co_return relayed;
  }
  base::Result<std::string> answer = co_await mcp::ReadRelayed(source, *this, told_.max_bytes());
  if (answer) {
    answer_ = *std::move(answer);
    co_return base::Result<void>();
  }
  if (answer.error().code == base::Code::kResourceExhausted) too_long_ = true;
  co_return answer.error();
}

base::Task<base::Result<std::string>> InspectingClient::Ask(std::string_view request,
                                                            base::CancelSignal& cancel) {
  if (refused()) co_return Refused();
  const std::optional<std::string> changed = Look(request, Part::RESULT);
  if (refused()) co_return Refused();
  base::Result<std::string> answer =
      co_await call_.client.Ask(changed ? std::string_view(*changed) : request, cancel);
  if (!answer) co_return answer;
  std::optional<std::string> redacted = Look(*answer, Part::ARGUMENTS);
  if (refused()) co_return Refused();
  if (redacted) co_return *std::move(redacted);
  co_return answer;
}

std::optional<mcp::Response> InspectingClient::TakeRefusal() {
  if (blocked_by_) return rules_.RefuseContent(call_, part_, *blocked_by_);
  if (too_long_) return rules_.RefuseLong(call_, part_, part_ == Part::RESULT ? told_ : sent_);
  return std::nullopt;
}

std::optional<std::string> InspectingClient::LookAtAnswer(std::string_view message) {
  return Look(message, Part::RESULT);
}

std::optional<std::string> InspectingClient::Look(std::string_view message, Part::Value part) {
  InspectRules::Terms terms = part == Part::RESULT ? told_ : sent_;
  if (terms.empty()) return std::nullopt;
  if (terms.strict() && message.size() > terms.max_bytes()) {
    too_long_ = true;
    part_ = part;
    return std::nullopt;
  }
  rules_.LeaveOutShortSighted(call_, part, message.size(), terms);
  const auto envelope = mcp::Scan(message);
  // What nobody can read says nothing to anybody; the backends refuse it where they must read it.
  if (!envelope) return std::nullopt;
  policy::JsonInspector inspector(message, terms);
  inspector.LookAtMembers(envelope->params.of(message));
  inspector.LookAtMembers(envelope->result.of(message));
  inspector.LookAtMembers(envelope->error.of(message));
  rules_.Note(call_, part, inspector);
  if (inspector.blocked_by()) {
    blocked_by_ = inspector.blocked_by();
    part_ = part;
    return std::nullopt;
  }
  return inspector.Redacted();
}

}  // namespace gateway
