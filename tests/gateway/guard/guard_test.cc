#include "gateway/guard/guard.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "base/auth/api_key.h"
#include "base/process.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;
using ChildResult = base::Result<std::unique_ptr<Guard::Child>>;

// A program of one line of shell.
Guard::Program Shell(std::string script) {
  Guard::Program program;
  program.command = "sh";
  program.args = {"-c", std::move(script)};
  program.environment = {{"PATH", "/usr/bin:/bin"}};
  return program;
}

// Notices when a process that need not be our child ends.
class Watched {
 public:
  explicit Watched(pid_t pid) : fd_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
  Watched(Watched&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Watched() {
    if (fd_ >= 0) ::close(fd_);
  }
  bool Ends() const {
    if (fd_ < 0) return true;
    pollfd watched{fd_, POLLIN, 0};
    return ::poll(&watched, 1, 10'000) == 1;
  }

 private:
  int fd_;
};

class GuardTest : public ::testing::Test {
 protected:
  GuardTest()
      : folder_(fs::temp_directory_path() /
                ("guard-" + base::auth::Hex(base::auth::RandomBytes(8)))) {
    fs::create_directories(folder_);
    ::mkfifo(fifo_.c_str(), 0600);
    // What a dead guard would leave behind becomes ours, so that we can see it.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  ~GuardTest() override { fs::remove_all(folder_); }

  void StartGuard() {
    guard_ = *Guard::Start();
    guard_->Attach(loop_);
  }

  ChildResult Spawn(Guard::Program program) {
    std::optional<ChildResult> result;
    base::Spawn(
        [](Guard& guard, Guard::Program wanted, std::optional<ChildResult>& out) -> base::Task<> {
          out.emplace(co_await guard.Spawn(std::move(wanted)));
        }(*guard_, std::move(program), result));
    while (!result) loop_.io.run_one();
    return *std::move(result);
  }

  Guard::Exit WaitForExit(Guard::Child& child) {
    std::optional<Guard::Exit> exit;
    child.OnExit([&](const Guard::Exit& how) { exit = how; });
    while (!exit) loop_.io.run_one();
    return *exit;
  }

  std::string ReadAll(int descriptor) {
    boost::asio::posix::stream_descriptor stream(loop_.io, descriptor);
    std::string text;
    bool done = false;
    boost::asio::async_read(stream, boost::asio::dynamic_buffer(text),
                            [&](const boost::system::error_code&, std::size_t) { done = true; });
    while (!done) loop_.io.run_one();
    return text;
  }

  // What a script prints, which ends by itself.
  std::string Output(Guard::Program program) {
    ChildResult child = Spawn(std::move(program));
    EXPECT_TRUE(child.has_value()) << (child ? "" : child.error().message);
    return child ? ReadAll((*child)->TakeStdout()) : "";
  }

  // A program with a child and a double-forked grandchild in a session of its own; each writes its
  // pid to the FIFO.
  Guard::Program Family() {
    return Shell("echo $$ >" + fifo_ + "; sh -c 'echo $$ >" + fifo_ +
                 "; exec sleep 1000' & (setsid sh -c 'echo $$ >" + fifo_ +
                 "; exec sleep 1000' &); wait");
  }

  // The pids that `count` processes write.
  std::vector<Watched> Members(int count) {
    std::vector<Watched> members;
    // Open for writing too, so that it never ends: what is written between two openings would be lost.
    std::fstream fifo(fifo_, std::ios::in | std::ios::out);
    pid_t pid = 0;
    while (count-- > 0 && fifo >> pid) members.emplace_back(pid);
    return members;
  }

  // Runs `body` in a process of its own, which is not ours to clean up after.
  template <class Body>
  pid_t Fork(Body body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      body();
      ::_exit(0);
    }
    return pid;
  }

  fs::path folder_;
  std::string fifo_ = (folder_ / "pids").string();
  base::Loop loop_;
  std::unique_ptr<Guard> guard_;
};

TEST_F(GuardTest, StartsAProgramAndHandsOverItsPipes) {
  StartGuard();
  const auto child = Spawn(Shell("read line; echo heard $line; echo trouble >&2"));
  ASSERT_TRUE(child.has_value());
  const int in = (*child)->TakeStdin();
  ASSERT_EQ(::write(in, "hello\n", 6), 6);
  EXPECT_EQ(ReadAll((*child)->TakeStdout()), "heard hello\n");
  EXPECT_EQ(ReadAll((*child)->TakeStderr()), "trouble\n");
  ::close(in);
}

TEST_F(GuardTest, AProgramSeesOnlyTheEnvironmentItWasGiven) {
  ::setenv("PORTOLAN_SECRET", "hunter2", 1);
  StartGuard();
  Guard::Program program = Shell("env | sort");
  program.environment.emplace_back("TOKEN", "mine");
  EXPECT_EQ(Output(program),
            "PATH=/usr/bin:/bin\nPWD=" + fs::current_path().string() + "\nTOKEN=mine\n");
}

TEST_F(GuardTest, AProgramHoldsNoDescriptorButItsThree) {
  StartGuard();
  EXPECT_EQ(Output(Shell("ls -1 /proc/self/fd | wc -l")), "4\n");  // and the one that ls reads
}

TEST_F(GuardTest, AProgramRunsInItsFolder) {
  StartGuard();
  Guard::Program program = Shell("pwd");
  program.cwd = folder_;
  EXPECT_EQ(Output(program), folder_.string() + "\n");
}

TEST_F(GuardTest, WhatCannotBeStartedSaysWhy) {
  StartGuard();
  Guard::Program missing = Shell("");
  missing.command = "no-such-program";
  EXPECT_EQ(Spawn(missing).error().message, "no-such-program: not found in PATH");
  Guard::Program nowhere = Shell("");
  nowhere.cwd = "/no/such/folder";
  EXPECT_EQ(Spawn(nowhere).error().message, "/no/such/folder: No such file or directory");
  Guard::Program huge = Shell(std::string(300'000, 'x'));
  EXPECT_EQ(Spawn(huge).error().code, base::Code::kInvalidArgument);
}

TEST_F(GuardTest, TellsHowAProgramEnded) {
  StartGuard();
  const auto three = Spawn(Shell("exit 3"));
  const Guard::Exit code = WaitForExit(**three);
  EXPECT_EQ(code.status, 3);
  EXPECT_EQ(code.message, "exited with code 3");
  const auto killed = Spawn(Shell("kill -SEGV $$"));
  const Guard::Exit signal = WaitForExit(**killed);
  EXPECT_EQ(signal.signal, SIGSEGV);
  EXPECT_EQ(signal.message, "killed by signal 11");
}

TEST_F(GuardTest, AProgramThatEndsTakesWhatItForkedWithIt) {
  StartGuard();
  const auto child =
      Spawn(Shell("(setsid sh -c 'echo $$ >" + fifo_ + "; exec sleep 1000' &); read x"));
  const auto members = Members(1);
  ::close((*child)->TakeStdin());
  EXPECT_EQ(WaitForExit(**child).status, 1);
  EXPECT_TRUE(members[0].Ends());
}

TEST_F(GuardTest, ADestroyedChildIsEndedWithItsWholeTree) {
  StartGuard();
  auto child = Spawn(Family());
  const auto members = Members(3);
  child->reset();
  loop_.io.poll();
  for (const Watched& member : members) EXPECT_TRUE(member.Ends());
}

TEST_F(GuardTest, AProgramThatIgnoresSigtermIsKilled) {
  StartGuard();
  auto child = Spawn(Shell("trap '' TERM; echo $$ >" + fifo_ + "; while :; do sleep 1000; done"));
  const auto members = Members(1);
  child->reset();
  loop_.io.poll();
  EXPECT_TRUE(members[0].Ends());
}

TEST_F(GuardTest, AProgramWhoseTreeGrowsTooLargeIsKilled) {
  StartGuard();
  Guard::Program hungry = Shell("head -c 200000000 /dev/zero | tail; sleep 1000");
  hungry.max_memory_bytes = 50'000'000;
  const auto child = Spawn(hungry);
  EXPECT_EQ(WaitForExit(**child).message, "killed by signal 9 (its memory passed 50000000 bytes)");
}

TEST_F(GuardTest, KillingTheOwnerLeavesNobodyBehind) {
  const pid_t owner = Fork([&] {
    StartGuard();
    std::ofstream(fifo_) << guard_->pid() << std::endl;
    const auto child = Spawn(Family());
    loop_.io.run();
  });
  const auto members = Members(4);
  ::kill(owner, SIGKILL);
  for (const Watched& member : members) EXPECT_TRUE(member.Ends());
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  EXPECT_EQ(base::Descendants(::getpid()), std::vector<pid_t>());
}

TEST_F(GuardTest, KillingTheGuardLeavesNobodyBehindAndIsTold) {
  StartGuard();
  auto child = Spawn(Family());
  const auto members = Members(3);
  ::kill(guard_->pid(), SIGKILL);
  EXPECT_EQ(WaitForExit(**child).message, "killed by signal 9 (the guard process is gone)");
  for (const Watched& member : members) EXPECT_TRUE(member.Ends());
  EXPECT_EQ(Spawn(Shell("true")).error().message, "the guard process is gone");
  child->reset();
  guard_.reset();
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  EXPECT_EQ(base::Descendants(::getpid()), std::vector<pid_t>());
}

TEST_F(GuardTest, KillingAKeeperLeavesNobodyBehindAndSparesTheOthers) {
  StartGuard();
  const auto child = Spawn(Family());
  const auto members = Members(3);
  const std::vector<pid_t> keepers = base::Children(guard_->pid());
  ASSERT_EQ(keepers.size(), 1u);
  const auto other = Spawn(Shell("read x; exit 7"));
  ::kill(keepers[0], SIGKILL);
  EXPECT_EQ(WaitForExit(**child).signal, SIGKILL);
  for (const Watched& member : members) EXPECT_TRUE(member.Ends());
  const int in = (*other)->TakeStdin();
  ASSERT_EQ(::write(in, "\n", 1), 1);
  EXPECT_EQ(WaitForExit(**other).status, 7);
  ::close(in);
}

TEST_F(GuardTest, TwoHundredRoundsOfStartAndStopLeaveNobody) {
  StartGuard();
  for (int round = 0; round < 200; ++round) {
    const auto child = Spawn(Shell("sleep 1000 & read x"));
    ASSERT_TRUE(child.has_value());
  }
  const Watched guard(guard_->pid());
  guard_.reset();
  EXPECT_TRUE(guard.Ends());
  EXPECT_EQ(base::Descendants(::getpid()), std::vector<pid_t>());
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no zombies either
}

// The arguments that ps and pgrep -f show.
std::string CommandLine(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline");
  std::string text(std::istreambuf_iterator<char>(file), {});
  return text.substr(0, text.find('\0'));
}

TEST_F(GuardTest, IsNotFoundByTheGatewaysCommandLine) {
  StartGuard();
  ChildResult child = Spawn(Shell("read line"));
  ASSERT_TRUE(child.has_value());
  const std::vector<pid_t> guards = base::Children(::getpid());
  ASSERT_EQ(guards.size(), 1u);
  EXPECT_EQ(CommandLine(guards[0]), "portolan-guard");
  const std::vector<pid_t> keepers = base::Children(guards[0]);
  ASSERT_EQ(keepers.size(), 1u);
  EXPECT_EQ(CommandLine(keepers[0]), "portolan-keeper");
}

}  // namespace
}  // namespace gateway
