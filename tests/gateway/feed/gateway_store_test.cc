#include "gateway/feed/gateway_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/auth/aead.h"
#include "base/auth/api_key.h"
#include "base/auth/secret_file.h"

namespace gateway {
namespace {

namespace fs = std::filesystem;

class GatewayStoreTest : public ::testing::Test {
 protected:
  GatewayStoreTest()
      : data_(fs::temp_directory_path() /
              ("store-" + base::auth::Hex(base::auth::RandomBytes(8)))) {}
  ~GatewayStoreTest() override { fs::remove_all(data_); }

  std::string Bytes(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  fs::path data_;
};

TEST_F(GatewayStoreTest, KeepsItsKeyAndWhatItSealedOverARestart) {
  auto before = GatewayStore::Open(data_);
  ASSERT_TRUE(before->WriteSnapshot("the catalog").has_value());
  ASSERT_TRUE(before->WriteCredential("bearer").has_value());
  auto after = GatewayStore::Open(data_);
  EXPECT_EQ(after->box_keys().public_key, before->box_keys().public_key);
  EXPECT_EQ(after->ReadSnapshot()->bytes, "the catalog");
  EXPECT_FALSE(after->ReadSnapshot()->lacks_kinds);
  EXPECT_EQ(*after->ReadCredential(), "bearer");
}

TEST_F(GatewayStoreTest, NothingInTheFolderCanBeReadByOthersOrInClear) {
  auto store = GatewayStore::Open(data_);
  ASSERT_TRUE(store->WriteSnapshot("the catalog").has_value());
  struct stat facts {};
  ASSERT_EQ(::stat((data_ / "gateway").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
  EXPECT_EQ(Bytes(data_ / "gateway" / "snapshot.sealed").find("catalog"), std::string::npos);
}

TEST_F(GatewayStoreTest, ASnapshotThatWasChangedOrSwappedDoesNotOpen) {
  auto store = GatewayStore::Open(data_);
  ASSERT_TRUE(store->WriteSnapshot("the catalog").has_value());
  ASSERT_TRUE(store->WriteCredential("bearer").has_value());
  const fs::path snapshot = data_ / "gateway" / "snapshot.sealed";
  std::string changed = Bytes(snapshot);
  changed[20] = static_cast<char>(changed[20] ^ 1);
  ASSERT_TRUE(base::auth::WriteSecretFile(snapshot, changed).has_value());
  EXPECT_EQ(store->ReadSnapshot().error().code, base::Code::kDataLoss);
  fs::copy_file(data_ / "gateway" / "credential.sealed", snapshot,
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(store->ReadSnapshot().error().code, base::Code::kDataLoss);
}

TEST_F(GatewayStoreTest, OneThatWasKeptBeforeGatewaysFollowedAllKindsSaysSo) {
  auto store = GatewayStore::Open(data_);
  const fs::path key_file = data_ / "gateway" / "key";
  base::auth::Aead seal({Bytes(key_file).substr(0, 32)});
  ASSERT_TRUE(base::auth::WriteSecretFile(data_ / "gateway" / "snapshot.sealed",
                                          seal.Seal("older", "portolan gateway snapshot v1"))
                  .has_value());
  const auto kept = store->ReadSnapshot();
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->bytes, "older");
  EXPECT_TRUE(kept->lacks_kinds);
}

TEST_F(GatewayStoreTest, RemembersWhenTheRegistryWasHeard) {
  auto store = GatewayStore::Open(data_);
  EXPECT_EQ(store->last_heard_ms(), std::nullopt);
  ASSERT_TRUE(store->WriteSnapshot("x").has_value());
  store->SetLastHeard(1'700'000'000'123);
  EXPECT_EQ(GatewayStore::Open(data_)->last_heard_ms(), 1'700'000'000'123);
}

TEST_F(GatewayStoreTest, TheJoinTokenComesWithoutItsLineEnd) {
  auto store = GatewayStore::Open(data_);
  EXPECT_EQ(store->ReadJoinToken().error().code, base::Code::kNotFound);
  ASSERT_TRUE(base::auth::WriteSecretFile(data_ / "gateway.token", "token\n").has_value());
  EXPECT_EQ(*store->ReadJoinToken(), "token");
}

TEST_F(GatewayStoreTest, AKeyOfAnotherKindIsRefused) {
  fs::create_directories(data_ / "gateway");
  ASSERT_TRUE(base::auth::WriteSecretFile(data_ / "gateway" / "key", "short").has_value());
  EXPECT_EQ(GatewayStore::Open(data_).error().code, base::Code::kDataLoss);
}

}  // namespace
}  // namespace gateway
