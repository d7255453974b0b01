#include "policy/role_book.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

namespace v1 = portolan::v1;

class RoleBookTest : public ::testing::Test {
 protected:
  void Bind(const std::string& name, v1::Role::Value role, std::vector<std::string> subjects,
            std::vector<std::string> namespaces = {}) {
    v1::RoleBinding binding;
    binding.set_role(role);
    for (std::string& subject : subjects) binding.add_subjects(std::move(subject));
    for (std::string& one : namespaces) binding.add_namespaces(std::move(one));
    book_.Put(name, binding);
  }
  // Their names, one after the other.
  std::string RolesOf(const std::string& id, std::vector<std::string> groups = {}) const {
    base::auth::Principal principal;
    principal.id = id;
    if (id != "anonymous") principal.kind = base::auth::PrincipalKind::kUser;
    principal.groups = std::move(groups);
    std::string names;
    for (const auto& grant : book_.RolesOf(principal)) names += grant.role + ";";
    return names;
  }

  RoleBook book_;
};

TEST_F(RoleBookTest, ABindingGivesItsRoleToPrincipalsTokensAndGroups) {
  Bind("b", v1::Role::PUBLISHER, {"token:ci", "principal:entra/ann", "group:entra/web"});
  EXPECT_EQ(RolesOf("token/ci"), "publisher;");
  EXPECT_EQ(RolesOf("entra/ann"), "publisher;");
  EXPECT_EQ(RolesOf("entra/bob", {"entra/ops", "entra/web"}), "publisher;");
  EXPECT_EQ(RolesOf("entra/bob"), "");
  EXPECT_EQ(RolesOf("consumer/ci"), "");
}

TEST_F(RoleBookTest, NobodyInParticularHasNone) {
  Bind("b", v1::Role::ADMIN, {"principal:anonymous"});
  EXPECT_EQ(RolesOf("anonymous"), "");
}

TEST_F(RoleBookTest, ARoleInSomeNamespacesCoversThoseAlone) {
  Bind("b", v1::Role::VIEWER, {"token:ci"}, {"io.github.*"});
  base::auth::Principal principal;
  principal.id = "token/ci";
  principal.kind = base::auth::PrincipalKind::kUser;
  principal.roles = book_.RolesOf(principal);
  EXPECT_TRUE(principal.HasRoleIn("viewer", "io.github.acme"));
  EXPECT_FALSE(principal.HasRoleIn("viewer", "local"));
}

TEST_F(RoleBookTest, AnotherTextReplacesABindingAndWhatIsRemovedGivesNothing) {
  Bind("b", v1::Role::PUBLISHER, {"token:ci", "token:cd", "token:ci"});
  Bind("other", v1::Role::VIEWER, {"token:ci"});
  Bind("b", v1::Role::APPROVER, {"token:cd"});
  EXPECT_EQ(RolesOf("token/ci"), "viewer;");
  EXPECT_EQ(RolesOf("token/cd"), "approver;");
  book_.Remove("b");
  book_.Remove("never there");
  EXPECT_EQ(RolesOf("token/cd"), "");
  EXPECT_EQ(RolesOf("token/ci"), "viewer;");
}

}  // namespace
}  // namespace policy
