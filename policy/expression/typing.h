// Which types an operator takes, and what it gives.
#pragma once

#include <optional>
#include <string>

#include "policy/expression/program.h"

namespace policy {

inline bool IsNumber(Type type) { return type == Type::kInt || type == Type::kDouble; }
// The type, or not known before there is a value.
inline bool MayBe(Type type, Type wanted) { return type == wanted || type == Type::kAny; }
bool HasSize(Type type);

// Of an operator with two sides; nullopt: they do not fit.
std::optional<Type> ResultOf(Op op, Type left, Type right);
// `compares numbers, strings or times`: for the error.
std::string WantedBy(Op op);

}  // namespace policy
