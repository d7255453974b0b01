// A Question is what a server of ours asks its caller while it answers: a person's input, a
// completion by the caller's model, or its roots.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "mcp/error.h"

namespace mcp {

struct Question {
  // Names it among the questions of one call; the caller's answer comes under the same key.
  std::string key;
  // `elicitation/create`, `sampling/createMessage`, `roots/list`.
  std::string_view method;
  // A raw JSON object.
  std::string params;
  // The capability that the caller must have declared.
  std::string_view capability;
};

// `schema`: of the form's fields, a raw JSON object.
Question Elicit(std::string key, std::string_view message, std::string_view schema);
// Text from the user's side, answered by the caller's model.
Question Sample(std::string key, std::string_view prompt, int max_tokens);
Question ListRoots(std::string key);

// Raw results by the questions' keys.
using Answers = std::map<std::string, std::string, std::less<>>;

// Whether `raw` looks like an answer to `question`: an object with the member its kind must have.
bool IsAnswer(const Question& question, std::string_view raw);

// -32021: `capability` was not declared (raw JSON of what would do, in data.requiredCapabilities).
CallError MissingCapability(std::string_view required_capabilities);

}  // namespace mcp
