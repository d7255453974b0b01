// A quota over two gateways of one registry: exactly what it says, however the daemons end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/addresses.h"
#include "tests/support/installation.h"

namespace {

using support::Child;
using support::DemoServer;
using support::TemporaryFolder;

constexpr int kSlice = 2;  // of 200

class QuotasOfTwoGatewaysTest : public ::testing::Test {
 protected:
  struct Gateway {
    std::string name;
    TemporaryFolder folder;
    std::string address, admin;
    std::unique_ptr<Child> process;
  };

  QuotasOfTwoGatewaysTest() {
    support::AdoptOrphans();
    for (std::string* address :
         {&http_, &grpc_, &one_.address, &one_.admin, &two_.address, &two_.admin})
      *address = *cli::ResolveListen("127.0.0.1:0");
    one_.name = "one";
    two_.name = "two";
  }
  ~QuotasOfTwoGatewaysTest() override {
    one_.process.reset();
    two_.process.reset();
    registry_.reset();
    support::KillDescendants();
  }

  void StartAll() {
    StartRegistry();
    StartGateway(one_);
    StartGateway(two_);
    ASSERT_EQ(Cli({"add", "demo", server_.url()}).exit_code, 0);
    const std::string file = folder_.path() + "/quota.yaml";
    std::ofstream(file)
        << "kind: PolicySet\nname: base\nspec:\n  attach: {global: true}\n  rules:\n"
           "  - id: monthly\n    select: {methods: [tools/call]}\n"
           "    quota: {calls: 200, period: LIFETIME}\n";
    const auto applied = Cli({"apply", "-f", file});
    ASSERT_EQ(applied.exit_code, 0) << applied.out << applied.err;
    for (const Gateway* gateway : {&one_, &two_}) {
      ASSERT_TRUE(support::Becomes(std::chrono::seconds(30), [&] { return Governs(*gateway); }));
    }
  }
  void StartRegistry() {
    Start(registry_, folder_.path(), "registry", {"--http-listen", http_, "--grpc-listen", grpc_});
  }
  void StartGateway(Gateway& gateway) {
    namespace fs = std::filesystem;
    fs::copy_file(folder_.path() + "/gateway.token", gateway.folder.path() + "/gateway.token",
                  fs::copy_options::overwrite_existing);
    Start(gateway.process, gateway.folder.path(), "gateway",
          {"--listen", gateway.address, "--admin-listen", gateway.admin, "--registry", grpc_,
           "--name", gateway.name});
  }
  void Start(std::unique_ptr<Child>& process, const std::string& data, const std::string& name,
             std::vector<std::string> flags) {
    const std::string endpoints = data + "/" + name + ".endpoints";
    unlink(endpoints.c_str());
    std::vector<std::string> argv = {support::BinaryFolder() + "/portolan-" + name, "--data", data,
                                     "--endpoints-file", endpoints};
    argv.insert(argv.end(), flags.begin(), flags.end());
    process = std::make_unique<Child>(argv, data + "/" + name + ".stderr");
    ASSERT_NE(support::WaitForFile(endpoints), "") << process->ReadStderr();
  }
  static void End(std::unique_ptr<Child>& process, int signal) {
    process->Signal(signal);
    ASSERT_TRUE(process->Wait(std::chrono::seconds(20))) << process->ReadStderr();
  }
  support::Finished Cli(std::vector<std::string> words) {
    std::vector<std::string> argv = {support::BinaryFolder() + "/portolan", "--data",
                                     folder_.path(), "--registry", grpc_};
    argv.insert(argv.end(), words.begin(), words.end());
    return support::RunProgram(argv);
  }

  static support::RawResponse Call(const Gateway& gateway) {
    return support::Exchange(
        "http://" + gateway.address,
        support::PostBytes("/demo/mcp", support::ModernCall("1", "echo", R"({"message":"ahoy"})"),
                           support::ModernHead("tools/call", "echo")));
  }
  // The rule is in force there: a call says what is left. It counts.
  bool Governs(const Gateway& gateway) {
    const support::RawResponse answer = Call(gateway);
    if (answer.body.find("ahoy") == std::string::npos) return false;
    if (answer.Header("ratelimit").empty()) return false;
    ++admitted_;
    return true;
  }
  enum class Outcome { kAdmitted, kSpent, kOther };
  Outcome Try(const Gateway& gateway) {
    const support::RawResponse answer = Call(gateway);
    if (answer.body.find("ahoy") != std::string::npos) {
      ++admitted_;
      return Outcome::kAdmitted;
    }
    return answer.body.find("QuotaExceeded") != std::string::npos ? Outcome::kSpent
                                                                  : Outcome::kOther;
  }
  void Admit(const Gateway& gateway, int calls) {
    int done = 0;
    EXPECT_TRUE(support::Becomes(std::chrono::seconds(60), [&] {
      done += Try(gateway) == Outcome::kAdmitted;
      return done == calls;
    })) << done;
  }
  // From several callers of both gateways, until both say again and again that nothing is left:
  // what the one holds, its own callers spend.
  void SpendTheRest() {
    // More than they hold: both have found the registry again.
    Admit(one_, kSlice + 1);
    Admit(two_, kSlice + 1);
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([this, i] {
        const Gateway& gateway = i % 2 ? one_ : two_;
        int others = 0;
        for (int refused = 0; refused < 20 && others < 100;) {
          const Outcome outcome = Try(gateway);
          refused += outcome == Outcome::kSpent;
          others += outcome == Outcome::kOther;
        }
        EXPECT_LT(others, 100);
      });
    }
    for (std::thread& caller : callers) caller.join();
  }

  TemporaryFolder folder_;
  DemoServer server_;
  std::string http_, grpc_;
  std::unique_ptr<Child> registry_;
  Gateway one_, two_;
  std::atomic<int> admitted_ = 0;
};

TEST_F(QuotasOfTwoGatewaysTest, TogetherTheyAdmitExactlyTheQuota) {
  StartAll();
  SpendTheRest();
  EXPECT_EQ(admitted_, 200);
}

TEST_F(QuotasOfTwoGatewaysTest, ExactlyTheQuotaAlsoWhenAllDaemonsAreRestartedInOrderMeanwhile) {
  StartAll();
  Admit(one_, 33);
  Admit(two_, 21);
  End(registry_, SIGTERM);
  StartRegistry();
  Admit(two_, 17);
  End(one_.process, SIGTERM);
  StartGateway(one_);
  Admit(one_, 11);
  End(two_.process, SIGTERM);
  Admit(one_, 5);
  StartGateway(two_);
  SpendTheRest();
  EXPECT_EQ(admitted_, 200);
}

TEST_F(QuotasOfTwoGatewaysTest, AfterAKillNeverMoreAndAtMostASliceFewer) {
  StartAll();
  Admit(one_, 15);
  Admit(two_, 15);
  End(one_.process, SIGKILL);
  End(registry_, SIGKILL);
  StartRegistry();
  StartGateway(one_);
  SpendTheRest();
  EXPECT_LE(admitted_, 200);
  EXPECT_GE(admitted_, 200 - kSlice);
}

TEST_F(QuotasOfTwoGatewaysTest, WithoutTheRegistryTheSliceIsSpentAndThenCallsAreDenied) {
  StartAll();
  Admit(one_, 10);
  End(registry_, SIGKILL);
  std::string refusal;
  int more = 0;
  for (int i = 0; i < 10 && refusal.empty(); ++i) {
    const std::string body = Call(one_).body;
    body.find("ahoy") != std::string::npos ? void(++more) : void(refusal = body);
  }
  EXPECT_LE(more, kSlice);
  EXPECT_THAT(refusal, testing::HasSubstr(R"("reason":"QuotaUnavailable")"));
  StartRegistry();
  Admit(one_, 5);
}

}  // namespace
