#include "cli/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace cli {
namespace {

constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{5'000};
// A child that lived so long has proven itself: the next pause is short again.
constexpr std::chrono::seconds kProven{10};
// Calls get 30 s to finish, and the daemon 5 s to go.
constexpr std::chrono::seconds kDrain{35};

base::Error SystemError(const std::string& what) {
  return base::Fail(base::Code::kUnavailable, what + ": " + std::strerror(errno));
}

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

bool IsWritten(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

}  // namespace

base::Result<std::unique_ptr<Supervisor>> Supervisor::Create(const std::string& folder, Say say) {
  sigset_t set = HandledSignals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
  int signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (signals < 0) return SystemError("signalfd");
  int changes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (changes < 0 || inotify_add_watch(changes, folder.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE) < 0) {
    return SystemError("watch " + folder);
  }
  return std::unique_ptr<Supervisor>(new Supervisor(std::move(say), signals, changes));
}

Supervisor::Supervisor(Say say, int signals, int folder)
    : say_(std::move(say)), signals_(signals), folder_(folder) {}

Supervisor::~Supervisor() {
  Stop();
  close(signals_);
  close(folder_);
}

base::Result<void> Supervisor::Launch(Child& child) {
  const Program& program = child.program;
  std::vector<char*> argv;
  for (const std::string& word : program.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  unlink(program.endpoints_file.c_str());
  int output = STDERR_FILENO;
  if (!program.log_file.empty()) {
    output = open(program.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (output < 0) return SystemError(program.log_file);
  }
  int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    // Only what is safe between fork and exec in a program that has threads.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    setpgid(0, 0);  // Ctrl-C is ours to pass on, in order
    dup2(nothing, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(nothing);
  if (output != STDERR_FILENO) close(output);
  if (pid < 0) return SystemError("fork");
  child.pid = pid;
  child.started = Clock::now();
  return {};
}

base::Result<void> Supervisor::Start(Program program, std::chrono::milliseconds patience) {
  const std::size_t index = children_.size();
  children_.emplace_back();
  children_[index].program = std::move(program);
  if (auto launched = Launch(children_[index]); !launched) return launched;
  const std::string& name = children_[index].program.name;
  const auto deadline = Clock::now() + patience;
  while (!IsWritten(children_[index].program.endpoints_file)) {
    if (stop_requests_ > 0) return base::Fail(base::Code::kCancelled, "told to stop");
    if (children_[index].pid == 0) {
      return base::Fail(base::Code::kUnavailable,
                        "the " + name + " did not start: " + DescribeEnd(children_[index].status));
    }
    if (Clock::now() >= deadline)
      return base::Fail(base::Code::kUnavailable, "the " + name + " is not ready in time");
    Wait(deadline);
  }
  return {};
}

void Supervisor::Run() {
  keep_running_ = true;
  while (stop_requests_ == 0) {
    StartAgain();
    auto deadline = Clock::now() + std::chrono::hours(1);
    for (const Child& child : children_) {
      if (child.start_again) deadline = std::min(deadline, *child.start_again);
    }
    Wait(deadline);
  }
  Stop();
}

void Supervisor::StartAgain() {
  for (Child& child : children_) {
    if (!child.start_again || Clock::now() < *child.start_again) continue;
    child.start_again.reset();
    if (auto launched = Launch(child); !launched) {
      say_("the " + child.program.name + " cannot be started: " + launched.error().message);
      child.start_again = Clock::now() + kLongestPause;
    }
  }
}

void Supervisor::Wait(Clock::time_point deadline) {
  auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count() + 1;
  pollfd waits[] = {{signals_, POLLIN, 0}, {folder_, POLLIN, 0}};
  poll(waits, 2, static_cast<int>(std::clamp<long>(left, 0, 3'600'000)));
  char changes[4096];
  while (read(folder_, changes, sizeof changes) > 0) {
  }
  signalfd_siginfo info{};
  while (read(signals_, &info, sizeof info) == sizeof info) {
    switch (info.ssi_signo) {
      case SIGTERM:
      case SIGINT: ++stop_requests_; break;
      case SIGHUP:
        for (const Child& child : children_) {
          if (child.pid > 0) kill(child.pid, SIGHUP);
        }
        break;
      default: Reap(); break;
    }
  }
}

void Supervisor::Reap() {
  for (Child& child : children_) {
    int status = 0;
    if (child.pid == 0 || waitpid(child.pid, &status, WNOHANG) != child.pid) continue;
    child.pid = 0;
    child.status = status;
    if (!keep_running_) continue;
    bool proven = Clock::now() - child.started >= kProven;
    child.pause = proven || child.pause == child.pause.zero()
                      ? kFirstPause
                      : std::min(child.pause * 2, kLongestPause);
    child.start_again = Clock::now() + child.pause;
    say_("the " + child.program.name + " ended (" + DescribeEnd(status) +
         "), starting it again in " + std::to_string(child.pause.count()) + " ms");
  }
}

void Supervisor::Stop() {
  keep_running_ = false;
  for (Child& child : children_) child.start_again.reset();
  for (auto child = children_.rbegin(); child != children_.rend(); ++child) {
    if (child->pid == 0) continue;
    kill(child->pid, SIGTERM);
    if (!StopOne(*child, kDrain)) {
      say_("the " + child->program.name + " does not end; killing it");
      kill(child->pid, SIGKILL);
      StopOne(*child, std::chrono::seconds(5));
    }
  }
}

bool Supervisor::StopOne(Child& child, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (child.pid > 0 && Clock::now() < deadline) {
    Wait(deadline);
    // Who asks twice does not want to wait.
    if (stop_requests_ > 1 && child.pid > 0) kill(child.pid, SIGKILL);
  }
  return child.pid == 0;
}

std::string DescribeEnd(int wait_status) {
  if (WIFSIGNALED(wait_status)) return "signal " + std::to_string(WTERMSIG(wait_status));
  if (WEXITSTATUS(wait_status) == 127) return "it could not be executed";
  return "exit code " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace cli
