#include "mcp/call.h"

namespace mcp {

base::Task<base::Result<std::string>> Client::Ask(std::string_view, base::CancelSignal&) {
  co_return base::Fail(base::Code::kUnimplemented, "this caller cannot be asked");
}

base::Task<base::Result<void>> Client::BreakOff() {
  co_return base::Fail(base::Code::kUnimplemented, "this caller cannot come back");
}

}  // namespace mcp
