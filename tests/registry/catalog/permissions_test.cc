#include "registry/catalog/permissions.h"

#include <gtest/gtest.h>

#include "registry/catalog/visibility.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;

base::auth::Principal With(std::string_view role, std::vector<std::string> namespaces = {}) {
  base::auth::Principal principal;
  principal.id = "token/x";
  principal.kind = base::auth::PrincipalKind::kUser;
  principal.roles = {base::auth::RoleGrant(role, std::move(namespaces))};
  return principal;
}

v1::Resource Of(std::string_view kind) {
  v1::Resource resource;
  resource.set_name("local/x");
  if (kind == "Server") resource.mutable_server();
  if (kind == "ServerVersion") resource.mutable_server_version();
  if (kind == "PolicySet") resource.mutable_policy_set()->mutable_attach()->set_global(true);
  if (kind == "Consumer") resource.mutable_consumer();
  if (kind == "ApiKey") resource.mutable_api_key();
  if (kind == "Token") resource.mutable_token();
  if (kind == "RoleBinding") resource.mutable_role_binding();
  return resource;
}

struct Row {
  const char* kind;
  bool viewer, publisher, approver, op, admin;
};

TEST(PermissionsTest, EachRoleWritesItsKindsAndNoOther) {
  constexpr Row kTable[] = {
      {"Server", false, true, false, false, true},
      {"ServerVersion", false, true, false, false, true},
      {"PolicySet", false, false, false, true, true},
      {"Consumer", false, false, false, true, true},
      {"ApiKey", false, false, false, true, true},
      {"Token", false, false, false, false, true},
      {"RoleBinding", false, false, false, false, true},
  };
  for (const Row& row : kTable) {
    SCOPED_TRACE(row.kind);
    const v1::Resource resource = Of(row.kind);
    const auto may = [&](std::string_view role) {
      return CheckMay(With(role), ToWrite(resource)).has_value();
    };
    EXPECT_EQ(may("viewer"), row.viewer);
    EXPECT_EQ(may("publisher"), row.publisher);
    EXPECT_EQ(may("approver"), row.approver);
    EXPECT_EQ(may("operator"), row.op);
    EXPECT_EQ(may("admin"), row.admin);
    EXPECT_FALSE(may("gateway"));
    EXPECT_FALSE(may(""));
  }
}

TEST(PermissionsTest, ARoleInANamespaceEndsAtItsBorder) {
  const auto publisher = With("publisher", {"io.github.acme", "com.example.*"});
  const auto may = [&](std::string_view name_space) {
    return MayIn(publisher, Right::kPublish, name_space);
  };
  EXPECT_TRUE(may("io.github.acme"));
  EXPECT_FALSE(may("io.github.acme2"));
  EXPECT_FALSE(may("io.github.acme.tools"));
  EXPECT_TRUE(may("com.example"));
  EXPECT_TRUE(may("com.example.team"));
  EXPECT_FALSE(may("com.examples"));
  EXPECT_FALSE(May(publisher, Right::kPublish));
  EXPECT_TRUE(MaySomewhere(publisher, Right::kPublish));
}

TEST(PermissionsTest, ARoleInANamespaceGovernsThePoliciesOfItsServersOnly) {
  const auto who = With("operator", {"local"});
  v1::Resource own = Of("PolicySet");
  own.mutable_policy_set()->mutable_attach()->set_server("local/x");
  EXPECT_TRUE(CheckMay(who, ToWrite(own)).has_value());
  v1::Resource other = Of("PolicySet");
  other.mutable_policy_set()->mutable_attach()->set_server("other/x");
  EXPECT_TRUE(CheckMay(who, ToWrite(other)).has_error());
  EXPECT_TRUE(CheckMay(who, ToWrite(Of("PolicySet"))).has_error());
  EXPECT_TRUE(CheckMay(who, ToWrite(Of("Consumer"))).has_error());
}

TEST(PermissionsTest, ARefusalNamesTheRoleWhereAndWhom) {
  const auto refused = CheckMay(With("viewer"), {Right::kPublish, "local"});
  EXPECT_EQ(refused.error().message,
            "this needs role publisher in namespace local; token/x has it not");
}

TEST(PermissionsTest, ADraftIsSeenByThoseWhoWorkInItsNamespace) {
  v1::Server draft;
  draft.set_approval(v1::Approval::DRAFT);
  EXPECT_TRUE(CanSee(With("viewer"), "local/x", draft));
  EXPECT_TRUE(CanSee(With("approver", {"local"}), "local/x", draft));
  EXPECT_FALSE(CanSee(With("approver", {"other"}), "local/x", draft));
  EXPECT_FALSE(CanSee(base::auth::Principal(), "local/x", draft));
}

TEST(PermissionsTest, AGroupsMembersAreItsAudience) {
  v1::Server server;
  server.set_approval(v1::Approval::APPROVED);
  server.mutable_visibility()->add_audiences("group:entra/payments");
  base::auth::Principal who;
  who.kind = base::auth::PrincipalKind::kUser;
  EXPECT_FALSE(CanSee(who, "local/x", server));
  who.groups = {"entra/payments"};
  EXPECT_TRUE(CanSee(who, "local/x", server));
}

}  // namespace
}  // namespace registry
