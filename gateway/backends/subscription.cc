#include "gateway/backends/subscription.h"

#include <algorithm>

#include "gateway/backends/resource_subscriptions.h"
#include "mcp/legacy/listening.h"
#include "mcp/legacy/translate.h"
#include "mcp/raw_json.h"
#include "mcp/requests.h"

namespace gateway {
namespace {

constexpr std::string_view kTag = "io.modelcontextprotocol/subscriptionId";
constexpr std::size_t kMaxResources = 1'000;
constexpr std::size_t kMaxUriBytes = 4'096;

std::string TagMember(std::string_view raw_id) {
  std::string out = mcp::Quote(kTag) + ":";
  out += raw_id;
  return out;
}

// `member` (without braces) put first into the object `raw`, a view into `bytes`.
std::string WithMember(std::string_view bytes, std::string_view raw, std::string member) {
  mcp::Members others(raw);
  if (others.Next()) member += ',';
  return Spliced(bytes, raw.substr(0, 1), "{" + member);
}

// "notifications":{...}
std::string NotificationsMember(const ListenFilter& filter) {
  std::string what;
  const auto add = [&what](std::string_view name, std::string_view value) {
    if (!what.empty()) what += ',';
    what += mcp::Quote(name) + ":";
    what += value;
  };
  if (filter.tools_list_changed) add("toolsListChanged", "true");
  if (filter.prompts_list_changed) add("promptsListChanged", "true");
  if (filter.resources_list_changed) add("resourcesListChanged", "true");
  if (!filter.resource_uris.empty()) {
    std::string uris;
    for (const std::string& uri : filter.resource_uris) {
      if (!uris.empty()) uris += ',';
      uris += mcp::Quote(uri);
    }
    add("resourceSubscriptions", "[" + uris + "]");
  }
  return "\"notifications\":{" + what + "}";
}

}  // namespace

bool ListenFilter::WantsListChanged(std::string_view method) const {
  if (method == "notifications/tools/list_changed") return tools_list_changed;
  if (method == "notifications/prompts/list_changed") return prompts_list_changed;
  if (method == "notifications/resources/list_changed") return resources_list_changed;
  return false;
}

bool ListenFilter::WantsResource(std::string_view uri) const {
  return std::any_of(resource_uris.begin(), resource_uris.end(),
                     [uri](const std::string& wanted) { return IsResourceOrPart(wanted, uri); });
}

base::Result<ListenFilter> ReadListenFilter(std::string_view raw_params) {
  const std::string_view wanted = mcp::Member(raw_params, "notifications");
  if (!mcp::IsObject(wanted)) {
    return base::Fail(base::Code::kInvalidArgument, "params.notifications is no object");
  }
  ListenFilter filter;
  mcp::Members members(wanted);
  while (members.Next()) {
    const bool on = members.value() == "true";
    if (members.Is("toolsListChanged")) filter.tools_list_changed = on;
    if (members.Is("promptsListChanged")) filter.prompts_list_changed = on;
    if (members.Is("resourcesListChanged")) filter.resources_list_changed = on;
    if (!members.Is("resourceSubscriptions")) continue;
    mcp::Elements uris(members.value());
    while (uris.Next()) {
      std::string uri = mcp::DecodeString(uris.value());
      if (uri.empty() || uri.size() > kMaxUriBytes ||
          filter.resource_uris.size() >= kMaxResources) {
        return base::Fail(base::Code::kInvalidArgument,
                          "resourceSubscriptions takes up to 1000 URIs of up to 4096 bytes");
      }
      filter.resource_uris.push_back(std::move(uri));
    }
  }
  return filter;
}

std::string ListenRequest(std::string_view raw_id, const ListenFilter& filter,
                          const mcp::Identity& identity) {
  std::string plain = R"({"jsonrpc":"2.0","id":)";
  plain.append(raw_id).append(R"(,"method":)").append(mcp::Quote(mcp::kListenMethod));
  plain += ",\"params\":{" + NotificationsMember(filter) + "}}";
  return mcp::legacy::ToModernRequest(plain, *mcp::Scan(plain), identity);
}

std::string ListenAcknowledged(std::string_view raw_id, const ListenFilter& granted) {
  return R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{)"
         R"("_meta":{)" +
         TagMember(raw_id) + "}," + NotificationsMember(granted) + "}}";
}

std::string HearingItsSession(std::string_view acknowledged) {
  const std::string_view meta = mcp::Member(mcp::Member(acknowledged, "params"), "_meta");
  return WithMember(acknowledged, meta, mcp::Quote(mcp::legacy::kHearsSession) + ":true");
}

bool HearsItsSession(std::string_view acknowledged) {
  const std::string_view meta = mcp::Member(mcp::Member(acknowledged, "params"), "_meta");
  return mcp::Member(meta, mcp::legacy::kHearsSession) == "true";
}

std::string ListenEnded(std::string_view raw_id) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out += raw_id;
  return out + R"(,"result":{"resultType":"complete","_meta":{)" + TagMember(raw_id) + "}}}";
}

std::string TaggedForListener(std::string_view message, const mcp::Envelope& envelope,
                              std::string_view raw_id) {
  const std::string_view params = envelope.params.of(message);
  const std::string tag = TagMember(raw_id);
  if (const std::string_view old = SubscriptionOf(message, envelope); !old.empty()) {
    return Spliced(message, old, raw_id);
  }
  const std::string_view meta = mcp::Member(params, "_meta");
  if (mcp::IsObject(meta)) return WithMember(message, meta, tag);
  const std::string with_meta = "\"_meta\":{" + tag + "}";
  if (mcp::IsObject(params)) return WithMember(message, params, with_meta);
  return WithMember(message, message.substr(message.find('{')), "\"params\":{" + with_meta + "}");
}

std::string_view SubscriptionOf(std::string_view message, const mcp::Envelope& envelope) {
  const mcp::Span& holder = envelope.params.empty() ? envelope.result : envelope.params;
  return mcp::Member(mcp::Member(holder.of(message), "_meta"), kTag);
}

std::string Spliced(std::string_view bytes, std::string_view part, std::string_view by) {
  const auto begin = static_cast<std::size_t>(part.data() - bytes.data());
  std::string out;
  out.reserve(bytes.size() + by.size());
  out += bytes.substr(0, begin);
  out += by;
  out += bytes.substr(begin + part.size());
  return out;
}

}  // namespace gateway
