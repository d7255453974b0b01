// Prints a Program as an expression: one spelling for each, with as few brackets as it can do with.
// What is printed parses to the same Program.
#pragma once

#include <string>

#include "policy/expression/program.h"

namespace policy {

std::string Print(const Program& program, std::uint16_t node);

}  // namespace policy
