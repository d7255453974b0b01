// How the catalog keeps what was accepted of a server's definitions: the writes behind reports,
// decisions and changed servers. Inside a transaction of the catalog's; the rules are in drift.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "portolan/v1/resource.pb.h"
#include "registry/store/store.h"

namespace registry {

// By its name or base path. kNotFound: no such server.
base::Result<portolan::v1::Resource> ReadServer(Reader& store, std::string_view name);

// Compares `known` with the pins, as the server's setting says, and writes both. A server that
// waits for its approval has nothing accepted yet.
base::Result<void> SettleAndPut(Transaction& store, const portolan::v1::Resource& server,
                                std::int64_t now_ms, StoredDefinitions& known);

// What a written server means for its definitions: another setting decides anew, and an approval
// accepts what is offered. True when what is served may be another thing now.
base::Result<bool> SettleWritten(Transaction& store, const portolan::v1::Resource& server,
                                 const portolan::v1::Resource& before, std::int64_t now_ms);

}  // namespace registry
