// A publisher and an admin work on the catalog by command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/installation.h"

namespace {

using support::Finished;
using support::Installation;
using ::testing::HasSubstr;

std::string OneLine(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

TEST(RolesByCommandLineTest, APublishersServerIsADraftAndWaitsForAnApprover) {
  Installation portolan;
  const std::string token = OneLine(portolan.CliOk(
      {"token", "create", "ci", "--role", "publisher", "--namespace", "io.github.acme"}));
  ASSERT_TRUE(token.starts_with("ptt_ci_")) << token;
  const Finished added =
      portolan.Cli({"--token", token, "add", "io.github.acme/weather", "http://127.0.0.1:9/mcp"});
  EXPECT_EQ(added.exit_code, 0) << added.err;
  EXPECT_THAT(added.out, HasSubstr("not served until role approver approves it"));

  const Finished elsewhere = portolan.Cli({"--token", token, "add", "x", "http://127.0.0.1:9/mcp"});
  EXPECT_EQ(elsewhere.exit_code, 4);
  EXPECT_THAT(elsewhere.err, HasSubstr("role publisher in namespace local"));

  portolan.CliOk({"token", "revoke", "ci"});
  EXPECT_EQ(portolan.Cli({"--token", token, "ls"}).exit_code, 4);
}

TEST(RolesByCommandLineTest, TheAuditSaysWhoDidWhatAndThatItIsWhole) {
  Installation portolan;
  portolan.CliOk({"key", "create", "alice"});
  EXPECT_THAT(portolan.CliOk({"audit", "ls", "--kind", "ApiKey"}), HasSubstr("token/admin"));
  EXPECT_THAT(portolan.CliOk({"audit", "verify"}), HasSubstr("whole: records 1 to 3"));
}

}  // namespace
