#include "mcp/server/completion.h"

#include <algorithm>
#include <string>
#include <vector>

#include "mcp/raw_json.h"
#include "mcp/server/served_call.h"

namespace mcp {
namespace {

std::string Values(const ServedCall& call, const std::vector<std::string>& values) {
  std::string list;
  const std::size_t shown = std::min(values.size(), Completion::kMaxValues);
  for (std::size_t i = 0; i < shown; ++i) list += (i ? "," : "") + Quote(values[i]);
  ObjectWriter completion;
  completion.Raw("values", "[" + list + "]").Raw("total", std::to_string(values.size()));
  completion.Raw("hasMore", shown < values.size() ? "true" : "false");
  ObjectWriter out;
  out.Raw("completion", std::move(completion).Take());
  Complete(out, call);
  return std::move(out).Take();
}

}  // namespace

base::Task<Reply> Completion::Serve(ServedCall& call) {
  const std::string_view ref = call.Param("ref");
  const std::string kind = DecodeString(Member(ref, "type"));
  const std::string name = DecodeString(Member(call.Param("argument"), "name"));
  const std::string_view raw_typed = Member(call.Param("argument"), "value");
  if (!IsString(raw_typed)) co_return InvalidParams("'argument.value' must be a string.");
  const std::string typed = DecodeString(raw_typed);
  if (kind == "ref/prompt") {
    const auto prompt = prompts_.Find(DecodeString(Member(ref, "name")));
    if (!prompt) co_return InvalidParams("Unknown prompt.");
    for (const PromptArgument& argument : prompt->arguments) {
      if (argument.name != name) continue;
      if (!argument.complete) co_return Values(call, {});
      co_return Values(call, argument.complete(call.call(), typed));
    }
    co_return InvalidParams("The prompt has no argument '" + name + "'.");
  }
  if (kind == "ref/resource") {
    const auto* found = resources_.FindTemplate(DecodeString(Member(ref, "uri")));
    if (!found) co_return InvalidParams("Unknown resource template.");
    if (!found->complete) co_return Values(call, {});
    co_return Values(call, found->complete(call.call(), name, typed));
  }
  co_return InvalidParams("'ref.type' must be ref/prompt or ref/resource.");
}

}  // namespace mcp
