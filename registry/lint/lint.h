// Lint reads one definition as a model would, and says what is wrong with it. docs/lint.md lists the
// rules.
//
// Pure and without state; microseconds for a tool of usual size, linear in its bytes.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "registry/lint/findings.h"

namespace registry::lint {

enum class Kind { kTool, kPrompt, kResource, kResourceTemplate, kInstructions };

// The worst first. `definition` is an object.
std::vector<Finding> Lint(Kind kind, const nlohmann::json& definition);

// 100 without findings; an error costs 30, a warning 10, an info 2 (at most 20 together); at least 0.
int Score(std::span<const Finding> findings);
// Of a server: midway between the average and the worst, so that one bad definition shows among many
// good ones. 100 when there are none.
int ScoreOfAll(std::span<const int> scores);

}  // namespace registry::lint
