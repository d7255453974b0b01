// How far a server is trusted and how long it lives: which steps there are, and who may take them.
// Pure; the catalog reads, asks here, and writes.
//
//             submit               approve
//    draft ------------> pending -----------> approved
//                         |   ^                  |
//                  reject |   | submit (mended)  | reject
//                         v   |                  |
//                       rejected <---------------+
//
// An approver may decide about a draft too. What is approved waits again (pending) when the program it
// runs becomes another one and its changes are held. The stages of a life (design ... retired) are taken in
// any order; of what is approved, callers notice when it goes into production or comes back from
// retirement, so that takes an approver.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/auth/principal.h"
#include "base/result.h"
#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/server.pb.h"

namespace registry {

// ---- By their own methods

// kInvalidArgument: no decision, or a reason that is too long; kPermissionDenied.
base::Result<void> CheckMayReview(const base::auth::Principal& who, std::string_view server,
                                  const portolan::v1::ReviewRequest& request);
// kFailedPrecondition: what is approved cannot be submitted.
base::Result<void> Review(const portolan::v1::ReviewRequest& request, portolan::v1::Server& server);

// Moves it; a day or successor that is not given stays while the stage is one that has them. The
// request's successor is a resource name by now.
base::Result<void> ChangeLifecycle(const portolan::v1::ChangeLifecycleRequest& request,
                                   portolan::v1::Server& server);
// kPermissionDenied, naming the field.
base::Result<void> CheckMayChangeLifecycle(const base::auth::Principal& who,
                                           std::string_view server,
                                           const portolan::v1::Server& before,
                                           const portolan::v1::Server& after);

// ---- By every write

// Writes down since when it is deprecated or retired; `before` and the time of its last change are
// null and 0 of a new server.
void NoteEnd(portolan::v1::Server& server, const portolan::v1::Server* before,
             std::int64_t changed_before_ms, std::int64_t now_ms);

// ---- By Put and Apply, which leave alone what they do not name

// REQUIRES: its approval is set. Fills in stage, day, successor and the approver's reason from
// `before` (null: it is new).
void CompleteLifecycle(portolan::v1::Server& server, const portolan::v1::Server* before);
// Whether the program of an approved server, whose changes are held, became another one: then it waits
// again, and says why. Only Review ends that.
void HoldChangedCommand(portolan::v1::Server& server, const portolan::v1::Server* before);
// What Put may not write: a day or successor before the end, its own successor, and without an
// approver's role a stage or an approver's words.
base::Result<void> CheckLifecycle(const base::auth::Principal& who, std::string_view name,
                                  const portolan::v1::Server& server,
                                  const portolan::v1::Server* before);

}  // namespace registry
