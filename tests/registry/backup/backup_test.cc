// A backup of a store, and the way back.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "base/auth/secret_file.h"
#include "registry/backup/backup_source.h"
#include "registry/backup/restore.h"
#include "registry/catalog/catalog.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry::backup {
namespace {

using testing::HasSubstr;

const std::string kPassphrase = "correct horse";

class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    std::filesystem::create_directory(data_);
    store_ = *SqliteStore::Open(data_ + "/portolan.db");
    catalog_ = std::make_unique<Catalog>(*store_, clock_);
    for (const char* name : {"master.key", "admin.token", "gateway.token"}) {
      EXPECT_TRUE(
          base::auth::WriteSecretFile(data_ + "/" + name, std::string("secret of ") + name));
    }
    admin_.roles = {base::auth::RoleGrant("admin")};
  }

  void AddServer(const std::string& name, std::size_t bytes = 10) {
    v1::PutRequest request;
    request.mutable_resource()->set_name(name);
    request.mutable_resource()->mutable_server()->set_description(std::string(bytes, 'x'));
    const auto put = catalog_->Put(Writer{admin_}, request);
    ASSERT_TRUE(put.has_value()) << put.error().message;
  }
  std::unique_ptr<BackupSource> Begin() {
    auto source = BackupSource::Open(*store_, data_, kPassphrase, clock_);
    EXPECT_TRUE(source.has_value()) << source.error().message;
    return std::move(*source);
  }
  std::string Rest(BackupSource& source) {
    std::string all;
    for (;;) {
      const auto bytes = source.Next();
      EXPECT_TRUE(bytes.has_value());
      if (!bytes.has_value() || bytes->empty()) return all;
      all += *bytes;
    }
  }
  std::string Keep(const std::string& bytes) {
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << bytes;
    return file_;
  }
  static std::string Read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  support::TemporaryFolder folder_;
  const std::string data_ = folder_.path() + "/data";
  const std::string file_ = folder_.path() + "/file";
  const std::string elsewhere_ = folder_.path() + "/elsewhere";
  base::SystemClock clock_;
  base::auth::Principal admin_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(BackupTest, WhatWasThereWhenItBeganComesBackWhoeverWritesMeanwhile) {
  for (int i = 0; i < 300; ++i) AddServer("local/s" + std::to_string(i), 1000);
  const auto source = Begin();
  AddServer("local/later");
  const std::string bytes = Rest(*source);
  EXPECT_EQ(bytes.size(), source->total_bytes());
  EXPECT_EQ(bytes.find("secret of master.key"), std::string::npos);
  EXPECT_EQ(bytes.find("xxxxxxxx"), std::string::npos);

  const auto restored = Restore(Keep(bytes), elsewhere_, kPassphrase);
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(restored->revision, 300);
  const auto again = SqliteStore::Open(elsewhere_ + "/portolan.db");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE((*again)->Find("Server", "local/s299")->has_value());
  EXPECT_FALSE((*again)->Find("Server", "local/later")->has_value());
  EXPECT_EQ(Read(elsewhere_ + "/master.key"), "secret of master.key");
  EXPECT_EQ(Read(elsewhere_ + "/gateway.token"), "secret of gateway.token");
  struct stat facts {};
  ASSERT_EQ(::stat((elsewhere_ + "/master.key").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(elsewhere_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0700U);
}

TEST_F(BackupTest, AnyFlippedByteAndAnyCutIsFoundBeforeAnythingIsWritten) {
  const std::string whole = Rest(*Begin());
  const std::size_t places[] = {0, 20, 30, 40, whole.size() / 2, whole.size() - 1};
  for (const std::size_t place : places) {
    std::string altered = whole;
    altered[place] = static_cast<char>(altered[place] ^ 4);
    EXPECT_FALSE(Restore(Keep(altered), elsewhere_, kPassphrase)) << place;
  }
  EXPECT_FALSE(Restore(Keep(whole.substr(0, whole.size() - 20)), elsewhere_, kPassphrase));
  EXPECT_FALSE(Restore(Keep(whole.substr(0, 35 + 65552)), elsewhere_, kPassphrase));
  EXPECT_FALSE(Restore(Keep(whole + "more"), elsewhere_, kPassphrase));
  EXPECT_FALSE(std::filesystem::exists(elsewhere_));
}

TEST_F(BackupTest, AWrongPassphraseIsSaidToBeOne) {
  const auto restored = Restore(Keep(Rest(*Begin())), elsewhere_, "wrong horse");
  ASSERT_FALSE(restored);
  EXPECT_THAT(restored.error().message, HasSubstr("the passphrase is wrong"));
  EXPECT_EQ(BackupSource::Open(*store_, data_, "short", clock_).error().code,
            base::Code::kInvalidArgument);
}

TEST_F(BackupTest, NothingThatIsThereIsOverwritten) {
  const std::string file = Keep(Rest(*Begin()));
  const auto restored = Restore(file, data_, kPassphrase);
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, base::Code::kAlreadyExists);
  std::filesystem::create_directory(elsewhere_);  // empty: as good as none
  EXPECT_TRUE(Restore(file, elsewhere_, kPassphrase));
}

TEST_F(BackupTest, WhatIsNoBackupIsSaidToBeNone) {
  EXPECT_THAT(Restore(Keep("hello"), elsewhere_, kPassphrase).error().message,
              HasSubstr("is no backup"));
  EXPECT_EQ(Restore(folder_.path() + "/none", elsewhere_, kPassphrase).error().code,
            base::Code::kNotFound);
}

TEST_F(BackupTest, NoCopyIsLeftBehindAndOneOfAKilledRegistryIsRemoved) {
  const auto copies = [&] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(data_))
      count += entry.path().extension() == ".tmp" ? 1 : 0;
    return count;
  };
  {
    const auto source = Begin();
    EXPECT_EQ(copies(), 1);
  }
  EXPECT_EQ(copies(), 0);
  std::ofstream(data_ + "/backup-0123.tmp") << "left";
  RemoveLeftovers(data_);
  EXPECT_EQ(copies(), 0);
  EXPECT_TRUE(std::filesystem::exists(data_ + "/portolan.db"));
}

}  // namespace
}  // namespace registry::backup
