#include "cli/settings_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/installation.h"

namespace cli {
namespace {

namespace fs = std::filesystem;

class SettingsFileTest : public ::testing::Test {
 protected:
  void Put(const std::string& file, const std::string& content) {
    std::ofstream(file, std::ios::binary) << content;
  }
  mode_t Mode(const std::string& file) {
    struct stat status {};
    stat(file.c_str(), &status);
    return status.st_mode & 07777;
  }
  std::size_t Files() {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
  }

  support::TemporaryFolder folder;
  const std::string path = folder.path() + "/mcp.json";
};

TEST_F(SettingsFileTest, KeepsTheOldContentBesideTheNew) {
  Put(path, "old");
  const auto backup = SettingsFile(path).Write("new");
  ASSERT_TRUE(backup);
  EXPECT_EQ(SettingsFile(path).Read().value(), "new");
  EXPECT_EQ(SettingsFile(*backup).Read().value(), "old");
}

TEST_F(SettingsFileTest, GoesBackStepByStep) {
  Put(path, "first");
  ASSERT_TRUE(SettingsFile(path).Write("second"));
  ASSERT_TRUE(SettingsFile(path).Write("third"));
  ASSERT_TRUE(SettingsFile(path).Undo());
  EXPECT_EQ(SettingsFile(path).Read().value(), "second");
  ASSERT_TRUE(SettingsFile(path).Undo());
  EXPECT_EQ(SettingsFile(path).Read().value(), "first");
  EXPECT_EQ(SettingsFile(path).Undo().error().code, base::Code::kNotFound);
  EXPECT_EQ(Files(), 1u);
}

TEST_F(SettingsFileTest, AFileThatWeMadeGoes) {
  const std::string deep = folder.path() + "/a/b/mcp.json";
  ASSERT_TRUE(SettingsFile(deep).Write("new"));
  EXPECT_EQ(Mode(deep), 0600u);
  ASSERT_TRUE(SettingsFile(deep).Undo());
  EXPECT_FALSE(fs::exists(deep));
}

TEST_F(SettingsFileTest, UndoesNothingThatSomebodyChangedSince) {
  Put(path, "old");
  ASSERT_TRUE(SettingsFile(path).Write("new"));
  Put(path, "new, and mine");
  EXPECT_EQ(SettingsFile(path).Undo().error().code, base::Code::kFailedPrecondition);
  EXPECT_EQ(SettingsFile(path).Read().value(), "new, and mine");
}

TEST_F(SettingsFileTest, KeepsModeAndLink) {
  const std::string real = folder.path() + "/dotfiles.json";
  Put(real, "old");
  chmod(real.c_str(), 0640);
  fs::create_symlink(real, path);
  ASSERT_TRUE(SettingsFile(path).Write("new"));
  EXPECT_TRUE(fs::is_symlink(path));
  EXPECT_EQ(Mode(real), 0640u);
  EXPECT_EQ(SettingsFile(real).Read().value(), "new");
}

TEST_F(SettingsFileTest, WritesNothingWhenNothingChanges) {
  Put(path, "same");
  EXPECT_EQ(SettingsFile(path).Write("same").value(), "");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(SettingsFileTest, MakesNoEmptyFileOutOfNone) {
  EXPECT_EQ(SettingsFile(path).Write("").value(), "");
  EXPECT_EQ(Files(), 0u);
}

TEST_F(SettingsFileTest, KeepsAFewBackupsOnly) {
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(SettingsFile(path).Write(std::to_string(i)));
  EXPECT_LE(Files(), 11u);
}

}  // namespace
}  // namespace cli
