// The one place where the Record of an exchange becomes the contract's CallRecord.
#pragma once

#include <string_view>

#include "base/refusals.h"
#include "mcp/record.h"
#include "portolan/v1/fleet_service.pb.h"
#include "portolan/v1/usage_service.pb.h"

namespace gateway {

// Texts that a caller chose are cut to 512 bytes and made valid UTF-8.
portolan::v1::CallRecord ToCallRecord(const mcp::Record& record, std::string_view gateway_name);

// The same of refusals that were counted for the audit.
portolan::v1::RefusalBatch ToRefusalBatch(const base::RefusalCount& count);

// At most `max_bytes` of `text`, ending between characters; bytes that are no UTF-8 become `?`.
std::string CleanText(std::string_view text, std::size_t max_bytes);

}  // namespace gateway
