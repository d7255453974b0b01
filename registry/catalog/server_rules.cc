#include "registry/catalog/server_rules.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <array>

#include "registry/catalog/lifecycle.h"
#include "registry/catalog/names.h"
#include "registry/catalog/permissions.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {

namespace v1 = portolan::v1;

namespace {

constexpr int kMaxSuggestions = 100;
constexpr int kMaxAliases = 16;

base::Result<bool> IsTaken(Transaction& store, const std::string& base_path,
                           const std::string& server) {
  const auto leads_to = store.FindBasePath(base_path);
  if (leads_to.has_error()) return leads_to.error();
  return *leads_to && **leads_to != server;
}

base::Result<void> CheckBasePathIsFree(Transaction& store, const std::string& pointer,
                                       const std::string& base_path, const std::string& server) {
  const auto leads_to = store.FindBasePath(base_path);
  if (leads_to.has_error()) return leads_to.error();
  if (!*leads_to || **leads_to == server) return {};
  std::string message = pointer + ": '" + base_path + "' leads to " + **leads_to + " already";
  for (int n = 0; n < kMaxSuggestions; ++n) {
    const std::string free = BasePathSuggestion(server, base_path, n);
    if (!IsLabel(free) || IsReservedBasePath(free) || free == base_path) continue;
    const auto taken = IsTaken(store, free, server);
    if (taken.has_error()) return taken.error();
    if (!*taken) {
      message += "; '" + free + "' is free";
      break;
    }
  }
  return base::Fail(base::Code::kAlreadyExists, message);
}

// What was approved is where calls go, who sees it and what becomes of its changes. Whoever may not
// approve leaves that alone, or has it reviewed again.
base::Result<void> CheckReviewed(const v1::Server& server, const v1::Server* before) {
  const bool decided =
      server.approval() == v1::Approval::APPROVED || server.approval() == v1::Approval::REJECTED;
  if (decided && (!before || before->approval() != server.approval())) {
    return base::Fail(base::Code::kPermissionDenied,
                      "/spec/approval: only role approver may approve or reject");
  }
  if (!before || server.approval() != v1::Approval::APPROVED) return {};
  constexpr std::array<std::string_view, 9> kReviewed = {
      "endpoint",    "base_path", "base_path_aliases", "visibility", "on_definition_change",
      "definitions", "sessions",  "environment",       "credential"};
  google::protobuf::util::MessageDifferencer same;
  for (const std::string_view field : kReviewed) {
    const auto* descriptor = v1::Server::descriptor()->FindFieldByName(std::string(field));
    if (same.CompareWithFields(*before, server, {descriptor}, {descriptor})) continue;
    return base::Fail(base::Code::kPermissionDenied,
                      "/spec/" + std::string(field) +
                          ": the server is approved; role approver may change this, or make it a "
                          "draft again (/spec/approval) and have it reviewed");
  }
  return {};
}

}  // namespace

void CompleteServer(v1::Server& server, const std::string& name, const v1::Server* before,
                    const base::auth::Principal& who) {
  const bool admin = MayIn(who, Right::kAdminister, NamespaceOf(name));
  if (server.approval() == v1::Approval::UNSPECIFIED) {
    server.set_approval(before  ? before->approval()
                        : admin ? v1::Approval::APPROVED
                                : v1::Approval::DRAFT);
  }
  CompleteLifecycle(server, before);
  HoldChangedCommand(server, before);
  if (!server.has_endpoint()) return;
  if (server.base_path().empty()) {
    server.set_base_path(before && !before->base_path().empty() ? before->base_path()
                                                                : DefaultBasePath(name));
  }
  if (!before) return;
  // Old addresses go on leading here; aliases that are given replace those from before.
  auto& aliases = *server.mutable_base_path_aliases();
  if (aliases.empty()) aliases = before->base_path_aliases();
  const auto own = std::find(aliases.begin(), aliases.end(), server.base_path());
  if (own != aliases.end()) aliases.erase(own);
  const std::string& old = before->base_path();
  if (!old.empty() && old != server.base_path() &&
      std::find(aliases.begin(), aliases.end(), old) == aliases.end() &&
      aliases.size() < kMaxAliases) {
    *aliases.Add() = old;
  }
}

base::Result<void> CheckServer(Transaction& store, const std::string& name,
                               const v1::Server& server, const v1::Server* before,
                               const base::auth::Principal& who) {
  if (server.endpoint().has_stdio() && !May(who, Right::kAdminister)) {
    return base::Fail(base::Code::kPermissionDenied,
                      "/spec/endpoint/stdio: starts a program, so only role admin may write it");
  }
  if (!MayIn(who, Right::kApprove, NamespaceOf(name))) {
    if (const auto ok = CheckReviewed(server, before); ok.has_error()) return ok.error();
  }
  if (const auto ok = CheckLifecycle(who, name, server, before); ok.has_error()) return ok.error();
  if (!server.has_endpoint()) return {};
  if (server.base_path().empty()) {
    return FieldError("/spec/base_path", "is missing, and none can be made of '" + name + "'");
  }
  if (IsReservedBasePath(server.base_path())) {
    return FieldError("/spec/base_path", "'" + server.base_path() + "' is reserved; give another");
  }
  if (const auto ok = CheckBasePathIsFree(store, "/spec/base_path", server.base_path(), name);
      ok.has_error()) {
    return ok.error();
  }
  for (int i = 0; i < server.base_path_aliases_size(); ++i) {
    const auto ok = CheckBasePathIsFree(store, "/spec/base_path_aliases/" + std::to_string(i),
                                        server.base_path_aliases(i), name);
    if (ok.has_error()) return ok.error();
  }
  return {};
}

}  // namespace registry
