// What refuses to start, and says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/installation.h"

namespace {

using support::Finished;
using support::Installation;
using support::TemporaryFolder;
using ::testing::HasSubstr;

Finished Start(const std::string& program, std::vector<std::string> flags) {
  TemporaryFolder folder;
  support::AdoptOrphans();
  std::vector<std::string> argv = {support::BinaryFolder() + "/" + program};
  if (program == "portolan") argv.emplace_back("up");
  argv.insert(argv.end(), {"--data", folder.path()});
  argv.insert(argv.end(), flags.begin(), flags.end());
  Finished finished = support::RunProgram(argv, "", std::chrono::seconds(30));
  support::KillDescendants();
  return finished;
}

TEST(StartupTest, ARegistryThatListensOffLoopbackRefuses) {
  Finished finished =
      Start("portolan-registry", {"--http-listen", "0.0.0.0:0", "--grpc-listen", "127.0.0.1:0"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("--insecure-listen"));
}

TEST(StartupTest, ARegistryWhoseGrpcListensOffLoopbackRefuses) {
  Finished finished =
      Start("portolan-registry", {"--http-listen", "127.0.0.1:0", "--grpc-listen", "0.0.0.0:0"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("--insecure-listen"));
}

TEST(StartupTest, AGatewayThatListensOffLoopbackRefuses) {
  Finished finished = Start("portolan-gateway", {"--listen", "0.0.0.0:0", "--admin-listen",
                                                 "127.0.0.1:0", "--registry", "127.0.0.1:9"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("--insecure-listen"));
}

TEST(StartupTest, AnInstallationThatListensOffLoopbackRefuses) {
  Finished finished =
      Start("portolan", {"--gateway-listen", "0.0.0.0:0", "--http-listen", "127.0.0.1:0",
                         "--grpc-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"});
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.err, HasSubstr("--insecure-listen"));
}

TEST(StartupTest, ASecondUpOnTheSameDataSaysThatOneRuns) {
  Installation portolan;
  Finished second =
      portolan.Cli({"up", "--gateway-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0",
                    "--grpc-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"});
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, HasSubstr("runs already on"));
}

TEST(StartupTest, AnAddressThatIsNoneIsNamed) {
  Finished finished = Start("portolan", {"--gateway-listen", "nowhere"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("--gateway-listen"));
}

TEST(StartupTest, SecretsAreForTheirOwnerOnly) {
  Installation portolan;
  for (const char* name : {"admin.token", "gateway.token", "master.key", "gateway/key"}) {
    auto status = std::filesystem::status(portolan.data() + "/" + name);
    ASSERT_TRUE(std::filesystem::exists(status)) << name;
    EXPECT_EQ(status.permissions() & std::filesystem::perms(0077), std::filesystem::perms::none)
        << name;
  }
}

TEST(StartupTest, TheCommandLineSaysWhatToDoWhenNobodyIsThere) {
  TemporaryFolder folder;
  Finished finished = support::RunProgram({support::BinaryFolder() + "/portolan", "ls", "--data",
                                           folder.path(), "--registry", "127.0.0.1:9"});
  EXPECT_EQ(finished.exit_code, 5);
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err, HasSubstr("no registry answers at 127.0.0.1:9"));
  EXPECT_THAT(finished.err, HasSubstr("portolan up"));
}

TEST(StartupTest, AVerbThatIsNoneIsAUsageError) {
  EXPECT_EQ(support::RunProgram({support::BinaryFolder() + "/portolan", "fly"}).exit_code, 2);
  EXPECT_EQ(support::RunProgram({support::BinaryFolder() + "/portolan", "ls", "--help"}).exit_code,
            0);
}

}  // namespace
