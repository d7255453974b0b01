#include "policy/facts.h"

namespace policy {

void Facts::SetItem(std::string_view call_method, std::string_view item) {
  method = call_method;
  if (call_method == "tools/call") tool_name = item;
  if (call_method == "prompts/get") prompt_name = item;
  if (call_method.starts_with("resources/")) resource_uri = item;
}

}  // namespace policy
