// The master key changes: what it sealed opens with the new one, whenever the change is cut short, and
// an old backup opens with the old one.
#include "registry/service/rotation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/auth/api_key.h"
#include "base/auth/secret_file.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/vault.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using base::Code;

base::auth::Principal Admin() {
  base::auth::Principal admin;
  admin.id = "token/admin";
  admin.roles = {base::auth::RoleGrant("admin")};
  return admin;
}

// A registry's secrets, as after a start of its process.
struct Running {
  Running(Store& store, const std::string& data)
      : keys(OwnKeys::Open(data, store)),
        vault(keys.has_value() ? keys->master.ring() : std::vector{std::string(32, 'x')}),
        catalog(store, clock, &vault) {}

  void Keep(const std::string& value) {
    v1::PutRequest request;
    request.mutable_resource()->set_name("gh");
    request.mutable_resource()->mutable_credential()->mutable_header()->mutable_secret()->set_value(
        value);
    EXPECT_TRUE(catalog.Put({Admin()}, request).has_value());
  }
  std::string Kept() {
    auto resource = *catalog.Get("Credential", "gh");
    const auto opened = vault.Open(resource);
    return opened.has_error() ? opened.error().message
                              : resource.credential().header().secret().value();
  }

  base::SystemClock clock;
  base::Result<OwnKeys> keys;
  Vault vault;
  Catalog catalog;
};

class RotationTest : public ::testing::Test {
 protected:
  RotationTest() { Start().Keep("s3cret"); }

  Running& Start() {
    running_.emplace(*store_, folder_.path());
    return *running_;
  }
  base::Result<std::int64_t> Rotate() {
    Rotation rotation(running_->catalog, running_->vault, running_->keys->master, running_->clock);
    return rotation.Rotate({Admin()});
  }
  std::string File(const std::string& name) const {
    std::ifstream in(folder_.path() + "/" + name);
    return std::string((std::istreambuf_iterator<char>(in)), {});
  }
  bool IsThere(const std::string& name) const {
    return std::filesystem::exists(folder_.path() + "/" + name);
  }

  support::TemporaryFolder folder_;
  std::unique_ptr<SqliteStore> store_ = *SqliteStore::Open(folder_.path() + "/portolan.db");
  std::optional<Running> running_;
};

TEST_F(RotationTest, EverythingOpensWithTheNewKey) {
  const std::string old = File("master.key");
  const std::string signing = running_->keys->call_tokens.public_key;
  const auto resealed = Rotate();
  ASSERT_TRUE(resealed.has_value()) << resealed.error().message;
  EXPECT_EQ(*resealed, 3);  // the secret, the signing key and the session ring
  EXPECT_EQ(running_->Kept(), "s3cret");
  EXPECT_NE(File("master.key"), old);
  EXPECT_FALSE(IsThere("master.key.next"));
  Start();
  ASSERT_TRUE(running_->keys.has_value()) << running_->keys.error().message;
  EXPECT_EQ(running_->Kept(), "s3cret");
  EXPECT_EQ(running_->keys->call_tokens.public_key, signing);
}

TEST_F(RotationTest, TheOldKeyOpensNothingAnyMore) {
  const std::string old = File("master.key");
  ASSERT_TRUE(Rotate().has_value());
  ASSERT_TRUE(base::auth::WriteSecretFile(folder_.path() + "/master.key", old).has_value());
  EXPECT_EQ(Start().keys.error().code, Code::kFailedPrecondition);
}

TEST_F(RotationTest, ItStandsInTheAudit) {
  ASSERT_TRUE(Rotate().has_value());
  Audit audit(*store_, running_->clock);
  v1::ListAuditRequest request;
  request.set_kind("MasterKey");
  EXPECT_EQ(audit.List(request)->records_size(), 1);
  EXPECT_TRUE(audit.Verify().has_value());
}

TEST_F(RotationTest, CutShortBeforeTheCommitTheOldKeyStays) {
  const std::string old = File("master.key");
  const std::string next = base::auth::Base64UrlEncode(std::string(32, 'n'));
  ASSERT_TRUE(base::auth::WriteSecretFile(folder_.path() + "/master.key.next", next).has_value());
  Start();
  ASSERT_TRUE(running_->keys.has_value());
  EXPECT_EQ(File("master.key"), old);
  EXPECT_FALSE(IsThere("master.key.next"));
  EXPECT_EQ(running_->Kept(), "s3cret");
}

TEST_F(RotationTest, CutShortBehindTheCommitTheNewKeyIsPutInItsPlace) {
  const std::string old = File("master.key");
  ASSERT_TRUE(Rotate().has_value());
  const std::string made = File("master.key");
  ASSERT_TRUE(base::auth::WriteSecretFile(folder_.path() + "/master.key.next", made).has_value());
  ASSERT_TRUE(base::auth::WriteSecretFile(folder_.path() + "/master.key", old).has_value());
  Start();
  ASSERT_TRUE(running_->keys.has_value()) << running_->keys.error().message;
  EXPECT_EQ(File("master.key"), made);
  EXPECT_FALSE(IsThere("master.key.next"));
  EXPECT_EQ(running_->Kept(), "s3cret");
}

TEST_F(RotationTest, AKeyOfTheEnvironmentTakesTheFilesPlace) {
  const std::string made = base::auth::Base64UrlEncode(std::string(32, 'e'));
  ::setenv("PORTOLAN_MASTER_KEY", made.c_str(), 1);
  ::setenv("PORTOLAN_MASTER_KEY_BEFORE", File("master.key").c_str(), 1);
  Start();
  ASSERT_TRUE(running_->keys.has_value()) << running_->keys.error().message;
  EXPECT_EQ(std::getenv("PORTOLAN_MASTER_KEY"), nullptr);  // nobody who is started inherits it
  Rotation rotation(running_->catalog, running_->vault, running_->keys->master, running_->clock);
  EXPECT_EQ(rotation.Rotate({Admin()}).error().code, Code::kFailedPrecondition);
  ASSERT_TRUE(rotation.EndFromEnvironment({Admin()}).has_value());
  ::setenv("PORTOLAN_MASTER_KEY", made.c_str(), 1);
  Start();
  ASSERT_TRUE(running_->keys.has_value()) << running_->keys.error().message;
  EXPECT_EQ(running_->Kept(), "s3cret");
}

}  // namespace
}  // namespace registry
