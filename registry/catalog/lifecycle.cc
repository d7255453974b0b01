#include "registry/catalog/lifecycle.h"

#include <google/protobuf/util/message_differencer.h>

#include <string>

#include "registry/catalog/permissions.h"
#include "registry/catalog/validate.h"

namespace registry {

namespace v1 = portolan::v1;

namespace {

using google::protobuf::util::MessageDifferencer;

bool IsEnding(v1::Lifecycle::Stage stage) {
  return stage == v1::Lifecycle::DEPRECATED || stage == v1::Lifecycle::RETIRED;
}

base::Error Denied(std::string_view pointer, std::string_view what) {
  return base::Fail(base::Code::kPermissionDenied, std::string(pointer) + ": " + std::string(what));
}

}  // namespace

base::Result<void> CheckMayReview(const base::auth::Principal& who, std::string_view server,
                                  const v1::ReviewRequest& request) {
  if (request.decision() == v1::ReviewDecision::UNSPECIFIED ||
      !v1::ReviewDecision::Value_IsValid(request.decision())) {
    return FieldError("/decision", "must be SUBMIT, APPROVE or REJECT");
  }
  if (const auto ok = CheckReason(request.reason()); ok.has_error()) return ok.error();
  const bool submits = request.decision() == v1::ReviewDecision::SUBMIT;
  return CheckMay(who, {submits ? Right::kPublish : Right::kApprove, NamespaceOf(server)});
}

base::Result<void> Review(const v1::ReviewRequest& request, v1::Server& server) {
  if (request.decision() != v1::ReviewDecision::SUBMIT) server.clear_held_reason();
  switch (request.decision()) {
    case v1::ReviewDecision::SUBMIT:
      if (server.approval() == v1::Approval::APPROVED) {
        return base::Fail(base::Code::kFailedPrecondition,
                          "/decision: it is approved already, there is nothing to submit");
      }
      server.set_approval(v1::Approval::PENDING);
      break;
    case v1::ReviewDecision::APPROVE: server.set_approval(v1::Approval::APPROVED); break;
    default:
      server.set_approval(v1::Approval::REJECTED);
      server.set_approval_reason(request.reason());
      return {};
  }
  server.clear_approval_reason();
  return {};
}

base::Result<void> ChangeLifecycle(const v1::ChangeLifecycleRequest& request, v1::Server& server) {
  if (request.stage() == v1::Lifecycle::UNSPECIFIED ||
      !v1::Lifecycle::Stage_IsValid(request.stage())) {
    return FieldError("/stage", "is missing");
  }
  if (!request.sunset().empty() && request.stage() != v1::Lifecycle::DEPRECATED)
    return FieldError("/sunset", "goes with stage DEPRECATED only");
  if (!request.successor().empty() && !IsEnding(request.stage()))
    return FieldError("/successor", "goes with the stages DEPRECATED and RETIRED only");
  if (const auto ok = CheckReason(request.reason()); ok.has_error()) return ok.error();
  server.set_lifecycle(request.stage());
  if (!IsEnding(request.stage())) {
    server.clear_sunset();
    server.clear_successor();
  }
  if (!request.sunset().empty()) server.set_sunset(request.sunset());
  if (!request.successor().empty()) server.set_successor(request.successor());
  return {};
}

base::Result<void> CheckMayChangeLifecycle(const base::auth::Principal& who,
                                           std::string_view server, const v1::Server& before,
                                           const v1::Server& after) {
  const std::string_view name_space = NamespaceOf(server);
  if (MayIn(who, Right::kApprove, name_space)) return {};
  if (const auto ok = CheckMay(who, {Right::kPublish, name_space}); ok.has_error())
    return ok.error();
  if (before.lifecycle() == after.lifecycle()) return {};
  // Nobody calls it before an approver has looked again.
  if (after.approval() != v1::Approval::APPROVED) return {};
  if (before.lifecycle() == v1::Lifecycle::RETIRED)
    return Denied("/spec/lifecycle", "only role approver brings back what is approved and retired");
  if (after.lifecycle() == v1::Lifecycle::PRODUCTION &&
      before.lifecycle() != v1::Lifecycle::DEPRECATED) {
    return Denied("/spec/lifecycle", "only role approver takes an approved server into production");
  }
  return {};
}

void CompleteLifecycle(v1::Server& server, const v1::Server* before) {
  if (server.lifecycle() == v1::Lifecycle::UNSPECIFIED) {
    server.set_lifecycle(before ? before->lifecycle() : v1::Lifecycle::PRODUCTION);
    if (before && server.sunset().empty()) server.set_sunset(before->sunset());
    if (before && server.successor().empty()) server.set_successor(before->successor());
  }
  if (server.approval() != v1::Approval::REJECTED) {
    server.clear_approval_reason();
  } else if (before && server.approval_reason().empty()) {
    server.set_approval_reason(before->approval_reason());
  }
}

void HoldChangedCommand(v1::Server& server, const v1::Server* before) {
  server.clear_held_reason();
  if (!before) return;
  const bool would_run =
      server.approval() == v1::Approval::APPROVED || server.approval() == v1::Approval::PENDING;
  if (!would_run) return;
  if (!before->held_reason().empty()) {
    server.set_held_reason(before->held_reason());
    server.set_approval(v1::Approval::PENDING);
    return;
  }
  // Whoever lets changes pass from now on does not let this one pass with the same write.
  const bool holds = before->on_definition_change() == v1::DefinitionChange::HOLD ||
                     server.on_definition_change() == v1::DefinitionChange::HOLD;
  if (!holds || before->approval() != v1::Approval::APPROVED || !server.endpoint().has_stdio())
    return;
  if (MessageDifferencer::Equals(before->endpoint(), server.endpoint())) return;
  server.set_held_reason("what it runs has changed, and its changes are held");
  server.set_approval(v1::Approval::PENDING);
}

void NoteEnd(v1::Server& server, const v1::Server* before, std::int64_t changed_before_ms,
             std::int64_t now_ms) {
  if (!IsEnding(server.lifecycle())) {
    server.clear_ending_since_ms();
  } else if (!before || before->lifecycle() != server.lifecycle()) {
    server.set_ending_since_ms(now_ms);
  } else {
    // Written before this was noted: its last change is the nearest that is known.
    server.set_ending_since_ms(before->ending_since_ms() != 0 ? before->ending_since_ms()
                                                              : changed_before_ms);
  }
}

base::Result<void> CheckLifecycle(const base::auth::Principal& who, std::string_view name,
                                  const v1::Server& server, const v1::Server* before) {
  if (!IsEnding(server.lifecycle())) {
    constexpr std::string_view kWhy = "only a deprecated or retired server has one";
    if (!server.sunset().empty()) return FieldError("/spec/sunset", kWhy);
    if (!server.successor().empty()) return FieldError("/spec/successor", kWhy);
  }
  if (server.successor() == name) return FieldError("/spec/successor", "is the server itself");
  if (!MayIn(who, Right::kApprove, NamespaceOf(name))) {
    const std::string& said = before ? before->approval_reason() : std::string();
    if (!server.approval_reason().empty() && server.approval_reason() != said)
      return Denied("/spec/approval_reason", "only role approver writes it");
  }
  return before ? CheckMayChangeLifecycle(who, name, *before, server) : base::Result<void>();
}

}  // namespace registry
