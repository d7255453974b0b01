#include "base/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "portolan/v1/bootstrap.pb.h"

namespace base {
namespace {

using ::testing::HasSubstr;

class BootstrapTest : public ::testing::Test {
 protected:
  ~BootstrapTest() override { std::filesystem::remove(file_); }

  Result<DaemonOptions> Read(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "portolan-gateway");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    return ReadBootstrap(static_cast<int>(argv.size()), argv.data(), "portolan-gateway: a test.",
                         {{"listen", "where"},
                          {"workers", "how many"},
                          {"allow_stdio", "may it"},
                          {"log_level", "how much"},
                          {"tls.cert_file", "who we are", "--tls-cert"}},
                         message_);
  }
  std::string ConfigFile(const std::string& text) {
    std::ofstream(file_) << text;
    return file_.string();
  }

  portolan::v1::GatewayBootstrap message_;
  const std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                      ("bootstrap_test." + std::to_string(::getpid()) + ".yaml");
};

TEST_F(BootstrapTest, ReadsAFlagIntoTheFieldOfItsName) {
  const auto options = Read({"--listen", "127.0.0.1:1", "--workers", "3", "--allow-stdio",
                             "--endpoints-file", "/tmp/e", "--log-level", "warn"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(message_.listen(), "127.0.0.1:1");
  EXPECT_EQ(message_.workers(), 3);
  EXPECT_TRUE(message_.allow_stdio());
  EXPECT_EQ(options->endpoints_file, "/tmp/e");
  EXPECT_EQ(message_.log_level(), "warn");
  EXPECT_FALSE(message_.has_tls());
}

TEST_F(BootstrapTest, ReadsAFlagIntoAPartOfTheMessage) {
  const std::string file = ConfigFile("tls: {cert_file: a.pem, key_file: k.pem}\n");
  const auto options = Read({"--config", file, "--tls-cert", "b.pem"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(message_.tls().cert_file(), "b.pem");
  EXPECT_EQ(message_.tls().key_file(), "k.pem");
}

TEST_F(BootstrapTest, WantsCertificateAndKeyTogether) {
  EXPECT_TRUE(ReadServerTls("", "", "")->empty());
  EXPECT_FALSE(ReadServerTls("a.pem", "k.pem", "ca.pem")->empty());
  EXPECT_FALSE(ReadServerTls("a.pem", "", ""));
  EXPECT_FALSE(ReadServerTls("", "k.pem", ""));
  EXPECT_FALSE(ReadServerTls("", "", "ca.pem"));
}

TEST_F(BootstrapTest, KnowsTheLevelsOfTheLog) {
  EXPECT_EQ(*ReadLogLevel(""), "info");
  EXPECT_EQ(*ReadLogLevel("debug"), "debug");
  EXPECT_THAT(ReadLogLevel("loud").error().message, HasSubstr("--log-level: 'loud'"));
}

TEST_F(BootstrapTest, LetsAFlagWinOverTheFileAndKeepsTheRestOfTheFile) {
  const std::string file =
      ConfigFile("listen: 127.0.0.1:1\nworkers: 2\nlimits: {max_head_bytes: 9000}\n");
  const auto options = Read({"--config", file, "--workers", "5"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(message_.listen(), "127.0.0.1:1");
  EXPECT_EQ(message_.workers(), 5);
  EXPECT_EQ(message_.limits().max_head_bytes(), 9000);
}

TEST_F(BootstrapTest, NamesTheFieldOfTheFileThatItDoesNotKnow) {
  const auto options = Read({"--config", ConfigFile("limits: {max_heads: 1}\n")});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code, Code::kInvalidArgument);
  EXPECT_THAT(options.error().message, HasSubstr("/limits/max_heads"));
}

TEST_F(BootstrapTest, RefusesAFlagThatItDoesNotKnow) {
  const auto options = Read({"--lissten", "127.0.0.1:1"});
  ASSERT_FALSE(options);
  EXPECT_EQ(options.error().code, Code::kInvalidArgument);
  EXPECT_THAT(options.error().message, HasSubstr("--lissten"));
}

TEST_F(BootstrapTest, SaysThatAFileCannotBeRead) {
  const auto options = Read({"--config", "/nowhere/at/all.yaml"});
  ASSERT_FALSE(options);
  EXPECT_THAT(options.error().message, HasSubstr("/nowhere/at/all.yaml"));
}

TEST_F(BootstrapTest, RefusesAnAddressOffLoopbackUnlessToldTo) {
  EXPECT_FALSE(ReadListenAddress("0.0.0.0:1", "127.0.0.1:2", "--listen", false));
  EXPECT_TRUE(ReadListenAddress("0.0.0.0:1", "127.0.0.1:2", "--listen", true));
  EXPECT_EQ(ReadListenAddress("", "127.0.0.1:2", "--listen", false)->port, 2);
}

}  // namespace
}  // namespace base
