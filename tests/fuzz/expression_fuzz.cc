// Expressions: whatever bytes are written as one, and whatever arguments a caller sends, it ends with
// a value. What compiles is printed so that it parses to itself, and what is said without the
// arguments is said with them.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mcp/raw_json.h"
#include "policy/expression.h"
#include "policy/expression/parser.h"
#include "policy/expression/printer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The expression, a newline, the arguments.
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto newline = bytes.find('\n');
  const std::string_view source = bytes.substr(0, newline);
  const std::string_view args =
      newline == bytes.npos ? std::string_view() : bytes.substr(newline + 1);

  const auto program = policy::Parse(source);
  if (!program) return 0;
  const std::string printed = policy::Print(*program, program->root());
  if (printed.size() <= policy::Program::kMaxSourceBytes) {
    const auto again = policy::Parse(printed);
    if (!again || !program->SameAs(*again)) std::abort();
  }

  policy::Facts facts;
  facts.principal_id = "consumer/a";
  facts.principal_claims = R"({"groups":["a","b"]})";
  facts.tool_name = "t";
  if (mcp::IsJson(args) && mcp::IsObject(args)) facts.args = args;
  if (const auto key = policy::Expression::Compile(source)) {
    std::string value;
    key->Evaluate(facts, value);
  }
  if (const auto condition = policy::Expression::CompileCondition(source)) {
    using Truth = policy::Expression::Truth;
    const Truth partial = condition->Test(facts, policy::kUnknownArguments);
    const Truth full = condition->Test(facts);
    if ((partial == Truth::kTrue || partial == Truth::kFalse || partial == Truth::kError) &&
        full != partial)
      std::abort();
    if (partial == Truth::kNotTrue && full == Truth::kTrue) std::abort();
    if (partial == Truth::kNotFalse && full == Truth::kFalse) std::abort();
    condition->Because(facts);
  }
  return 0;
}
