// Tasks is the Feature that lets a call outlive its request: the caller gets a task's id, and asks
// by tasks/get how it stands, answers its questions by tasks/update and calls it off by
// tasks/cancel (extension io.modelcontextprotocol/tasks, SEP-2663).
//
//   request --Start--> function runs --ends or asks first--> the request's own answer
//                          `--ContinueAsTask--> working <--> input_required --> completed, failed
//                                                  `--tasks/cancel--> cancelled
//
// A task belongs to the principal that started it; to all others it does not exist. It is kept
// kTtlMs from its start, running or not; at most kMaxTasks at a time. One thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/loop.h"
#include "mcp/server/feature.h"

namespace mcp {

class Tasks final : public Feature {
 public:
  static constexpr std::string_view kExtension = "io.modelcontextprotocol/tasks";
  static constexpr std::int64_t kTtlMs = 10 * 60 * 1000;
  static constexpr std::int64_t kPollIntervalMs = 500;
  static constexpr std::size_t kMaxTasks = 1'000;

  using Function = std::function<base::Task<Reply>(ServedCall& call)>;

  Tasks(base::Loop& loop, const base::Clock& clock) : loop_(loop), clock_(clock) {}
  // Calls off what runs.
  ~Tasks() override;

  // Runs `function` on a copy of `call`, and gives its answer, or a task when it said
  // ContinueAsTask first. The function is not run again from its start by then, so it ends even
  // when nobody asks for it.
  base::Task<Reply> Start(ServedCall& call, Function function);

  // -32021: the caller must know tasks.
  static CallError Missing();

  void Declare(ObjectWriter& capabilities) const override;
  bool Serves(std::string_view method) const override;
  base::Task<Reply> Serve(ServedCall& call) override;

 private:
  class Running;
  using RunningMap = std::map<std::string, std::shared_ptr<Running>, std::less<>>;

  static base::Task<void> Run(std::shared_ptr<Running> running, Function function);
  void Keep(std::shared_ptr<Running> running);
  void Forget();  // those whose time is over

  base::Loop& loop_;
  const base::Clock& clock_;
  RunningMap tasks_;
};

}  // namespace mcp
