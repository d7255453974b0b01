#include "registry/store/clean_stop.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

class CleanStopTest : public testing::Test {
 protected:
  void Damage() {
    // In a page that no start reads by itself.
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-4096, std::ios::end);
    file << std::string(4096, '\x5a');
  }

  support::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/portolan.db";
  const CleanStop stop_{path_};
};

TEST_F(CleanStopTest, TheNoteHoldsForOneStart) {
  std::ofstream(path_) << "database";
  EXPECT_FALSE(stop_.Take());
  stop_.Leave();
  EXPECT_TRUE(stop_.Take());
  EXPECT_FALSE(stop_.Take());
}

TEST_F(CleanStopTest, AnotherFileThanTheOneThatWasClosedIsNotTrusted) {
  std::ofstream(path_) << "database";
  stop_.Leave();
  const std::string copy = folder_.path() + "/copy";
  std::filesystem::copy_file(path_, copy);
  std::filesystem::rename(copy, path_);
  EXPECT_FALSE(stop_.Take());
  stop_.Leave();
  std::ofstream(path_, std::ios::app) << "more";
  EXPECT_FALSE(stop_.Take());
}

TEST_F(CleanStopTest, NothingIsSaidWhileTheLogHoldsSomething) {
  std::ofstream(path_) << "database";
  std::ofstream(path_ + "-wal") << "pages";
  stop_.Leave();
  EXPECT_FALSE(stop_.Take());
}

TEST_F(CleanStopTest, AStoreThatIsClosedLeavesOneAndTheNextTakesIt) {
  { ASSERT_TRUE(SqliteStore::Open(path_).has_value()); }
  EXPECT_TRUE(std::filesystem::exists(path_ + "-stopped"));
  const auto open = SqliteStore::Open(path_);
  ASSERT_TRUE(open.has_value());
  EXPECT_FALSE(std::filesystem::exists(path_ + "-stopped"));
}

TEST_F(CleanStopTest, ADamagedPageIsFoundAtTheStartAndTheMessageSaysWhatToDo) {
  { ASSERT_TRUE(SqliteStore::Open(path_).has_value()); }
  Damage();
  const auto opened = SqliteStore::Open(path_);
  ASSERT_TRUE(opened.has_error());
  EXPECT_EQ(opened.error().code, base::Code::kDataLoss);
  for (const char* part : {path_.c_str(), "damaged", "portolan restore"})
    EXPECT_NE(opened.error().message.find(part), std::string::npos) << opened.error().message;
  // And it is not taken for whole afterwards.
  EXPECT_TRUE(SqliteStore::Open(path_).has_error());
}

}  // namespace
}  // namespace registry
