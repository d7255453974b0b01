// Edits of a JSONC text that leave every other byte as it is: comments, order, indentation, line
// ends and trailing commas stay a person's own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cli {

// The names of objects from the outside in, then that of the member: {"mcpServers", "fs"}.
using JsoncPath = std::vector<std::string>;

// Sets a member: in place when it is there (untouched when it says the same already), else behind
// the last one, in the document's own indentation. Objects on the way are made; an empty text is
// an empty object. kInvalidArgument: the text is no JSONC, or something on the way is no object.
base::Result<std::string> SetMember(std::string_view text, const JsoncPath& path,
                                    const nlohmann::ordered_json& value);

// Takes a member out, with its comma and the line it stood on: undoes SetMember. The text itself
// when there is no such member.
base::Result<std::string> RemoveMember(std::string_view text, const JsoncPath& path);

}  // namespace cli
