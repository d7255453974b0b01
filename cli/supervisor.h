// A Supervisor keeps programs running: starts them one after the other, starts a dead one again,
// and ends all with itself.
//
// One thread, which must live as long as the supervisor: the kernel ends the children when it goes,
// however it goes. SIGTERM and SIGINT stop (the last started first; a second one at once), SIGHUP
// is passed on.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cli {

struct Program {
  std::string name;
  std::vector<std::string> argv;
  // Written by the program, in the supervisor's folder, when it is ready.
  std::string endpoints_file;
  // Where its output goes; empty: to our stderr.
  std::string log_file;
};

class Supervisor {
 public:
  using Say = std::function<void(const std::string&)>;

  // Blocks the signals it handles, for this thread and those that it starts. `folder` is where
  // programs write when they are ready.
  static base::Result<std::unique_ptr<Supervisor>> Create(const std::string& folder, Say say);
  ~Supervisor();

  // Returns when the program is ready. kUnavailable when it ended or took too long; kCancelled when
  // we are to stop.
  base::Result<void> Start(Program program, std::chrono::milliseconds patience);
  // Keeps everything running until a signal ends it, then stops everything.
  void Run();
  // SIGTERM, and after its time SIGKILL, to one after the other, the last started first.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Child {
    Program program;
    pid_t pid = 0;  // 0: not running
    int status = 0;
    Clock::time_point started;
    std::chrono::milliseconds pause{0};
    std::optional<Clock::time_point> start_again;
  };

  Supervisor(Say say, int signals, int folder);
  base::Result<void> Launch(Child& child);
  // Waits for signals, changes in the folder, or the deadline, and deals with what came.
  void Wait(Clock::time_point deadline);
  void Reap();
  void StartAgain();
  bool StopOne(Child& child, std::chrono::milliseconds patience);

  const Say say_;
  const int signals_;  // signalfd
  const int folder_;   // inotify
  std::vector<Child> children_;
  bool keep_running_ = false;  // dead children are started again
  int stop_requests_ = 0;
};

// `exit code 1`, `signal 9`.
std::string DescribeEnd(int wait_status);

}  // namespace cli
