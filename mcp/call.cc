#include "mcp/call.h"

namespace mcp {

base::Task<base::Result<std::string>> Client::Ask(std::string_view, base::CancelSignal&) {
  co_return base::Fail(base::Code::kUnimplemented, "this caller cannot be asked");
}

base::Task<base::Result<void>> Client::BreakOff() {
  co_return base::Fail(base::Code::kUnimplemented, "this caller cannot come back");
}

Call Call::WithClient(Client& other) const {
  return {.bytes = bytes,
          .envelope = envelope,
          .revision = revision,
          .principal = principal,
          .client = other,
          .cancel = cancel,
          .record = record,
          .method = method,
          .item = item,
          .fields = fields,
          .connection_id = connection_id,
          .session = session,
          .client_capabilities = client_capabilities,
          .client_info = client_info,
          .log_level = log_level,
          .loop = loop,
          .upstream = upstream,
          .collect_result_up_to = collect_result_up_to};
}

}  // namespace mcp
