// Where codes of other systems become ours: nowhere else are codes converted, but in mcp/error.cc.
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>

#include "base/result.h"

namespace base {

// An I/O failure, in words: `what` is what was being done ("connect to 127.0.0.1:9").
Error FromErrorCode(const boost::system::error_code& error, std::string_view what);

// The HTTP status of a code on our JSON API (the Connect protocol's table).
int HttpStatus(Code code);

// `invalid_argument`: the spelling of the Connect protocol.
std::string_view ConnectName(Code code);

}  // namespace base
