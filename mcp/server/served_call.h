// A ServedCall is a Call as the functions of a server of our own see it: its arguments, and what
// they can tell and ask the caller on the way.
//
// Asking reads the same in both eras:
//
//   const base::Result<std::string> name = co_await call.Ask(Elicit("name", "Who?", schema));
//   if (!name) co_return name.error();
//
// A caller of an older revision is asked while the function waits. A modern caller is not: Ask
// fails, the call's result becomes `input_required`, and the caller's retry runs the function again
// from its start, with Ask giving at once what was answered (MCP 2026-07-28, Multi Round-Trip
// Requests). So ask first, act after. Once the call runs as a task, Ask waits in both eras.
//
// One thread; lives as long as the function runs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "mcp/call.h"
#include "mcp/server/feature.h"
#include "mcp/server/log_level.h"
#include "mcp/server/question.h"
#include "mcp/server/request_state.h"

namespace mcp {

class ServedCall {
 public:
  // Where a call that may outlive its request goes on; see tasks.h.
  class TaskStart {
   public:
    virtual void Continue() = 0;

   protected:
    ~TaskStart() = default;
  };

  ServedCall(Call& call, RequestState& state, TaskStart* task = nullptr)
      : call_(call), state_(state), task_(task) {}
  ServedCall(const ServedCall&) = delete;

  Call& call() const { return call_; }
  RequestState& state() const { return state_; }
  // A member of params, raw; empty when it is not there.
  std::string_view Param(std::string_view name) const;
  // Raw JSON object; `{}` when the caller gave none.
  std::string_view raw_arguments() const;
  // The same as a tree. An object; the endpoint refused anything else.
  nlohmann::json arguments() const;

  // notifications/progress, when the caller asked for it with a progressToken; otherwise nothing
  // happens. `total` 0: unknown.
  base::Task<base::Result<void>> Progress(double progress, double total, std::string_view message);
  // notifications/message, when the caller wants that level: a modern one says so in each request;
  // an older one gets all until it says which. `data` is raw JSON.
  base::Task<base::Result<void>> Log(LogLevel level, std::string_view data);

  // Whether the caller declared `sampling`, `elicitation`, `roots`.
  bool Declared(std::string_view capability) const;
  bool DeclaredExtension(std::string_view name) const;
  // The raw result that the caller gives to a question. An Error is to be returned as it is.
  base::Task<base::Result<std::string>> Ask(Question question);
  // Several at once.
  base::Task<base::Result<Answers>> AskAll(std::vector<Question> questions);
  // Fails with `error` as it is.
  base::Error Refuse(CallError error);

  // From here on the call needs no caller that waits: if it can be a task, its caller gets the
  // task's id now (SEP-2663). Otherwise nothing happens.
  void ContinueAsTask();

  // Of the server: takes what the caller answered in this round and before. An error when that was
  // tampered with.
  std::optional<CallError> TakeAnswers();
  // Of the server: what becomes of a call whose function gave up with `error`.
  Reply Failure(const base::Error& error);
  // The caller is gone, or has said that it wants no answer.
  bool given_up() const { return given_up_; }

 private:
  base::Task<base::Result<std::string>> AskNow(const Question& question);
  base::Task<base::Result<Answers>> AskAllNow(const std::vector<Question>& questions);
  std::string InputRequired() const;

  Call& call_;
  RequestState& state_;
  TaskStart* const task_;

  bool is_task_ = false;
  bool given_up_ = false;
  Answers answers_;
  // Of a modern call: what is to be asked before it can go on.
  std::vector<Question> open_questions_;
  std::optional<CallError> refusal_;
};

}  // namespace mcp
