// Review and ChangeLifecycle: a decision about one server, with its reason in the audit. The rules
// are in lifecycle.h.
#include "base/log.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/lifecycle.h"
#include "registry/catalog/pins.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/catalog/writing.h"

namespace registry {

base::Result<v1::Resource> Catalog::WriteServer(const Writer& writer, const std::string& server,
                                                std::int64_t seen, const ChangeServer& change) {
  v1::Resource result;
  const auto written = Write(writer, [&](const Writing& writing) -> base::Result<Keep> {
    const auto before = ReadServer(writing.store, server);
    if (before.has_error()) return before.error();
    const auto stored = writing.store.Find("Server", before->name());
    if (stored.has_error()) return stored.error();
    v1::Resource after = *before;
    // Whether they may is asked first: who may not is not told what has changed.
    if (const auto ok = change(writing, *before, *after.mutable_server()); ok.has_error())
      return ok.error();
    if (const auto ok = CheckSeen(seen, **stored); ok.has_error()) return ok.error();
    if (const auto ok = Validate(after); ok.has_error()) return ok.error();
    auto changed = ChangeOne(writing, std::move(after), **stored);
    if (changed.has_error()) return changed.error();
    result = std::move(changed->resource);
    return writing.changes.empty() ? Keep::kNothing : Keep::kAll;
  });
  if (written.has_error()) return written.error();
  return result;
}

base::Result<v1::Resource> Catalog::Review(const Writer& writer, const v1::ReviewRequest& request) {
  auto reviewed = WriteServer(
      writer, request.server(), request.revision(),
      [&](const Writing&, const v1::Resource& before, v1::Server& server) -> base::Result<void> {
        const auto may = CheckMayReview(writer.principal, before.name(), request);
        if (may.has_error()) return may.error();
        return registry::Review(request, server);
      });
  if (reviewed.has_value()) {
    spdlog::info("server={} review={} by={}", reviewed->name(),
                 v1::ReviewDecision::Value_Name(request.decision()), writer.principal.id);
  }
  return reviewed;
}

base::Result<v1::Resource> Catalog::ChangeLifecycle(const Writer& writer,
                                                    const v1::ChangeLifecycleRequest& request) {
  auto moved = WriteServer(
      writer, request.server(), request.revision(),
      [&](const Writing& writing, const v1::Resource& before,
          v1::Server& server) -> base::Result<void> {
        v1::ChangeLifecycleRequest named = request;
        if (!request.successor().empty()) {
          const auto successor = ReadServer(writing.store, request.successor());
          if (successor.has_error()) return FieldError("/successor", successor.error().message);
          named.set_successor(successor->name());
        }
        if (const auto ok = registry::ChangeLifecycle(named, server); ok.has_error())
          return ok.error();
        return CheckLifecycle(writer.principal, before.name(), server, &before.server());
      });
  if (moved.has_value()) {
    spdlog::info("server={} stage={} by={}", moved->name(),
                 v1::Lifecycle::Stage_Name(moved->server().lifecycle()), writer.principal.id);
  }
  return moved;
}

}  // namespace registry
