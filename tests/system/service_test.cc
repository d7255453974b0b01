// Registry and gateway as services: what systemd hears of them, by a socket of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <sstream>

#include "tests/support/installation.h"
#include "tests/support/notify_socket.h"

namespace {

using support::Child;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServiceTest : public ::testing::Test {
 protected:
  // With the socket in its environment, and watched.
  std::unique_ptr<Child> Start(const std::string& program, std::vector<std::string> flags) {
    std::vector<std::string> argv = {support::BinaryFolder() + "/" + program, "--data",
                                     folder_.path(), "--endpoints-file",
                                     folder_.path() + "/" + program};
    argv.insert(argv.end(), flags.begin(), flags.end());
    ::setenv("NOTIFY_SOCKET", socket_.name().c_str(), 1);
    ::setenv("WATCHDOG_USEC", "3000000", 1);
    auto child = std::make_unique<Child>(argv, folder_.path() + "/" + program + ".stderr");
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    return child;
  }
  std::unique_ptr<Child> StartRegistry(const std::string& grpc = "127.0.0.1:0") {
    return Start("portolan-registry", {"--http-listen", "127.0.0.1:0", "--grpc-listen", grpc});
  }
  std::unique_ptr<Child> StartGateway(const std::string& registry) {
    return Start("portolan-gateway", {"--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
                                      "--registry", registry, "--allow-stdio"});
  }
  std::string Endpoint(const std::string& program, const std::string& key) {
    std::istringstream lines(support::WaitForFile(folder_.path() + "/" + program));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(key + "=")) return line.substr(key.size() + 1);
    }
    return {};
  }
  void ExpectAReload(Child& child) {
    child.Signal(SIGHUP);
    EXPECT_THAT(socket_.ReadUntil("RELOADING"), HasSubstr("MONOTONIC_USEC="));
    EXPECT_THAT(socket_.ReadUntil("READY"), HasSubstr("STATUS=serving"));
  }
  void ExpectAnEnd(Child& child) {
    child.Signal(SIGTERM);
    EXPECT_EQ(socket_.ReadUntil("STOPPING"), "STOPPING=1");
    EXPECT_EQ(child.Wait(std::chrono::seconds(30)), 0);
  }

  support::TemporaryFolder folder_;
  support::NotifySocket socket_{folder_.path() + "/notify"};
};

TEST_F(ServiceTest, TheRegistryTellsItsServiceManagerHowItIs) {
  const auto registry = StartRegistry();
  EXPECT_THAT(socket_.Read(), StartsWith("READY=1\nSTATUS=serving http://127.0.0.1:"));
  const auto answer = support::Exchange(Endpoint("portolan-registry", "http"),
                                        "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(socket_.ReadUntil("WATCHDOG"), "WATCHDOG=1");
  ExpectAReload(*registry);
  ExpectAnEnd(*registry);
}

TEST_F(ServiceTest, TheGatewayIsReadyWhenItServesAndSaysWhatItWaitsForUntilThen) {
  const auto gateway = StartGateway("127.0.0.1:9");
  EXPECT_THAT(socket_.ReadUntil("STATUS"), HasSubstr("no snapshot of the catalog yet"));
  ExpectAnEnd(*gateway);
}

TEST_F(ServiceTest, TheGatewayTellsItsServiceManagerHowItIs) {
  const auto registry = StartRegistry();
  EXPECT_THAT(socket_.Read(), StartsWith("READY=1\nSTATUS=serving http://"));
  const auto gateway = StartGateway(Endpoint("portolan-registry", "grpc"));
  EXPECT_THAT(socket_.ReadUntil("READY"), StartsWith("READY=1\nSTATUS=serving on 127.0.0.1:"));
  EXPECT_EQ(socket_.ReadUntil("WATCHDOG"), "WATCHDOG=1");
  ExpectAReload(*gateway);
  ExpectAnEnd(*gateway);
  registry->Signal(SIGKILL);
}

}  // namespace
