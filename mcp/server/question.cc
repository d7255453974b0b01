#include "mcp/server/question.h"

#include "mcp/object_writer.h"
#include "mcp/raw_json.h"

namespace mcp {

Question Elicit(std::string key, std::string_view message, std::string_view schema) {
  ObjectWriter params;
  params.Text("message", message).Raw("requestedSchema", schema);
  return {std::move(key), "elicitation/create", std::move(params).Take(), "elicitation"};
}

Question Sample(std::string key, std::string_view prompt, int max_tokens) {
  ObjectWriter content;
  content.Text("type", "text").Text("text", prompt);
  ObjectWriter message;
  message.Text("role", "user").Raw("content", std::move(content).Take());
  ObjectWriter params;
  params.Raw("messages", "[" + std::move(message).Take() + "]");
  params.Raw("maxTokens", std::to_string(max_tokens));
  return {std::move(key), "sampling/createMessage", std::move(params).Take(), "sampling"};
}

Question ListRoots(std::string key) { return {std::move(key), "roots/list", "{}", "roots"}; }

bool IsAnswer(const Question& question, std::string_view raw) {
  if (!IsObject(raw)) return false;
  if (question.capability == "elicitation") return IsString(Member(raw, "action"));
  if (question.capability == "sampling") return !Member(raw, "content").empty();
  return IsArray(Member(raw, "roots"));
}

CallError MissingCapability(std::string_view required_capabilities) {
  CallError error;
  error.code = kMissingCapability;
  error.message = "The caller did not declare a capability that this needs.";
  error.reason = "MissingRequiredClientCapability";
  error.extra_data_json = "\"requiredCapabilities\":";
  error.extra_data_json += required_capabilities;
  return error;
}

}  // namespace mcp
