#include "tests/support/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/process.h"

namespace support {
namespace {

using Clock = std::chrono::steady_clock;

int Milliseconds(Clock::time_point deadline) {
  auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

pid_t Launch(const std::vector<std::string>& argv, int input, int output, int error) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(error, STDERR_FILENO);
  execv(words[0], words.data());
  _exit(127);
}

int ExitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    read = ends[0];
    write = ends[1];
  }
};

// Waits for the end of a process without being told by a signal.
bool WaitForExit(pid_t pid, Clock::time_point deadline) {
  int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) return true;
  pollfd wait{handle, POLLIN, 0};
  bool ended = poll(&wait, 1, Milliseconds(deadline)) > 0;
  close(handle);
  return ended;
}

}  // namespace

Finished RunProgram(const std::vector<std::string>& argv, const std::string& input,
                    std::chrono::seconds deadline) {
  Pipe in, out, err;
  pid_t pid = Launch(argv, in.read, out.write, err.write);
  close(in.read);
  close(out.write);
  close(err.write);
  // Inputs of tests are far smaller than a pipe.
  (void)!write(in.write, input.data(), input.size());
  close(in.write);
  Finished finished;
  const auto end = Clock::now() + deadline;
  pollfd waits[] = {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}};
  std::string* texts[] = {&finished.out, &finished.err};
  for (int open = 2; open > 0;) {
    if (poll(waits, 2, Milliseconds(end)) <= 0) {
      kill(pid, SIGKILL);
      break;
    }
    for (int i = 0; i < 2; ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      char buffer[65536];
      ssize_t count = read(waits[i].fd, buffer, sizeof buffer);
      if (count > 0) {
        texts[i]->append(buffer, static_cast<std::size_t>(count));
      } else {
        waits[i].fd = -1;
        --open;
      }
    }
  }
  close(out.read);
  close(err.read);
  int status = 0;
  if (!WaitForExit(pid, end)) kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  finished.exit_code = ExitCode(status);
  return finished;
}

Child::Child(const std::vector<std::string>& argv, std::string stderr_path)
    : stderr_path_(std::move(stderr_path)) {
  Pipe in, out;
  int error = open(stderr_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pid_ = Launch(argv, in.read, out.write, error);
  close(in.read);
  close(out.write);
  close(error);
  input_ = in.write;
  output_ = out.read;
}

Child::~Child() {
  Signal(SIGKILL);
  Wait(std::chrono::seconds(10));
  CloseInput();
  close(output_);
}

std::optional<std::string> Child::ReadLine(std::chrono::seconds deadline) {
  const auto end = Clock::now() + deadline;
  while (true) {
    if (auto line_end = buffer_.find('\n'); line_end != std::string::npos) {
      std::string line = buffer_.substr(0, line_end);
      buffer_.erase(0, line_end + 1);
      return line;
    }
    pollfd wait{output_, POLLIN, 0};
    if (poll(&wait, 1, Milliseconds(end)) <= 0) return std::nullopt;
    char chunk[65536];
    ssize_t count = read(output_, chunk, sizeof chunk);
    if (count <= 0) return std::nullopt;
    buffer_.append(chunk, static_cast<std::size_t>(count));
  }
}

void Child::Write(const std::string& text) { (void)!write(input_, text.data(), text.size()); }

void Child::CloseInput() {
  if (input_ >= 0) close(input_);
  input_ = -1;
}

void Child::Signal(int signal) {
  if (!exit_code_ && pid_ > 0) kill(pid_, signal);
}

std::optional<int> Child::Wait(std::chrono::milliseconds deadline) {
  if (exit_code_) return exit_code_;
  if (!WaitForExit(pid_, Clock::now() + deadline)) return std::nullopt;
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_code_ = ExitCode(status);
  return exit_code_;
}

std::string Child::ReadStderr() const {
  std::ifstream file(stderr_path_, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void AdoptOrphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

void KillDescendants() {
  while (true) {
    auto descendants = base::Descendants(getpid());
    for (pid_t pid : descendants) kill(pid, SIGKILL);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (descendants.empty()) return;
    for (pid_t pid : descendants) WaitForExit(pid, Clock::now() + std::chrono::seconds(5));
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
}

bool IsAlive(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  auto name_end = text.rfind(')');
  return name_end != std::string::npos && name_end + 2 < text.size() && text[name_end + 2] != 'Z';
}

}  // namespace support
