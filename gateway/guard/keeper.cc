#include "gateway/guard/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>

#include "base/process.h"
#include "gateway/guard/wire.h"

namespace gateway {
namespace {

using guard_wire::Packet;
using Clock = std::chrono::steady_clock;

// After the word to end, a program has so long to notice that its stdin is closed, and then so long
// to heed SIGTERM.
constexpr std::chrono::milliseconds kStdinGrace{500};
constexpr std::chrono::milliseconds kTermGrace{2'000};
constexpr std::chrono::milliseconds kMemoryInterval{2'000};

void CloseAllExcept(std::vector<int> kept) {
  kept.push_back(STDERR_FILENO);
  std::sort(kept.begin(), kept.end());
  unsigned from = 0;
  for (const int descriptor : kept) {
    const auto until = static_cast<unsigned>(descriptor);
    if (until > from) ::close_range(from, until - 1, 0);
    from = until + 1;
  }
  ::close_range(from, ~0U, 0);
}

// Runs in the program's process; returns only when it cannot become the program, with errno.
void Become(const std::string& file, const Guard::Program& program, ProgramPipes pipes) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);

  if (!program.cwd.empty() && ::chdir(program.cwd.c_str()) != 0) return;
  if (::dup2(pipes.in, STDIN_FILENO) < 0 || ::dup2(pipes.out, STDOUT_FILENO) < 0 ||
      ::dup2(pipes.error, STDERR_FILENO) < 0) {
    return;
  }
  std::vector<char*> arguments = {const_cast<char*>(program.command.c_str())};
  for (const std::string& arg : program.args) arguments.push_back(const_cast<char*>(arg.c_str()));
  arguments.push_back(nullptr);
  std::vector<std::string> pairs;
  for (const auto& [name, value] : program.environment) pairs.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (std::string& pair : pairs) environment.push_back(pair.data());
  environment.push_back(nullptr);
  ::execve(file.c_str(), arguments.data(), environment.data());
}

class Keeper {
 public:
  Keeper(const Guard::Program& program, ProgramPipes pipes, int control)
      : program_(program), pipes_(pipes), control_(control) {}

  [[noreturn]] void Run() {
    CloseAllExcept({control_, pipes_.in, pipes_.out, pipes_.error});
    base::ShowAs("portolan-keeper");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, nullptr);
    const int signals = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (StartProgram()) Watch(signals);
    base::KillDescendants();
    ::_exit(0);
  }

 private:
  void Tell(Packet packet) { guard_wire::Send(control_, guard_wire::Encode(packet)); }

  void TellFailure(std::string message) {
    Packet packet;
    packet.type = Packet::Type::kFailed;
    packet.exit.message = std::move(message);
    Tell(std::move(packet));
  }

  std::string PathOfProgram() const {
    for (const auto& [name, value] : program_.environment) {
      if (name == "PATH") return value;
    }
    return "/usr/local/bin:/usr/bin:/bin";
  }

  bool StartProgram() {
    const auto file = base::FindProgram(program_.command, PathOfProgram(), program_.cwd);
    if (!file) {
      TellFailure(file.error().message);
      return false;
    }
    // Closed by a successful exec; otherwise it brings errno.
    int failure[2];
    if (::pipe2(failure, O_CLOEXEC) != 0) {
      TellFailure(std::string("cannot make a pipe: ") + std::strerror(errno));
      return false;
    }
    pid_ = ::fork();
    if (pid_ == 0) {
      Become(*file, program_, pipes_);
      const int code = errno;
      [[maybe_unused]] const ssize_t written = ::write(failure[1], &code, sizeof code);
      ::_exit(127);
    }
    ::close(failure[1]);
    for (const int descriptor : {pipes_.in, pipes_.out, pipes_.error}) ::close(descriptor);
    int code = pid_ < 0 ? errno : 0;
    if (pid_ > 0) {
      while (::read(failure[0], &code, sizeof code) < 0 && errno == EINTR) {
      }
    }
    ::close(failure[0]);
    if (code != 0) {
      const bool cwd =
          code == ENOENT && !program_.cwd.empty() && ::access(program_.cwd.c_str(), X_OK) != 0;
      TellFailure((cwd ? program_.cwd : program_.command) + ": " + std::strerror(code));
      return false;
    }
    Packet started;
    started.type = Packet::Type::kStarted;
    started.pid = pid_;
    Tell(std::move(started));
    return true;
  }

  // Until the program has ended, or must be killed.
  void Watch(int signals) {
    Clock::time_point next_memory = Clock::now() + kMemoryInterval;
    while (true) {
      if (Reap()) return;
      const Clock::time_point now = Clock::now();
      if (program_.max_memory_bytes > 0 && now >= next_memory) {
        next_memory = now + kMemoryInterval;
        if (TooMuchMemory()) return;
      }
      if (term_at_ && now >= *term_at_) {
        ::kill(-pid_, SIGTERM);
        term_at_.reset();
      }
      if (kill_at_ && now >= *kill_at_) return TellKilled("did not heed SIGTERM");

      Clock::time_point wake = next_memory;
      if (term_at_) wake = std::min(wake, *term_at_);
      if (kill_at_) wake = std::min(wake, *kill_at_);
      const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(wake - now).count();
      pollfd watched[] = {{control_, POLLIN, 0}, {signals, POLLIN, 0}};
      ::poll(watched, 2, static_cast<int>(std::max<long>(wait, 0) + 1));
      if (watched[1].revents != 0) {
        signalfd_siginfo ignored;
        while (::read(signals, &ignored, sizeof ignored) > 0) {
        }
      }
      if (watched[0].revents != 0 && !HearGuard()) return;
    }
  }

  // False when the guard is gone.
  bool HearGuard() {
    Packet packet;
    if (guard_wire::Receive(control_, packet) != guard_wire::Receipt::kPacket) return false;
    if (packet.type == Packet::Type::kEnd && !kill_at_) {
      term_at_ = Clock::now() + kStdinGrace;
      kill_at_ = *term_at_ + kTermGrace;
    }
    return true;
  }

  // True when the program itself has ended.
  bool Reap() {
    int status = 0;
    for (pid_t reaped; (reaped = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (reaped != pid_) continue;
      Packet ended;
      ended.type = Packet::Type::kExited;
      if (WIFSIGNALED(status)) {
        ended.exit.signal = WTERMSIG(status);
        ended.exit.status = 128 + ended.exit.signal;
        ended.exit.message = "killed by signal " + std::to_string(ended.exit.signal);
      } else {
        ended.exit.status = WEXITSTATUS(status);
        ended.exit.message = "exited with code " + std::to_string(ended.exit.status);
      }
      Tell(std::move(ended));
      return true;
    }
    return false;
  }

  bool TooMuchMemory() {
    std::uint64_t sum = 0;
    for (const pid_t pid : base::Descendants(::getpid())) sum += base::ResidentBytes(pid);
    if (sum <= program_.max_memory_bytes) return false;
    TellKilled("its memory passed " + std::to_string(program_.max_memory_bytes) + " bytes");
    return true;
  }

  void TellKilled(const std::string& why) {
    Packet ended;
    ended.type = Packet::Type::kExited;
    ended.exit.signal = SIGKILL;
    ended.exit.status = 128 + SIGKILL;
    ended.exit.message = "killed by signal 9 (" + why + ")";
    Tell(std::move(ended));
  }

  const Guard::Program& program_;
  const ProgramPipes pipes_;
  const int control_;
  pid_t pid_ = -1;
  std::optional<Clock::time_point> term_at_;
  std::optional<Clock::time_point> kill_at_;
};

}  // namespace

void KeepProgram(const Guard::Program& program, ProgramPipes pipes, int control) {
  Keeper keeper(program, pipes, control);
  keeper.Run();
}

}  // namespace gateway
