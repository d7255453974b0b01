// What a service manager hears, on a socket of the test's own.
#include "base/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "tests/support/installation.h"
#include "tests/support/notify_socket.h"

namespace base {
namespace {

using std::chrono::microseconds;
using testing::StartsWith;

TEST(ServiceManagerTest, HearsWhatHappens) {
  support::TemporaryFolder folder;
  support::NotifySocket socket(folder.path() + "/notify");
  const ServiceManager manager(socket.name(), microseconds(0));
  manager.Ready("serving");
  EXPECT_EQ(socket.Read(), "READY=1\nSTATUS=serving");
  manager.Reloading();
  EXPECT_THAT(socket.Read(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  manager.Status("waits");
  EXPECT_EQ(socket.Read(), "STATUS=waits");
  manager.Alive();
  EXPECT_EQ(socket.Read(), "WATCHDOG=1");
  manager.Stopping();
  EXPECT_EQ(socket.Read(), "STOPPING=1");
}

TEST(ServiceManagerTest, ASocketMayHaveAnAbstractName) {
  support::NotifySocket socket("@portolan-test-" + std::to_string(::getpid()));
  const ServiceManager manager(socket.name(), microseconds(0));
  manager.Stopping();
  EXPECT_EQ(socket.Read(), "STOPPING=1");
}

TEST(ServiceManagerTest, AManagerThatIsBehindHearsThatWeAreReadyAllTheSame) {
  support::TemporaryFolder folder;
  support::NotifySocket socket(folder.path() + "/notify");
  const ServiceManager manager(socket.name(), microseconds(0));
  // More than a socket keeps.
  for (int i = 0; i < 5'000; ++i) manager.Status("waits");
  std::thread daemon([&] { manager.Ready("serving"); });
  EXPECT_EQ(socket.ReadUntil("READY=1"), "READY=1\nSTATUS=serving");
  daemon.join();
}

TEST(ServiceManagerTest, AStatusIsOneLine) {
  support::TemporaryFolder folder;
  support::NotifySocket socket(folder.path() + "/notify");
  ServiceManager(socket.name(), microseconds(0)).Status("waits\nREADY=1");
  EXPECT_EQ(socket.Read(), "STATUS=waits READY=1");
}

TEST(ServiceManagerTest, WithoutOneNothingIsSaid) {
  for (const char* nobody : {"", "/", "notify", "/no/such/socket"}) {
    ServiceManager(nobody, microseconds(0)).Ready("serving");
  }
}

TEST(ServiceManagerTest, IsTakenFromTheEnvironmentOnce) {
  support::TemporaryFolder folder;
  support::NotifySocket socket(folder.path() + "/notify");
  ::setenv("NOTIFY_SOCKET", socket.name().c_str(), 1);
  ::setenv("WATCHDOG_USEC", "60000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  ServiceManager manager = ServiceManager::TakeFromEnvironment();
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(std::getenv("WATCHDOG_USEC"), nullptr);
  manager.Alive();
  EXPECT_EQ(socket.Read(), "WATCHDOG=1");
  EXPECT_TRUE(manager.AliveIsDue());
  EXPECT_FALSE(manager.AliveIsDue());
}

TEST(ServiceManagerTest, AnotherProcessIsWatchedAndNotWe) {
  ::setenv("WATCHDOG_USEC", "60000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceManager::TakeFromEnvironment().AliveIsDue());
}

}  // namespace
}  // namespace base
