// An Expression is a small formula over the facts of a call: the key of a limit (`principal.id + '/'
// + tool.name`), the condition of a rule (`args.amount <= 500`). docs/policies.md has the language.
//
// Total and bounded: it cannot loop, and what goes wrong is a value too. Immutable; may be shared
// between threads. A key that only joins attributes and strings is evaluated without an allocation,
// and so is every condition that makes no new text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/expression/attributes.h"
#include "policy/facts.h"

namespace policy {

struct Program;

class Expression {
 public:
  Expression() = default;  // the empty text

  // One that gives text, a number or a bool, to be taken as text. kInvalidArgument begins with the
  // position, and names the nearest known attribute where there is one.
  static base::Result<Expression> Compile(std::string_view source);
  // One that gives a bool.
  static base::Result<Expression> CompileCondition(std::string_view source);

  // Appends the text to `out`, which keeps its capacity from call to call; nothing when the
  // evaluation fails.
  void Evaluate(const Facts& facts, std::string& out) const;

  enum class Truth {
    kFalse,
    kTrue,
    kError,
    kNotTrue,   // false or an error, depending on what is not known
    kNotFalse,  // true or an error
    kUnknown,
  };
  // `unknowns` are bits of policy::Unknown. Unless it says kUnknown, every evaluation that knows more
  // says the same, or one of the two.
  Truth Test(const Facts& facts, std::uint8_t unknowns = kAllKnown) const;

  // The unknowns it reads.
  std::uint8_t unknowns() const;
  // In its one spelling, with as few brackets as it can do with.
  std::string Print() const;
  // Which part decides, and what it read: `args.amount <= 500 is false with args.amount = 900`.
  std::string Because(const Facts& facts) const;

 private:
  struct Piece {
    std::string_view Facts::*attribute = nullptr;  // a literal when null
    std::string literal;
  };
  static std::vector<Piece> Flatten(const Program& program);

  std::shared_ptr<const Program> program_;  // null: the empty text
  // Joined, they are the text; empty: the program must be evaluated.
  std::vector<Piece> pieces_;
};

}  // namespace policy
