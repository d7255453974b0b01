#include "gateway/guard/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "base/process.h"
#include "gateway/guard/keeper.h"
#include "gateway/guard/wire.h"

namespace gateway {
namespace {

using guard_wire::Packet;
using guard_wire::Receipt;

struct Kept {
  pid_t keeper = -1;
  int control = -1;
  // The gateway's ends of the program's pipes, until it has them.
  std::vector<int> pipes;
  bool ended = false;
};

class GuardProcess {
 public:
  explicit GuardProcess(int socket) : socket_(socket) {}

  [[noreturn]] void Run() {
    PrepareProcess();
    while (true) {
      std::vector<pollfd> watched = {{socket_, POLLIN, 0}, {signals_, POLLIN, 0}};
      std::vector<std::uint32_t> ids;
      for (const auto& [id, kept] : kept_) {
        watched.push_back({kept.control, POLLIN, 0});
        ids.push_back(id);
      }
      ::poll(watched.data(), watched.size(), -1);
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (watched[i + 2].revents != 0) HearKeeper(ids[i]);
      }
      if (watched[1].revents != 0) Reap();
      if (watched[0].revents != 0 && !HearGateway()) break;
    }
    // The keepers would do it too, once they see that we are gone.
    base::KillDescendants();
    ::_exit(0);
  }

 private:
  void PrepareProcess() {
    // A session of its own: Ctrl-C in the gateway's terminal must not end us before our children.
    ::setsid();
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2}) {
      ::signal(signal, SIG_IGN);
    }
    const int null = ::open("/dev/null", O_RDWR);
    ::dup2(null, STDIN_FILENO);
    ::dup2(null, STDOUT_FILENO);
    // Nothing of the gateway's may be held open here: 0 to 2, and the socket as 3.
    if (socket_ != 3) ::dup3(socket_, 3, O_CLOEXEC);
    socket_ = 3;
    ::close_range(4, ~0U, 0);
    base::ShowAs("portolan-guard");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_SETMASK, &child, nullptr);
    signals_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  }

  void Tell(const Packet& packet, std::span<const int> descriptors = {}) {
    guard_wire::Send(socket_, guard_wire::Encode(packet), descriptors);
  }

  // False when the gateway is gone.
  bool HearGateway() {
    Packet packet;
    if (guard_wire::Receive(socket_, packet) != Receipt::kPacket) return false;
    if (packet.type == Packet::Type::kSpawn) Spawn(packet);
    if (packet.type == Packet::Type::kEnd) {
      const auto found = kept_.find(packet.id);
      if (found != kept_.end()) guard_wire::Send(found->second.control, guard_wire::Encode(packet));
    }
    return true;
  }

  void Spawn(const Packet& request) {
    int in[2] = {-1, -1}, out[2] = {-1, -1}, error[2] = {-1, -1}, control[2] = {-1, -1};
    const bool made = ::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0 &&
                      ::pipe2(error, O_CLOEXEC) == 0 &&
                      ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == 0;
    pid_t keeper = -1;
    if (made) keeper = ::fork();
    if (keeper == 0) KeepProgram(request.program, {in[0], out[1], error[1]}, control[1]);
    const int code = errno;
    for (const int descriptor : {in[0], out[1], error[1], control[1]}) {
      if (descriptor >= 0) ::close(descriptor);
    }
    if (keeper > 0) {
      kept_[request.id] = Kept{keeper, control[0], {in[1], out[0], error[0]}};
      return;
    }
    for (const int descriptor : {in[1], out[0], error[0], control[0]}) {
      if (descriptor >= 0) ::close(descriptor);
    }
    Packet failed;
    failed.type = Packet::Type::kFailed;
    failed.id = request.id;
    failed.exit.message = std::string("cannot start a process: ") + std::strerror(code);
    Tell(failed);
  }

  void HearKeeper(std::uint32_t id) {
    Kept& kept = kept_.at(id);
    Packet packet;
    const Receipt receipt = guard_wire::Receive(kept.control, packet);
    if (receipt != Receipt::kPacket) {
      // It has gone, or was killed without a word.
      if (!kept.ended) {
        packet = Packet();
        packet.type = kept.pipes.empty() ? Packet::Type::kExited : Packet::Type::kFailed;
        packet.exit = {128 + SIGKILL, SIGKILL, "killed by signal 9 (its keeper was killed)"};
        packet.id = id;
        Tell(packet);
      }
      return Forget(id);
    }
    packet.id = id;
    if (packet.type == Packet::Type::kStarted) {
      Tell(packet, kept.pipes);
      ClosePipes(kept);
    } else {
      kept.ended = true;
      Tell(packet);
    }
  }

  void ClosePipes(Kept& kept) {
    for (const int descriptor : kept.pipes) ::close(descriptor);
    kept.pipes.clear();
  }

  void Forget(std::uint32_t id) {
    Kept& kept = kept_.at(id);
    ClosePipes(kept);
    ::close(kept.control);
    kept_.erase(id);
  }

  void Reap() {
    signalfd_siginfo ignored;
    while (::read(signals_, &ignored, sizeof ignored) > 0) {
    }
    // A keeper ends by itself, with everything below it gone. One that was killed leaves strays to
    // us, its subreaper.
    bool strays = false;
    int status = 0;
    while (::waitpid(-1, &status, WNOHANG) > 0) strays |= !WIFEXITED(status);
    if (strays) KillStrays();
  }

  // Whoever is our child and no keeper. Those that they leave come in the next round, since each
  // death is a SIGCHLD.
  void KillStrays() {
    std::set<pid_t> keepers;
    for (const auto& [_, kept] : kept_) keepers.insert(kept.keeper);
    for (const pid_t pid : base::Children(::getpid())) {
      if (!keepers.contains(pid)) ::kill(pid, SIGKILL);
    }
  }

  int socket_;
  int signals_ = -1;
  std::map<std::uint32_t, Kept> kept_;
};

}  // namespace

void RunGuard(int socket) {
  GuardProcess guard(socket);
  guard.Run();
}

}  // namespace gateway
