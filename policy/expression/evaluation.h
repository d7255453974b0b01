// An Evaluation works out a Program against the Facts of one call. Total: what goes wrong is a value
// too. Arguments and claims are read where they lie; nothing is parsed into a tree.
//
// What is not known yet gives kUnknown unless the rest decides: `false && unknown` is false. Whatever
// an evaluation with unknowns says (true, false, an error) every one without says too.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "policy/expression/program.h"
#include "policy/expression/value.h"

namespace policy {

class Evaluation {
 public:
  // Bytes of JSON walked over, and of text made: more is an error, so that no call can make the
  // gateway work for long.
  static constexpr std::size_t kMaxWalked = 16 * 1024 * 1024;
  static constexpr std::size_t kMaxMade = 64 * 1024;

  // Both outlive the evaluation and its values.
  Evaluation(const Program& program, const Facts& facts, std::uint8_t unknowns = kAllKnown)
      : program_(program), facts_(facts), unknowns_(unknowns) {}

  Value Run() { return Of(program_.root()); }
  Value Of(std::uint16_t node);
  // As text: strings as they are, numbers and bools as they are written. An error for the rest.
  Value ToText(const Value& value);

 private:
  Value OfAttribute(const Node& node);
  Value OfLogic(const Node& node);
  Value OfChoice(const Node& node);
  Value OfComparison(const Node& node);
  Value OfArithmetic(const Node& node);
  Value OfText(const Node& node);
  Value OfTime(const Node& node);
  Value OfSize(const Node& node);
  Value OfIndex(const Node& node);

  Value Equal(const Value& left, const Value& right, int depth);
  Value EqualLists(const Value& left, const Value& right, int depth);
  Value InList(const Value& wanted, const Value& list);
  Value In(const Value& wanted, const Value& container);
  Value Member(const Value& map, std::string_view name);
  Value Header(std::string_view name) const;
  Value Element(const Value& list, std::int64_t index);

  // The value of a piece of raw JSON.
  Value Read(std::string_view raw);
  // Text made during the evaluation, kept to its end.
  Value Keep(std::string text);
  bool Walk(std::size_t bytes) { return (walked_ += bytes) <= kMaxWalked; }

  const Program& program_;
  const Facts& facts_;
  const std::uint8_t unknowns_;
  std::size_t walked_ = 0;
  std::size_t made_ = 0;
  std::deque<std::string> texts_;
};

}  // namespace policy
