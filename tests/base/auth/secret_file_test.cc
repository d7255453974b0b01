#include "base/auth/secret_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include "base/auth/api_key.h"

namespace base::auth {
namespace {

namespace fs = std::filesystem;

class SecretFileTest : public ::testing::Test {
 protected:
  SecretFileTest() : folder_(fs::temp_directory_path() / ("secret-" + Hex(RandomBytes(8)))) {
    fs::create_directories(folder_);
  }
  ~SecretFileTest() override { fs::remove_all(folder_); }

  std::size_t Files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
  fs::path path_ = folder_ / "admin.token";
};

TEST_F(SecretFileTest, IsMadeOnceAndReadFromThenOn) {
  EXPECT_EQ(*ReadOrCreateSecretFile(path_, [] { return std::string("first"); }), "first");
  EXPECT_EQ(*ReadOrCreateSecretFile(path_, [] { return std::string("second"); }), "first");
  EXPECT_EQ(*ReadSecretFile(path_), "first");
}

TEST_F(SecretFileTest, OnlyItsOwnerMayReadItAndNothingLiesBeside) {
  ASSERT_TRUE(ReadOrCreateSecretFile(path_, [] { return std::string("x"); }).has_value());
  struct stat facts {};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600u);
  EXPECT_EQ(Files(), 1u);
}

TEST_F(SecretFileTest, AFileThatOthersMayReadIsRefusedByName) {
  ASSERT_TRUE(WriteSecretFile(path_, "x").has_value());
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  const auto read = ReadOrCreateSecretFile(path_, [] { return std::string("y"); });
  EXPECT_EQ(read.error().code, Code::kFailedPrecondition);
  EXPECT_NE(read.error().message.find("(mode 0644)"), std::string::npos);
  EXPECT_NE(read.error().message.find(path_.string()), std::string::npos);
}

TEST_F(SecretFileTest, WritingReplacesTheWhole) {
  ASSERT_TRUE(WriteSecretFile(path_, "a longer secret").has_value());
  ASSERT_TRUE(WriteSecretFile(path_, "short").has_value());
  EXPECT_EQ(*ReadSecretFile(path_), "short");
  EXPECT_EQ(Files(), 1u);
}

TEST_F(SecretFileTest, ManyThatCreateItAtOnceAgreeOnOne) {
  std::vector<std::string> read(8);
  std::vector<std::thread> threads;
  for (std::string& result : read) {
    threads.emplace_back([&] {
      result = *ReadOrCreateSecretFile(path_, [] { return Base64UrlEncode(RandomBytes(32)); });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(read.begin(), read.end()).size(), 1u);
  EXPECT_EQ(Files(), 1u);
}

TEST_F(SecretFileTest, AMissingFileIsNotFoundAndALongOneIsRefused) {
  EXPECT_EQ(ReadSecretFile(path_).error().code, Code::kNotFound);
  ASSERT_TRUE(WriteSecretFile(path_, std::string(100, 'x')).has_value());
  EXPECT_EQ(ReadSecretFile(path_, 99).error().code, Code::kResourceExhausted);
  EXPECT_EQ(ReadSecretFile(folder_).error().code, Code::kFailedPrecondition);
}

TEST_F(SecretFileTest, AFolderThatIsNotThereIsNamed) {
  const auto made =
      ReadOrCreateSecretFile(folder_ / "none" / "key", [] { return std::string("x"); });
  EXPECT_NE(made.error().message.find("none"), std::string::npos);
}

}  // namespace
}  // namespace base::auth
