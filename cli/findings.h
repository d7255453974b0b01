// What lint found, as the command line shows it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "cli/context.h"

namespace cli {

// The definitions of a server, with their findings and scores.
base::Result<v1::GetDefinitionsResponse> ReadFindings(Context& context, const std::string& server);

// `! lint  create_issue: the description tells ... (injection-phrase)     portolan show ctx --lint`:
// the worst few, and nothing when there is nothing worse than a hint.
void WarnOfFindings(Context& context, const v1::GetDefinitionsResponse& definitions,
                    const std::string& short_name);

// Everything, by definition.
void PrintFindings(Context& context, const v1::GetDefinitionsResponse& definitions);
// One finding, indented below what it is about.
void PrintFinding(Printer& printer, const v1::LintFinding& finding);

// `{"score": 70, "definitions": [{"kind", "name", "score", "findings": [...]}]}`
nlohmann::ordered_json TreeOfFindings(const v1::GetDefinitionsResponse& definitions);
nlohmann::ordered_json TreeOf(const v1::LintFinding& finding);

}  // namespace cli
