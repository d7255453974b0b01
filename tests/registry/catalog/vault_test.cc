// What becomes of a credential's secrets in the catalog: sealed where it is kept, `***` wherever it is
// told, and whose they may be shown to.
#include "registry/catalog/vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "registry/catalog/audit.h"
#include "registry/catalog/catalog.h"
#include "registry/catalog/masked.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using base::Code;
using testing::HasSubstr;
using testing::Not;

const std::string kOldKey(32, 'o');
const std::string kNewKey(32, 'n');
const std::string kMarker = "hunter2-the-marker";

base::auth::Principal With(std::string_view role) {
  base::auth::Principal principal;
  principal.id = "token/" + std::string(role);
  principal.kind = base::auth::PrincipalKind::kUser;
  principal.roles = {base::auth::RoleGrant(role)};
  return principal;
}

v1::Resource Header(const std::string& value, const std::string& name = "gh") {
  v1::Resource resource;
  resource.set_name(name);
  resource.mutable_credential()->mutable_header()->set_prefix("Bearer ");
  resource.mutable_credential()->mutable_header()->mutable_secret()->set_value(value);
  return resource;
}

v1::Resource ServerWith(const std::string& credential,
                        const std::string& url = "https://api.example.com/mcp") {
  v1::Resource resource;
  resource.set_name("local/x");
  resource.mutable_server()->mutable_endpoint()->mutable_streamable_http()->set_url(url);
  resource.mutable_server()->set_credential(credential);
  return resource;
}

class VaultTest : public ::testing::Test {
 protected:
  VaultTest()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")),
        catalog_(*store_, clock_, &vault_) {}

  v1::ApplyResponse Apply(const std::vector<v1::Resource>& resources, bool dry_run = false) {
    v1::ApplyRequest request;
    request.set_dry_run(dry_run);
    for (const v1::Resource& resource : resources) *request.add_resources() = resource;
    auto applied = catalog_.Apply({With("admin")}, request);
    EXPECT_TRUE(applied.has_value()) << applied.error().message;
    return applied.has_value() ? *applied : v1::ApplyResponse();
  }
  base::Error Refusal(const v1::Resource& resource, std::string_view role = "admin") {
    v1::ApplyRequest request;
    *request.add_resources() = resource;
    const auto applied = catalog_.Apply({With(role)}, request);
    return applied.has_error() ? applied.error() : base::Error{Code::kOk, ""};
  }
  v1::Resource Kept(const std::string& name = "gh") { return *catalog_.Get("Credential", name); }
  // As lists, exports and watches tell it.
  v1::Resource Told(const std::string& name = "gh") {
    v1::Resource resource = Kept(name);
    MaskSecrets(resource);
    return resource;
  }
  std::string Opened(const std::string& name = "gh") {
    v1::Resource resource = Kept(name);
    EXPECT_TRUE(vault_.Open(resource).has_value());
    return resource.credential().header().secret().value();
  }

  support::TemporaryFolder folder_;
  base::SystemClock clock_;
  Vault vault_{{kOldKey}};
  std::unique_ptr<SqliteStore> store_;
  Catalog catalog_;
};

TEST_F(VaultTest, ASecretIsKeptSealedAndToldAsStars) {
  Apply({Header(kMarker)});
  EXPECT_TRUE(Kept().credential().header().secret().has_sealed());
  EXPECT_THAT(Kept().SerializeAsString(), Not(HasSubstr(kMarker)));
  EXPECT_EQ(Told().credential().header().secret().value(), "***");
  EXPECT_FALSE(Told().credential().header().secret().has_sealed());
  EXPECT_EQ(Opened(), kMarker);
}

TEST_F(VaultTest, TheDatabaseAndTheAuditDoNotHoldIt) {
  Apply({Header(kMarker)});
  Apply({Header(kMarker + "-changed")});
  Audit audit(*store_, clock_);
  const auto records = audit.List({});
  ASSERT_TRUE(records.has_value());
  EXPECT_EQ(records->records_size(), 2);
  EXPECT_THAT(records->SerializeAsString(), Not(HasSubstr(kMarker)));
  EXPECT_THAT(records->SerializeAsString(), HasSubstr("***"));
  store_.reset();
  for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_THAT(bytes, Not(HasSubstr(kMarker))) << file.path();
  }
}

TEST_F(VaultTest, ApplyingTheSameSecretAgainChangesNothing) {
  Apply({Header(kMarker)});
  EXPECT_EQ(Apply({Header(kMarker)}).results(0).outcome(), v1::Outcome::UNCHANGED);
}

TEST_F(VaultTest, ApplyingAnExportChangesNothing) {
  Apply({Header(kMarker)});
  EXPECT_EQ(Apply({Told()}).results(0).outcome(), v1::Outcome::UNCHANGED);
  EXPECT_EQ(Opened(), kMarker);
}

TEST_F(VaultTest, AMaskedSecretStaysWhenSomethingElseChanges) {
  Apply({Header(kMarker)});
  v1::Resource changed = Told();
  changed.mutable_credential()->add_hosts("api.example.com");
  EXPECT_EQ(Apply({changed}).results(0).outcome(), v1::Outcome::CHANGED);
  EXPECT_EQ(Opened(), kMarker);
}

TEST_F(VaultTest, AMaskedSecretOfANewCredentialIsRefused) {
  const base::Error error = Refusal(Header("***"));
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  EXPECT_THAT(error.message, HasSubstr("/spec/header/secret/value: is masked"));
}

TEST_F(VaultTest, ADryRunTellsThatASecretChangesAndNotToWhat) {
  Apply({Header("before-" + kMarker)});
  const v1::ApplyResponse planned = Apply({Header(kMarker)}, true);
  ASSERT_EQ(planned.results(0).changes_size(), 1);
  EXPECT_EQ(planned.results(0).changes(0).pointer(), "/spec/header/secret/value");
  EXPECT_EQ(planned.results(0).changes(0).before_json(), "\"***\"");
  EXPECT_EQ(planned.results(0).changes(0).after_json(), "\"***\"");
}

TEST_F(VaultTest, ADryRunOfAnotherKindTellsNoSecretOfTheFirst) {
  Apply({Header(kMarker)});
  v1::Resource basic;
  basic.set_name("gh");
  basic.mutable_credential()->mutable_basic()->set_username("ann");
  basic.mutable_credential()->mutable_basic()->mutable_password()->set_value("other-" + kMarker);
  const std::string told = Apply({basic}, true).SerializeAsString();
  EXPECT_THAT(told, Not(HasSubstr(kMarker)));
  EXPECT_THAT(told, Not(HasSubstr(Kept().credential().header().secret().sealed().substr(0, 12))));
}

TEST_F(VaultTest, WhatIsWrongIsNamedAndNotQuoted) {
  const base::Error error = Refusal(Header(kMarker + "\n"));
  EXPECT_THAT(error.message, HasSubstr("/spec/header/secret/value: "));
  EXPECT_THAT(error.message, Not(HasSubstr(kMarker)));
}

TEST_F(VaultTest, NobodyWritesWhatIsSealed) {
  v1::Resource resource = Header("x");
  resource.mutable_credential()->mutable_header()->mutable_secret()->set_sealed("bytes");
  EXPECT_THAT(Refusal(resource).message, HasSubstr("/spec/header/secret/sealed: "));
}

TEST_F(VaultTest, SealedBytesOpenInTheirOwnPlaceOnly) {
  Apply({Header(kMarker), Header("something else", "other")});
  v1::Resource swapped = Kept("other");
  swapped.mutable_credential()->mutable_header()->mutable_secret()->set_sealed(
      Kept().credential().header().secret().sealed());
  EXPECT_EQ(vault_.Open(swapped).error().code, Code::kDataLoss);
}

TEST_F(VaultTest, ANewMasterKeySealsEverythingAnew) {
  Apply({Header(kMarker)});
  const std::string sealed = Kept().credential().header().secret().sealed();
  vault_.UseKeys({kNewKey, kOldKey});
  const auto count = catalog_.ResealCredentials({With("admin")},
                                                [](Transaction&) { return base::Result<void>(); });
  ASSERT_TRUE(count.has_value());
  EXPECT_EQ(*count, 1);
  vault_.UseKeys({kNewKey});
  EXPECT_NE(Kept().credential().header().secret().sealed(), sealed);
  EXPECT_EQ(Opened(), kMarker);
}

// ---- Who may have it shown to a server

TEST_F(VaultTest, APublisherMayNotSendACredentialWithoutHostsAnywhere) {
  Apply({Header(kMarker)});
  const base::Error error = Refusal(ServerWith("gh", "https://evil.example/mcp"), "publisher");
  EXPECT_EQ(error.code, Code::kPermissionDenied);
  EXPECT_THAT(error.message, HasSubstr("/spec/credential: "));
}

TEST_F(VaultTest, APublisherMayNotMoveAServerThatIsShownOne) {
  Apply({Header(kMarker)});
  v1::Resource server = ServerWith("gh");
  server.mutable_server()->set_approval(v1::Approval::DRAFT);
  Apply({server});
  v1::Resource moved = ServerWith("gh", "https://evil.example/mcp");
  moved.mutable_server()->set_approval(v1::Approval::DRAFT);
  EXPECT_EQ(Refusal(moved, "publisher").code, Code::kPermissionDenied);
  server.mutable_server()->set_description("the same place");
  EXPECT_EQ(Refusal(server, "publisher").code, Code::kOk);
}

TEST_F(VaultTest, ACredentialThatSaysItsHostsMayBeNamedByAPublisher) {
  v1::Resource credential = Header(kMarker);
  credential.mutable_credential()->add_hosts("api.example.com");
  Apply({credential});
  EXPECT_EQ(Refusal(ServerWith("gh"), "publisher").code, Code::kOk);
}

TEST_F(VaultTest, OnlyAdminsWriteCredentials) {
  EXPECT_EQ(Refusal(Header("x"), "operator").code, Code::kPermissionDenied);
}

TEST_F(VaultTest, AServerNamesACredentialThatIsThere) {
  EXPECT_THAT(Refusal(ServerWith("none")).message,
              HasSubstr("/spec/credential: there is no Credential 'none'"));
}

TEST_F(VaultTest, WhoDeletesACredentialIsToldWhatIsShownIt) {
  Apply({Header(kMarker), ServerWith("gh")});
  const auto leaning = catalog_.ListDependencies(With("admin"), "Credential", "gh");
  ASSERT_TRUE(leaning.has_value());
  ASSERT_EQ(leaning->dependents_size(), 1);
  EXPECT_EQ(leaning->dependents(0).name(), "local/x");
  EXPECT_EQ(leaning->dependents(0).relation(), "is shown it");
}

}  // namespace
}  // namespace registry
