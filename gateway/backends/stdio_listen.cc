#include "gateway/backends/stdio_listen.h"

#include <utility>

#include "gateway/backends/passage.h"
#include "gateway/backends/questions.h"
#include "gateway/backends/upstream_error.h"
#include "mcp/raw_json.h"

namespace gateway {
namespace {

using mcp::Response;
using Event = PendingRequest::Event;

bool Has(std::string_view capabilities, std::string_view kind, std::string_view what) {
  return mcp::Member(mcp::Member(capabilities, kind), what) == "true";
}

void KeepWhatItCan(std::string_view capabilities, ListenFilter& filter) {
  filter.tools_list_changed &= Has(capabilities, "tools", "listChanged");
  filter.prompts_list_changed &= Has(capabilities, "prompts", "listChanged");
  filter.resources_list_changed &= Has(capabilities, "resources", "listChanged");
  if (!Has(capabilities, "resources", "subscribe")) filter.resource_uris.clear();
}

// A session that named no level hears what the program chooses to say.
bool MayHearOutsideCalls(const mcp::Call& call, std::string_view method, std::string_view message) {
  if (method != "notifications/message") return true;
  return (!call.session.empty() && call.log_level.empty()) || MayHear(call, message);
}

// Only what the program takes is granted.
base::Task<> SubscribeAll(StdioPlace& place, StdioPlace::Listener& listener,
                          base::CancelSignal& cancel) {
  std::vector<std::string> granted;
  for (const std::string& uri : listener.filter.resource_uris) {
    const auto subscribed = co_await place.Subscribe(uri, listener.owner, cancel);
    if (subscribed) granted.push_back(uri);
  }
  listener.filter.resource_uris = std::move(granted);
}

base::Task<base::Result<void>> Hear(mcp::Call& call, StdioPlace::Listener& listener,
                                    Questions& questions) {
  const std::string acknowledged = ListenAcknowledged(call.id(), listener.filter);
  if (auto sent = co_await call.client.Notify(acknowledged); !sent) co_return sent.error();
  for (;;) {
    const base::Result<Event> event = co_await listener.mailbox.Next(call.cancel);
    if (!event) co_return event.error();
    const mcp::Envelope envelope =
        event->bytes.empty() ? mcp::Envelope() : *mcp::Scan(event->bytes);
    switch (event->kind) {
      case Event::Kind::kAnswer: co_return base::Result<void>();
      case Event::Kind::kQuestion: questions.Take(event->bytes, envelope); break;
      case Event::Kind::kWithdrawal: questions.TakeCancellation(event->bytes, envelope); break;
      case Event::Kind::kEnd: co_await questions.End(); break;
      case Event::Kind::kNotification: {
        const std::string method = mcp::DecodeString(envelope.method.of(event->bytes));
        if (!MayHearOutsideCalls(call, method, event->bytes)) break;
        const std::string tagged = TaggedForListener(event->bytes, envelope, call.id());
        if (auto sent = co_await call.client.Notify(tagged); !sent) co_return sent.error();
      }
    }
  }
}

}  // namespace

base::Task<Response> ListenAtPlace(mcp::Call& call, std::shared_ptr<StdioPlace> place,
                                   ListenFilter wanted, std::string capabilities,
                                   std::string server, base::Loop& loop) {
  KeepWhatItCan(capabilities, wanted);
  const std::uint64_t number = place->NextNumber();
  const bool has_session = !call.session.empty();
  PendingRequest::Caller caller;
  if (has_session) caller.capabilities = call.client_capabilities;
  StdioPlace::Listener listener{
      has_session ? std::string(call.session) : "listener " + std::to_string(number), has_session,
      std::move(wanted), PendingRequest(loop, place->mailboxes(), number, std::move(caller))};
  place->Join(listener);
  co_await SubscribeAll(*place, listener, call.cancel);
  const auto deliver = [&listener](const std::string& answer) {
    if (const std::shared_ptr<StdioChild> child = listener.asking.lock()) (void)child->Send(answer);
  };
  Questions questions(call.client, deliver);
  const base::Result<void> ended = co_await Hear(call, listener, questions);
  co_await questions.End();
  place->Leave(listener);
  if (!ended) co_return UpstreamError(call, server, ended.error());
  co_return Response::Message(ListenEnded(call.id()));
}

}  // namespace gateway
