// What became of a call, as told by its answer: the three levels at which one can fail are HTTP,
// JSON-RPC and the tool.
//
// Small answers are read when a word in them may tell of an error; of long ones only the first and
// the last bytes are looked at. So a relay stays one.
#pragma once

#include <string>
#include <string_view>

#include "mcp/record.h"

namespace mcp {

struct AnswerOutcome {
  Outcome outcome = Outcome::kOk;
  int error_code = 0;
};

// Of a whole JSON-RPC answer.
AnswerOutcome OutcomeOf(std::string_view message);

// Of an answer that passes in pieces, either one JSON message or an event stream whose last event
// is the answer.
class OutcomeWatch {
 public:
  void Feed(std::string_view piece);
  AnswerOutcome Finish() const;
  // False when the bytes are an event stream whose last event is no answer: its sender broke off.
  bool has_answer() const;
  // Whether the bytes so far end where an event ends.
  bool at_event_boundary() const;

 private:
  static constexpr std::size_t kKept = 2048;
  struct Tail {
    AnswerOutcome last;
    bool has_answer = false;
    bool has_event = false;
  };
  Tail ReadTail() const;
  bool whole_ = true;  // nothing was left out
  std::string tail_;
};

}  // namespace mcp
