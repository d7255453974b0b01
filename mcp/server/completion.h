// Completion is the Feature that proposes values for the arguments of prompts and the variables of
// resource templates, as each of them says: the best first, of which the caller gets 100.
#pragma once

#include <string_view>

#include "mcp/server/feature.h"
#include "mcp/server/prompts.h"
#include "mcp/server/resources.h"

namespace mcp {

class Completion final : public Feature {
 public:
  static constexpr std::size_t kMaxValues = 100;  // MCP 2026-07-28, Completion

  Completion(const Prompts& prompts, const Resources& resources)
      : prompts_(prompts), resources_(resources) {}

  void Declare(ObjectWriter& capabilities) const override { capabilities.Raw("completions", "{}"); }
  bool Serves(std::string_view method) const override { return method == "completion/complete"; }
  base::Task<Reply> Serve(ServedCall& call) override;

 private:
  const Prompts& prompts_;
  const Resources& resources_;
};

}  // namespace mcp
