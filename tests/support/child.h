// Programs that a test runs: with their output read, and dead when the test is done with them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace support {

// What a program left behind.
struct Finished {
  int exit_code = -1;  // 128 + signal when one ended it
  std::string out;
  std::string err;
};

// Runs to the end; killed at the deadline (exit code 137).
Finished RunProgram(const std::vector<std::string>& argv, const std::string& input = "",
                    std::chrono::seconds deadline = std::chrono::seconds(60));

// A program that runs beside the test. Its stderr goes to a file; the kernel kills it when the
// test's thread ends.
class Child {
 public:
  Child(const std::vector<std::string>& argv, std::string stderr_path);
  ~Child();  // SIGKILL
  Child(const Child&) = delete;

  pid_t pid() const { return pid_; }
  // The next line of its stdout without the line break; nullopt at its end or the deadline.
  std::optional<std::string> ReadLine(std::chrono::seconds deadline = std::chrono::seconds(60));
  // What is written to its stdin.
  void Write(const std::string& text);
  void CloseInput();
  void Signal(int signal);
  // The exit code (128 + signal); nullopt when it still runs at the deadline.
  std::optional<int> Wait(std::chrono::milliseconds deadline);
  std::string ReadStderr() const;

 private:
  pid_t pid_ = 0;
  int input_ = -1;
  int output_ = -1;
  std::string buffer_;
  std::string stderr_path_;
  std::optional<int> exit_code_;
};

// Makes this process the parent of what its children leave behind, so that it can be found and
// ended.
void AdoptOrphans();
// SIGKILL to every descendant of this process, and waits until they are gone.
void KillDescendants();
bool IsAlive(pid_t pid);

}  // namespace support
