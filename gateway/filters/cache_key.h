// When two calls ask the same of a server.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mcp/call.h"

namespace gateway {

// Appends a part with its length in front, so that no two lists of parts make the same text.
void AppendPart(std::string_view part, std::string& out);

// Appends raw JSON in one spelling: members in the order of their names, no white space. Strings and
// numbers stay as they are written, since a server may tell them apart: `1.0` is not `1`. Costs a
// pass for each level of depth.
void AppendCanonical(std::string_view raw, std::string& out);

// All of a tools/call or of a list request that a server is told: two calls with the same text ask the
// same. nullopt: the answer to it is not to be kept (it goes on with an earlier one, or starts a
// task), or it is too long to compare.
//
// What differs without meaning anything is left out: the id, progress and trace ids, who the client
// says it is. What a client can do is in it, and the header lines that travel on, also those that
// rules forward: `forwarded` are their names.
std::optional<std::string> QuestionOf(const mcp::Call& call,
                                      std::span<const std::string_view> forwarded = {});

}  // namespace gateway
