// Logging is the Feature that says a server's functions may log (ServedCall::Log). Which level a
// session of an older revision wants is the session's business; here it is only checked.
#pragma once

#include <string>
#include <string_view>

#include "mcp/message.h"
#include "mcp/server/feature.h"
#include "mcp/server/log_level.h"
#include "mcp/server/served_call.h"

namespace mcp {

class Logging final : public Feature {
 public:
  void Declare(ObjectWriter& capabilities) const override { capabilities.Raw("logging", "{}"); }
  bool Serves(std::string_view method) const override { return method == "logging/setLevel"; }
  base::Task<Reply> Serve(ServedCall& call) override {
    if (!ParseLogLevel(DecodeString(call.Param("level"))))
      co_return InvalidParams(
          "'level' is none of debug, info, notice, warning, error, critical, "
          "alert, emergency.");
    co_return std::string("{}");
  }
};

}  // namespace mcp
