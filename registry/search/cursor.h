// Where a page of hits ended, as an opaque word of eleven letters that fits a URL.
//
// It holds the number of hits passed and a check of what was asked, so that it cannot be used with
// another query.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace registry::search {

std::string MakeCursor(std::size_t offset, std::string_view asked);

// kInvalidArgument when it is not one of ours, or was made for something else. Empty: 0.
base::Result<std::size_t> ReadCursor(std::string_view cursor, std::string_view asked);

}  // namespace registry::search
