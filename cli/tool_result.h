// The answer of a tool as the terminal shows it, and what it means for the exit code.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/exit_code.h"
#include "cli/gateway_client.h"
#include "cli/printer.h"

namespace cli {

struct AnswerSummary {
  Exit exit = Exit::kOk;
  // `ok`, `isError`, the reason of a refusal, or a code.
  std::string word;
};

// `tool_is_known`: the catalog lists it, so that -32602 is about its arguments and not about its
// name.
AnswerSummary Summarise(const ToolAnswer& answer, bool tool_is_known);

// Prints the result's content (or with -o json its structured content) on stdout, time and request
// id on stderr; a refusal or an error on stderr.
Exit PrintAnswer(Printer& printer, const ToolAnswer& answer, const std::string& tool,
                 bool tool_is_known);

// The content of a result as text: text as it is, other kinds as a line that names them.
std::string ContentText(const nlohmann::ordered_json& result);

}  // namespace cli
