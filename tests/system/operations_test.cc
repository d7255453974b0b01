// Whoever runs an installation: TLS, backups, what goes wrong with disks and clocks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/certificate.h"
#include "tests/support/installation.h"

namespace {

using support::Finished;
using support::Installation;
using ::testing::HasSubstr;

TEST(TlsByCommandLineTest, AllSpeakTlsWithOneCertificateAndTheCommandLineNeedsNoFlag) {
  support::Certificate certificate("DNS:portolan.example,IP:127.0.0.1");
  Installation portolan({"--demo", "--tls-cert", certificate.files().certificate_file, "--tls-key",
                         certificate.files().key_file});
  EXPECT_THAT(portolan.gateway(), HasSubstr("https://"));
  EXPECT_THAT(portolan.http(), HasSubstr("https://"));
  EXPECT_THAT(portolan.CliOk({"ls"}), HasSubstr("demo"));
  EXPECT_THAT(portolan.CliOk({"call", "demo.add", "a=2", "b=3"}), HasSubstr("5"));
  const Finished stranger = portolan.Cli({"--registry", "localhost:1", "ls"});
  EXPECT_EQ(stranger.exit_code, 5) << stranger.err;
}

TEST(BackupByCommandLineTest, ABackupOfARunningInstallationIsRestoredElsewhere) {
  setenv("PORTOLAN_PASSPHRASE", "correct horse", 1);
  support::TemporaryFolder folder;
  const std::string file = folder.path() + "/portolan.backup";
  const std::string data = folder.path() + "/data";
  {
    Installation portolan;
    portolan.CliOk({"key", "create", "alice"});
    EXPECT_THAT(portolan.CliOk({"backup", file}), HasSubstr("sealed with the passphrase"));
    EXPECT_THAT(portolan.CliOk({"audit", "ls", "--kind", "Backup"}), HasSubstr("token/admin"));
    portolan.CliOk({"backup", file});  // one backup replaces another
    const Finished slip = portolan.Cli({"backup", portolan.data() + "/portolan.db"});
    EXPECT_EQ(slip.exit_code, 2);
    EXPECT_THAT(slip.err, HasSubstr("is no backup"));
    const Finished onto = portolan.Cli({"restore", file});
    EXPECT_NE(onto.exit_code, 0);
    EXPECT_THAT(onto.err, HasSubstr("is not empty"));
  }
  const std::string portolan = support::BinaryFolder() + "/portolan";
  const Finished restored = support::RunProgram({portolan, "--data", data, "restore", file});
  EXPECT_EQ(restored.exit_code, 0) << restored.err;
  const Finished whole = support::RunProgram({portolan, "audit", "verify", data + "/portolan.db"});
  EXPECT_EQ(whole.exit_code, 0) << whole.err;
  setenv("PORTOLAN_PASSPHRASE", "wrong horse", 1);
  const Finished wrong = support::RunProgram({portolan, "--data", data + "2", "restore", file});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("the passphrase is wrong"));
  unsetenv("PORTOLAN_PASSPHRASE");
}

}  // namespace
