// Parts of an installation are killed; what was promised still holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "base/process.h"
#include "cli/addresses.h"
#include "cli/local_data.h"
#include "cli/registry_client.h"
#include "tests/support/installation.h"

namespace {

using support::Child;
using support::DemoServer;
using support::Installation;
using support::TemporaryFolder;
namespace v1 = portolan::v1;

std::string Integrity(const std::string& database) {
  sqlite3* handle = nullptr;
  std::string verdict;
  sqlite3_open_v2(database.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
  sqlite3_exec(
      handle, "PRAGMA integrity_check",
      [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) += values[0];
        return 0;
      },
      &verdict, nullptr);
  sqlite3_close(handle);
  return verdict;
}

TEST(OutageTest, NothingAcknowledgedIsLostWhenTheRegistryIsKilledAmongAThousandAdds) {
  Installation portolan;
  std::string token = cli::ReadSmallFile(portolan.data() + "/admin.token").value_or("");
  cli::RegistryClient registry(base::rpc::Peer{.address = portolan.grpc()}, token);
  std::set<std::string> acknowledged;
  const pid_t victim = portolan.Pid("registry");
  for (int i = 0; i < 1000; ++i) {
    if (i == 400) kill(victim, SIGKILL);
    v1::PutRequest request;
    request.mutable_resource()->set_name("local/server-" + std::to_string(i));
    request.mutable_resource()->mutable_server()->set_description("number " + std::to_string(i));
    if (registry.Put(request)) acknowledged.insert(request.resource().name());
  }
  EXPECT_GE(acknowledged.size(), 400u);
  v1::ListRequest list;
  list.set_kind("Server");
  std::set<std::string> kept;
  ASSERT_TRUE(support::Becomes(std::chrono::seconds(30), [&] {
    auto servers = registry.List(list);
    if (!servers) return false;
    for (const auto& server : *servers) kept.insert(server.name());
    return true;
  }));
  EXPECT_NE(portolan.Pid("registry"), victim);
  for (const std::string& name : acknowledged) EXPECT_TRUE(kept.contains(name)) << name;
  EXPECT_EQ(Integrity(portolan.data() + "/portolan.db"), "ok");
}

TEST(OutageTest, TheGatewayIsStartedAgainAndServesOnTheSamePort) {
  DemoServer server;
  Installation portolan;
  portolan.CliOk({"add", "demo", server.url()});
  const pid_t victim = portolan.Pid("gateway");
  kill(victim, SIGKILL);
  support::RawResponse response;
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(20),
                               [&] {
                                 response = portolan.Call("demo", "echo", R"({"message":"x"})");
                                 return response.status == 200;
                               }))
      << response.status << " " << response.body;
  EXPECT_NE(portolan.Pid("gateway"), victim);
}

TEST(OutageTest, EveryChildAndGrandchildOfAStdioServerGoesWithTheGateway) {
  Installation portolan;
  std::string script = "sleep 1000 & exec " + support::BinaryFolder() + "/portolan-demo --stdio";
  portolan.CliOk({"add", "demo", "--", "/bin/sh", "-c", script});
  portolan.CliOk({"call", "demo.echo", "message=x"});
  const pid_t gateway = portolan.Pid("gateway");
  auto family = base::Descendants(gateway);
  EXPECT_GE(family.size(), 3u);  // the guard, the server, its sleep
  kill(gateway, SIGKILL);
  for (pid_t pid : family) {
    EXPECT_TRUE(support::Becomes(std::chrono::seconds(5), [&] { return !support::IsAlive(pid); }))
        << pid;
  }
}

TEST(OutageTest, BothDaemonsGoWithUpHoweverItEnds) {
  Installation portolan;
  auto family = base::Descendants(portolan.up().pid());
  EXPECT_GE(family.size(), 2u);
  portolan.up().Signal(SIGKILL);
  for (pid_t pid : family) {
    EXPECT_TRUE(support::Becomes(std::chrono::seconds(10), [&] { return !support::IsAlive(pid); }))
        << pid;
  }
}

TEST(OutageTest, UpEndsInOrderWhenAsked) {
  Installation portolan;
  auto family = base::Descendants(portolan.up().pid());
  portolan.up().Signal(SIGTERM);
  EXPECT_EQ(portolan.up().Wait(std::chrono::seconds(10)), 0) << portolan.up().ReadStderr();
  for (pid_t pid : family) EXPECT_FALSE(support::IsAlive(pid)) << pid;
}

// The daemons by themselves, so that nobody starts a dead one again.
class AloneTest : public ::testing::Test {
 protected:
  AloneTest() {
    support::AdoptOrphans();
    for (std::string* address : {&http_, &grpc_, &gateway_, &admin_})
      *address = *cli::ResolveListen("127.0.0.1:0");
  }
  ~AloneTest() override {
    registry_.reset();
    gateway_process_.reset();
    support::KillDescendants();
  }
  void StartRegistry() {
    Start(registry_, "registry",
          {"--http-listen", http_, "--grpc-listen", grpc_, "--gateway-public-url",
           "http://" + gateway_});
  }
  void StartGateway() {
    Start(gateway_process_, "gateway",
          {"--listen", gateway_, "--admin-listen", admin_, "--registry", grpc_, "--allow-stdio"});
  }
  void Start(std::unique_ptr<Child>& process, const std::string& name,
             std::vector<std::string> flags) {
    std::string endpoints = folder_.path() + "/" + name + ".endpoints";
    unlink(endpoints.c_str());
    std::vector<std::string> argv = {support::BinaryFolder() + "/portolan-" + name, "--data",
                                     folder_.path(), "--endpoints-file", endpoints};
    argv.insert(argv.end(), flags.begin(), flags.end());
    process = std::make_unique<Child>(argv, folder_.path() + "/" + name + ".stderr");
    ASSERT_NE(support::WaitForFile(endpoints), "") << process->ReadStderr();
  }
  support::Finished Cli(std::vector<std::string> words) {
    std::vector<std::string> argv = {support::BinaryFolder() + "/portolan", "--data",
                                     folder_.path(), "--registry", grpc_};
    argv.insert(argv.end(), words.begin(), words.end());
    return support::RunProgram(argv);
  }
  bool Answers() {
    auto response = support::Exchange(
        "http://" + gateway_,
        support::PostBytes("/demo/mcp", support::ModernCall("1", "echo", R"({"message":"ahoy"})"),
                           support::ModernHead("tools/call", "echo")));
    return response.status == 200 && response.body.find("ahoy") != std::string::npos;
  }

  TemporaryFolder folder_;
  std::string http_, grpc_, gateway_, admin_;
  std::unique_ptr<Child> registry_;
  std::unique_ptr<Child> gateway_process_;
};

TEST_F(AloneTest, TheGatewayAnswersOnWhileTheRegistryIsDownAlsoWhenItIsItselfRestartedThen) {
  DemoServer server;
  StartRegistry();
  StartGateway();
  auto added = Cli({"add", "demo", server.url()});
  ASSERT_EQ(added.exit_code, 0) << added.out << added.err;
  ASSERT_TRUE(Answers());

  // What the gateway heard is on its disk about a second later; a change of our own shows that.
  const std::string snapshot = folder_.path() + "/gateway/snapshot.sealed";
  const auto before = std::filesystem::last_write_time(snapshot);
  ASSERT_EQ(Cli({"add", "other", "http://127.0.0.1:9/mcp", "--draft"}).exit_code, 0);
  ASSERT_TRUE(support::Becomes(std::chrono::seconds(5), [&] {
    return std::filesystem::last_write_time(snapshot) > before;
  }));

  registry_->Signal(SIGKILL);
  registry_->Wait(std::chrono::seconds(10));
  EXPECT_TRUE(Answers());

  gateway_process_->Signal(SIGKILL);
  gateway_process_->Wait(std::chrono::seconds(10));
  StartGateway();
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(5), [&] { return Answers(); }));

  // And it hears the registry again.
  StartRegistry();
  EXPECT_TRUE(support::Becomes(std::chrono::seconds(20), [&] {
    Cli({"rm", "demo"});
    return !Answers();
  }));
}

TEST_F(AloneTest, ASecondDaemonOnTheSameDataRefusesToStart) {
  StartRegistry();
  StartGateway();
  for (const char* name : {"registry", "gateway"}) {
    std::vector<std::string> argv = {support::BinaryFolder() + "/portolan-" + name, "--data",
                                     folder_.path()};
    std::vector<std::string> flags =
        std::string(name) == "registry"
            ? std::vector<std::string>{"--http-listen", "127.0.0.1:0", "--grpc-listen",
                                       "127.0.0.1:0"}
            : std::vector<std::string>{"--listen",    "127.0.0.1:0", "--admin-listen",
                                       "127.0.0.1:0", "--registry",  grpc_};
    argv.insert(argv.end(), flags.begin(), flags.end());
    auto second = support::RunProgram(argv, "", std::chrono::seconds(20));
    EXPECT_EQ(second.exit_code, 1) << name << ": " << second.err;
    EXPECT_THAT(second.err, ::testing::HasSubstr(folder_.path())) << name;
  }
}

}  // namespace
