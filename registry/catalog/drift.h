// Drift is how what a server offers differs from what was accepted of it, and what becomes of the
// difference. Pure: the catalog reads, asks here, and writes.
//
// What is compared: tools, prompts, resource templates and the server's instructions. Resources
// are content that comes and goes, and are always served as offered.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "portolan/v1/catalog_service.pb.h"
#include "portolan/v1/fleet_service.pb.h"
#include "registry/store/store.h"

namespace registry {

namespace v1 = portolan::v1;

inline constexpr std::string_view kInstructionsName = "instructions";

// Compares anew. `known.items` is what is offered now. What was never pinned is accepted as it is.
// A difference that was known keeps its time; where `action` accepts, the pins move and the
// difference stays as a note.
void Settle(v1::DefinitionChange::Action action, std::int64_t now_ms, StoredDefinitions& known,
            StoredPins& pins);

// Moves the pins as the request's choices say; Settle has to follow. Returns what was decided.
// kNotFound: no such difference; kAborted: the hash is not that of what is offered now;
// kInvalidArgument names the field. Who accepts a definition under its new name forgets the old one.
base::Result<std::vector<StoredDrift>> Decide(const v1::DecideDriftRequest& request,
                                              const StoredDefinitions& known, StoredPins& pins);

// What gateways and the search index are to show.
v1::ServerDefinitions Served(std::string_view server, const StoredDefinitions& known);

// As callers read it: what waits for somebody first, renamed definitions recognised.
std::vector<v1::DriftItem> ToDriftItems(std::span<const StoredDrift> drift);

}  // namespace registry
