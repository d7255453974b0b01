#include "gateway/guard/guard.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <map>
#include <optional>
#include <thread>

#include "base/log.h"
#include "gateway/guard/process.h"
#include "gateway/guard/wire.h"

namespace gateway {
namespace {

using guard_wire::Packet;
using guard_wire::Receipt;
using SpawnResult = base::Result<std::unique_ptr<Guard::Child>>;

class GuardLink;

class LinkedChild final : public Guard::Child {
 public:
  LinkedChild(GuardLink& link, std::uint32_t id, pid_t pid, std::vector<int> pipes)
      : link_(link), id_(id), pid_(pid), pipes_(std::move(pipes)) {
    pipes_.resize(3, -1);
    for (const int pipe : pipes_) {
      if (pipe >= 0) ::fcntl(pipe, F_SETFL, ::fcntl(pipe, F_GETFL) | O_NONBLOCK);
    }
  }
  ~LinkedChild() override;

  pid_t pid() const override { return pid_; }
  int TakeStdin() override { return std::exchange(pipes_[0], -1); }
  int TakeStdout() override { return std::exchange(pipes_[1], -1); }
  int TakeStderr() override { return std::exchange(pipes_[2], -1); }
  void OnExit(std::function<void(const Guard::Exit&)> callback) override {
    on_exit_ = std::move(callback);
    if (exit_) TellExit();
  }

  void Exited(const Guard::Exit& exit) {
    exit_ = exit;
    TellExit();
  }

 private:
  void TellExit() {
    // The callback may destroy us.
    if (const auto callback = std::exchange(on_exit_, nullptr)) {
      const Guard::Exit exit = *exit_;
      callback(exit);
    }
  }

  GuardLink& link_;
  const std::uint32_t id_;
  const pid_t pid_;
  std::vector<int> pipes_;
  std::function<void(const Guard::Exit&)> on_exit_;
  std::optional<Guard::Exit> exit_;
};

// The gateway's side of the socket.
class GuardLink final : public Guard {
 public:
  GuardLink(int socket, pid_t pid) : socket_(socket), pid_(pid) {}

  ~GuardLink() override {
    descriptor_.reset();  // closes the socket when it was attached
    if (socket_ >= 0) ::close(socket_);
    // The guard ends everything at once; only a process that cannot be killed keeps us here, and
    // not for long.
    for (int round = 0; round < 300; ++round) {
      if (::waitpid(pid_, nullptr, WNOHANG) != 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  pid_t pid() const override { return pid_; }

  void Attach(base::Loop& loop) override {
    descriptor_.emplace(loop.io, std::exchange(socket_, -1));
    WaitReadable();
  }

  base::Task<SpawnResult> Spawn(Program program) override {
    if (lost_) co_return base::Fail(base::Code::kUnavailable, "the guard process is gone");
    Packet packet;
    packet.type = Packet::Type::kSpawn;
    packet.id = ++last_id_;
    packet.program = std::move(program);
    std::string bytes = guard_wire::Encode(packet);
    if (bytes.size() > guard_wire::kMaxPacket) {
      co_return base::Fail(base::Code::kInvalidArgument,
                           "arguments and environment are longer than 256 KiB");
    }
    Put(std::move(bytes));
    auto [result] = co_await base::AwaitIo<SpawnResult>(
        [this, id = packet.id](auto handler) { spawning_.emplace(id, std::move(handler)); });
    co_return std::move(result);
  }

  void End(std::uint32_t id) {
    if (children_.erase(id) == 0 || lost_) return;
    Packet packet;
    packet.type = Packet::Type::kEnd;
    packet.id = id;
    Put(guard_wire::Encode(packet));
  }

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;

  void Put(std::string bytes) {
    unsent_.push_back(std::move(bytes));
    if (unsent_.size() == 1) SendWhatFits();
  }

  void SendWhatFits() {
    while (!unsent_.empty()) {
      if (!guard_wire::Send(descriptor_->native_handle(), unsent_.front())) {
        if (errno != EAGAIN) return;  // the reader notices that the guard is gone
        descriptor_->async_wait(Descriptor::wait_write,
                                [this](const boost::system::error_code& error) {
                                  if (!error) SendWhatFits();
                                });
        return;
      }
      unsent_.pop_front();
    }
  }

  void WaitReadable() {
    descriptor_->async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
      if (!error) ReadAll();
    });
  }

  void ReadAll() {
    while (true) {
      Packet packet;
      switch (guard_wire::Receive(descriptor_->native_handle(), packet)) {
        case Receipt::kNothingYet: return WaitReadable();
        case Receipt::kClosed: return Lost();
        case Receipt::kPacket: Take(std::move(packet));
      }
    }
  }

  void Take(Packet packet) {
    if (packet.type == Packet::Type::kExited) {
      const auto child = children_.find(packet.id);
      if (child != children_.end()) child->second->Exited(packet.exit);
      return;
    }
    const auto waiting = spawning_.find(packet.id);
    if (waiting == spawning_.end()) {
      for (const int descriptor : packet.descriptors) ::close(descriptor);
      return;
    }
    const Handler handler = waiting->second;
    spawning_.erase(waiting);
    if (packet.type != Packet::Type::kStarted) {
      handler(SpawnResult(base::Fail(base::Code::kUnavailable, packet.exit.message)));
      return;
    }
    auto child =
        std::make_unique<LinkedChild>(*this, packet.id, packet.pid, std::move(packet.descriptors));
    children_[packet.id] = child.get();
    handler(SpawnResult(std::move(child)));
  }

  // The guard was killed: it took its children with it.
  void Lost() {
    lost_ = true;
    spdlog::error("guard process {} is gone: stdio servers cannot be started any more", pid_);
    for (const auto& [_, handler] : std::exchange(spawning_, {})) {
      handler(SpawnResult(base::Fail(base::Code::kUnavailable, "the guard process is gone")));
    }
    const Exit exit{128 + SIGKILL, SIGKILL, "killed by signal 9 (the guard process is gone)"};
    while (!children_.empty()) {
      LinkedChild* child = children_.begin()->second;
      children_.erase(children_.begin());
      child->Exited(exit);
    }
  }

  using Handler = std::function<void(SpawnResult)>;

  int socket_;
  const pid_t pid_;
  std::optional<Descriptor> descriptor_;
  std::deque<std::string> unsent_;
  std::uint32_t last_id_ = 0;
  std::map<std::uint32_t, Handler> spawning_;
  std::map<std::uint32_t, LinkedChild*> children_;
  bool lost_ = false;
};

LinkedChild::~LinkedChild() {
  for (const int pipe : pipes_) {
    if (pipe >= 0) ::close(pipe);
  }
  link_.End(id_);
}

}  // namespace

base::Result<std::unique_ptr<Guard>> Guard::Start() {
  int sockets[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return base::Fail(base::Code::kUnavailable,
                      std::string("cannot start the guard: ") + std::strerror(errno));
  }
  for (const int socket : sockets) {
    const int bytes = 2 * static_cast<int>(guard_wire::kMaxPacket);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  const pid_t pid = ::fork();
  if (pid == 0) RunGuard(sockets[1]);
  ::close(sockets[1]);
  if (pid < 0) {
    ::close(sockets[0]);
    return base::Fail(base::Code::kUnavailable,
                      std::string("cannot start the guard: ") + std::strerror(errno));
  }
  ::fcntl(sockets[0], F_SETFL, ::fcntl(sockets[0], F_GETFL) | O_NONBLOCK);
  return std::make_unique<GuardLink>(sockets[0], pid);
}

}  // namespace gateway
