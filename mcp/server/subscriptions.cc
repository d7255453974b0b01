#include "mcp/server/subscriptions.h"

#include "mcp/raw_json.h"
#include "mcp/server/served_call.h"

namespace mcp {
namespace {

std::string Notification(std::string_view method, std::string_view raw_id, ObjectWriter params) {
  ObjectWriter meta;
  meta.Raw("io.modelcontextprotocol/subscriptionId", raw_id);
  params.Raw("_meta", std::move(meta).Take());
  ObjectWriter out;
  out.Text("jsonrpc", "2.0").Text("method", method).Raw("params", std::move(params).Take());
  return std::move(out).Take();
}

}  // namespace

void Subscriptions::Announce(Kind kind, const Sees& sees) {
  for (Listener* listener : listeners_) {
    if (!(listener->kinds & kind) || (sees && !sees(listener->call))) continue;
    listener->changed |= kind;
    listener->event.Set();
  }
}

void Subscriptions::AnnounceResource(std::string_view uri, const Sees& sees) {
  for (Listener* listener : listeners_) {
    if (!listener->uris.contains(uri) || (sees && !sees(listener->call))) continue;
    listener->changed_uris.emplace(uri);
    listener->event.Set();
  }
}

void Subscriptions::End() {
  ended_ = true;
  for (Listener* listener : listeners_) listener->event.Set();
}

base::Task<Reply> Subscriptions::Serve(ServedCall& served) {
  Call& call = served.call();
  if (listeners_.size() >= kMaxListeners) {
    CallError error;
    error.code = kTooManyRequests;
    error.message = "Too many callers listen already.";
    co_return error;
  }
  const std::string_view wanted = served.Param("notifications");
  if (!IsObject(wanted)) co_return InvalidParams("'notifications' must be an object.");

  Listener listener(loop_, call);
  ObjectWriter honoured;
  const auto take = [&](std::string_view name, Kind kind) {
    if (Member(wanted, name) != "true") return;
    listener.kinds |= kind;
    honoured.Raw(name, "true");
  };
  take("toolsListChanged", kTools);
  take("promptsListChanged", kPrompts);
  take("resourcesListChanged", kResources);
  Elements uris(Member(wanted, "resourceSubscriptions"));
  std::string taken;
  while (uris.Next()) {
    if (!IsString(uris.value())) co_return InvalidParams("'resourceSubscriptions' holds URIs.");
    if (listener.uris.size() == kMaxUris)
      co_return InvalidParams("Too many resourceSubscriptions.");
    listener.uris.insert(DecodeString(uris.value()));
    taken += (taken.empty() ? "" : ",") + std::string(uris.value());
  }
  if (!taken.empty()) honoured.Raw("resourceSubscriptions", "[" + taken + "]");

  struct Registration {
    Subscriptions& all;
    std::list<Listener*>::iterator place;
    ~Registration() {
      all.listeners_.erase(place);
      all.heard_ = !all.listeners_.empty();
    }
  };
  const Registration registration{*this, listeners_.insert(listeners_.end(), &listener)};
  heard_ = true;
  const auto wake = [&listener] { listener.event.Set(); };
  base::CancelSignal::Hook hook(call.cancel, wake);

  ObjectWriter acknowledged;
  acknowledged.Raw("notifications", std::move(honoured).Take());
  std::string message =
      Notification("notifications/subscriptions/acknowledged", call.id(), std::move(acknowledged));
  base::Result<void> told = co_await call.client.Notify(message);
  constexpr std::pair<Kind, std::string_view> kMethods[] = {
      {kTools, "notifications/tools/list_changed"},
      {kPrompts, "notifications/prompts/list_changed"},
      {kResources, "notifications/resources/list_changed"}};
  while (told && !call.cancel.requested() && !ended_) {
    for (const auto& [kind, method] : kMethods) {
      if (!told || !(listener.changed & kind)) continue;
      listener.changed &= ~kind;
      message = Notification(method, call.id(), ObjectWriter());
      told = co_await call.client.Notify(message);
    }
    while (told && !listener.changed_uris.empty()) {
      ObjectWriter params;
      params.Text("uri", *listener.changed_uris.begin());
      listener.changed_uris.erase(listener.changed_uris.begin());
      message = Notification("notifications/resources/updated", call.id(), std::move(params));
      told = co_await call.client.Notify(message);
    }
    if (!told || call.cancel.requested() || ended_) break;
    if (listener.changed == 0) co_await listener.event.Wait();
  }
  if (ended_ && told && !call.cancel.requested()) {
    ObjectWriter meta;
    meta.Raw("io.modelcontextprotocol/subscriptionId", call.id());
    ObjectWriter out;
    Complete(out, served);
    out.Raw("_meta", std::move(meta).Take());
    co_return std::move(out).Take();
  }
  co_return served.Failure(base::Fail(base::Code::kCancelled, "nobody listens any more"));
}

}  // namespace mcp
