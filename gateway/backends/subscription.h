// The words of subscriptions/listen (MCP 2026-07-28, Subscriptions), for servers that do not know
// it. No I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mcp/call.h"
#include "mcp/identity.h"
#include "mcp/message.h"

namespace gateway {

// What a caller wants to hear of.
struct ListenFilter {
  bool tools_list_changed = false;
  bool prompts_list_changed = false;
  bool resources_list_changed = false;
  std::vector<std::string> resource_uris;

  bool WantsListChanged(std::string_view method) const;
  // `uri` is one of them, or lies below one.
  bool WantsResource(std::string_view uri) const;

  friend bool operator==(const ListenFilter&, const ListenFilter&) = default;
};

// `raw_params` is the params object of subscriptions/listen. kInvalidArgument: it is none, or names
// too many resources.
base::Result<ListenFilter> ReadListenFilter(std::string_view raw_params);

// And the reverse: the whole request.
std::string ListenRequest(std::string_view raw_id, const ListenFilter& filter,
                          const mcp::Identity& identity);

// The first message: what will be heard of.
std::string ListenAcknowledged(std::string_view raw_id, const ListenFilter& granted);
// The same, of a listen in its caller's own session with the server (mcp/legacy/listening.h).
std::string HearingItsSession(std::string_view acknowledged);
bool HearsItsSession(std::string_view acknowledged);
// The result, when it ends without an error.
std::string ListenEnded(std::string_view raw_id);

// A notification as the listener `raw_id` gets it. REQUIRES: `envelope` is that of `message`.
std::string TaggedForListener(std::string_view message, const mcp::Envelope& envelope,
                              std::string_view raw_id);
// The raw id that a message is tagged with; empty without one.
std::string_view SubscriptionOf(std::string_view message, const mcp::Envelope& envelope);

// `part`, a view into `bytes`, replaced.
std::string Spliced(std::string_view bytes, std::string_view part, std::string_view by);

}  // namespace gateway
