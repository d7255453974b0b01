// RequestAccess and DecideAccess: somebody asks for a server that its audiences leave out, and an
// approver of its namespace decides.
//
//    (asked) ----> waits ----> granted: the asker is one of the server's audiences
//                    ^  |
//         asked again|  +----> denied
//
// Whoever asks learns nothing about what is there: a request for a server that is not is kept, and
// named, like any other. Its name is made of who asked and what they wrote, so asking again finds
// it.
#include <algorithm>

#include "base/auth/api_key.h"
#include "base/log.h"
#include "policy/audience.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/permissions.h"
#include "registry/catalog/pins.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/catalog/visibility.h"
#include "registry/catalog/writing.h"

namespace registry {
namespace {

constexpr std::size_t kMaxAskedBytes = 400;
// Of one principal, that wait for a decision.
constexpr int kMaxWaiting = 50;
constexpr int kPage = 200;

std::string NameOf(std::string_view principal, std::string_view asked) {
  const std::string wish = std::string(principal) + '\0' + std::string(asked);
  return base::auth::Hex(base::auth::Sha256(wish).substr(0, 10));
}

// The server that is meant: a name, a base path, a name in `local`, or a tool's id of one of them.
base::Result<std::optional<v1::Resource>> ServerMeant(Reader& store, const std::string& asked) {
  std::vector<std::string> names = {asked};
  const std::size_t slash = asked.find('/');
  if (slash == asked.npos) names.push_back("local/" + asked);
  // A name may hold dots too, so each of them may be where the tool begins.
  for (std::size_t dot = asked.find('.', slash == asked.npos ? 0 : slash);
       dot != asked.npos && names.size() < 8; dot = asked.find('.', dot + 1)) {
    names.push_back(asked.substr(0, dot));
    if (slash == asked.npos) names.push_back("local/" + asked.substr(0, dot));
  }
  for (const std::string& name : names) {
    auto server = ReadServer(store, name);
    if (server.has_value()) return std::optional(std::move(*server));
    if (server.error().code != base::Code::kNotFound) return server.error();
  }
  return std::optional<v1::Resource>();
}

bool Waits(const v1::Resource& resource) {
  return resource.access_request().decision() == v1::AccessDecision::UNSPECIFIED;
}

// Those of one principal, in the order of their names.
base::Result<std::vector<v1::Resource>> WaitingOf(Reader& store, const std::string& principal) {
  std::vector<v1::Resource> waiting;
  ListQuery query{.kind = "AccessRequest", .limit = kPage, .owner = principal};
  while (true) {
    const auto page = store.List(query);
    if (page.has_error()) return page.error();
    for (const StoredResource& stored : *page) {
      auto resource = ToResource(stored);
      if (resource.has_error()) return resource.error();
      if (Waits(*resource)) waiting.push_back(std::move(*resource));
    }
    if (static_cast<int>(page->size()) < kPage) return waiting;
    query.after_name = page->back().name;
  }
}

// Puts the principal into the server's audiences, where it is not in them already.
void Admit(v1::Server& server, const std::string& principal) {
  const auto& audiences = server.visibility().audiences();
  const std::string own = policy::AudienceOf(principal);
  const bool there =
      policy::IsForEverybody(audiences) ||
      std::find(audiences.begin(), audiences.end(), "authenticated") != audiences.end() ||
      std::find(audiences.begin(), audiences.end(), own) != audiences.end();
  if (!there) server.mutable_visibility()->add_audiences(own);
}

base::Error NoRequest(const std::string& name) {
  return base::Fail(base::Code::kNotFound, "no AccessRequest '" + name.substr(0, 200) + "'");
}

// Writes the decision into one request.
base::Result<void> Settle(const Writing& writing, v1::Resource resource,
                          const v1::DecideAccessRequest& decision) {
  const auto stored = writing.store.Find("AccessRequest", resource.name());
  if (stored.has_error()) return stored.error();
  if (!*stored) return NoRequest(resource.name());
  v1::AccessRequest& request = *resource.mutable_access_request();
  request.set_decision(decision.decision());
  request.set_decided_by(writing.writer.principal.id);
  request.set_decision_reason(decision.reason());
  const auto changed = ChangeOne(writing, std::move(resource), **stored);
  if (changed.has_error()) return changed.error();
  return {};
}

// The server with the asker in its audiences; its revision.
base::Result<std::int64_t> Grant(const Writing& writing, const v1::AccessRequest& request) {
  const auto stored = writing.store.Find("Server", request.server());
  if (stored.has_error()) return stored.error();
  if (!*stored) {
    return base::Fail(base::Code::kFailedPrecondition,
                      "/request: there is no server '" + request.server() + "'; reject it");
  }
  auto server = ToResource(**stored);
  if (server.has_error()) return server.error();
  Admit(*server->mutable_server(), request.principal());
  if (const auto ok = Validate(*server); ok.has_error()) return ok.error();
  const auto changed = ChangeOne(writing, std::move(*server), **stored);
  if (changed.has_error()) return changed.error();
  return changed->resource.revision();
}

}  // namespace

base::Result<std::string> Catalog::RequestAccess(const Writer& writer,
                                                 const v1::RequestAccessRequest& request) {
  const base::auth::Principal& who = writer.principal;
  if (who.anonymous()) {
    return base::Fail(base::Code::kUnauthenticated,
                      "asking for a server needs a key or a token: say who you are");
  }
  if (request.server().empty()) return FieldError("/server", "is missing");
  if (request.server().size() > kMaxAskedBytes) return FieldError("/server", "at most 400 bytes");
  if (const auto ok = CheckReason(request.reason()); ok.has_error()) return ok.error();
  const std::string name = NameOf(who.id, request.server());
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    const auto server = ServerMeant(writing.store, request.server());
    if (server.has_error()) return server.error();
    if (*server && CanSee(who, (*server)->name(), (*server)->server())) {
      return base::Fail(base::Code::kFailedPrecondition, "/server: you may use it already");
    }
    v1::Resource asked;
    asked.set_kind("AccessRequest");
    asked.set_name(name);
    v1::AccessRequest& spec = *asked.mutable_access_request();
    spec.set_server(*server ? (*server)->name() : request.server());
    spec.set_principal(who.id);
    spec.set_reason(request.reason());
    if (const auto ok = Validate(asked); ok.has_error()) return ok.error();

    const auto stored = writing.store.Find("AccessRequest", name);
    if (stored.has_error()) return stored.error();
    if (*stored) {
      const auto before = ToResource(**stored);
      if (before.has_error()) return before.error();
      if (Waits(*before) && before->access_request().server() == spec.server())
        return Keep::kNothing;
    } else {
      const auto waiting = WaitingOf(writing.store, who.id);
      if (waiting.has_error()) return waiting.error();
      if (waiting->size() >= static_cast<std::size_t>(kMaxWaiting)) {
        return base::Fail(base::Code::kResourceExhausted,
                          "50 requests of " + who.id + " wait for a decision already");
      }
    }
    const auto put = *stored ? ChangeOne(writing, std::move(asked), **stored)
                             : AddOne(writing, std::move(asked));
    if (put.has_error()) return put.error();
    return Keep::kAll;
  });
  if (written.has_error()) return written.error();
  spdlog::info("access request={} by={}", name, who.id);
  return name;
}

base::Result<std::int64_t> Catalog::DecideAccess(const Writer& writer,
                                                 const v1::DecideAccessRequest& request) {
  const base::auth::Principal& who = writer.principal;
  const bool granted = request.decision() == v1::AccessDecision::GRANTED;
  if (!granted && request.decision() != v1::AccessDecision::DENIED)
    return FieldError("/decision", "must be GRANTED or DENIED");
  if (const auto ok = CheckReason(request.reason()); ok.has_error()) return ok.error();
  // Who approves nowhere learns of no request.
  if (!MaySomewhere(who, Right::kApprove)) return CheckMay(who, {Right::kApprove, {}}).error();
  std::int64_t revision = 0;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    const auto stored = writing.store.Find("AccessRequest", request.request());
    if (stored.has_error()) return stored.error();
    if (!*stored) return NoRequest(request.request());
    auto asked = ToResource(**stored);
    if (asked.has_error()) return asked.error();
    const v1::AccessRequest spec = asked->access_request();
    if (!MayIn(who, Right::kApprove, NamespaceOf(spec.server())))
      return NoRequest(request.request());
    if (!Waits(*asked)) {
      return base::Fail(base::Code::kFailedPrecondition,
                        "/request: " + spec.decided_by() +
                            " has decided it: " + v1::AccessDecision::Value_Name(spec.decision()) +
                            "; audiences are changed at the server");
    }
    if (!granted) {
      const auto ok = Settle(writing, std::move(*asked), request);
      if (ok.has_error()) return ok.error();
      return Keep::kAll;
    }
    const auto server = Grant(writing, spec);
    if (server.has_error()) return server.error();
    revision = *server;
    // The same wish in other words is fulfilled with it.
    auto waiting = WaitingOf(writing.store, spec.principal());
    if (waiting.has_error()) return waiting.error();
    for (v1::Resource& other : *waiting) {
      if (other.access_request().server() != spec.server()) continue;
      if (const auto ok = Settle(writing, std::move(other), request); ok.has_error())
        return ok.error();
    }
    return Keep::kAll;
  });
  if (written.has_error()) return written.error();
  spdlog::info("access request={} {} by={}", request.request(),
               v1::AccessDecision::Value_Name(request.decision()), who.id);
  return revision;
}

base::Result<void> Catalog::ForgetDecidedAccess(std::int64_t older_than_ms) {
  base::auth::Principal self;
  self.id = "portolan";
  self.kind = base::auth::PrincipalKind::kService;
  self.roles = {base::auth::RoleGrant(RoleWith(Right::kAdminister))};
  std::string after;
  bool more = true;
  while (more) {
    const auto written = Write(Writer{self}, [&](const Writing& writing) -> base::Result<Keep> {
      const auto page =
          writing.store.List({.kind = "AccessRequest", .after_name = after, .limit = kPage});
      if (page.has_error()) return page.error();
      more = static_cast<int>(page->size()) == kPage;
      if (more) after = page->back().name;
      for (const StoredResource& stored : *page) {
        if (stored.updated_at_ms >= older_than_ms) continue;
        const auto request = ToResource(stored);
        if (request.has_error()) return request.error();
        if (Waits(*request)) continue;
        if (const auto ok = DeleteWhole(writing, stored); ok.has_error()) return ok.error();
      }
      return writing.changes.empty() ? Keep::kNothing : Keep::kAll;
    });
    if (written.has_error()) return written.error();
  }
  return {};
}

}  // namespace registry
