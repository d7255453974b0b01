#include "policy/audience.h"

#include <gtest/gtest.h>

#include <vector>

namespace policy {
namespace {

using base::auth::Principal;
using base::auth::PrincipalKind;

Principal Who(std::string id, std::vector<std::string> groups = {}) {
  Principal who;
  who.id = std::move(id);
  who.kind = PrincipalKind::kAgent;
  who.groups = std::move(groups);
  return who;
}

bool Sees(const Principal& who, const std::vector<std::string>& audiences) {
  return CanSeeAudiences(who, "io.github.acme/fs", audiences);
}

TEST(AudienceTest, AServerWithoutAudiencesIsPublic) {
  EXPECT_TRUE(Sees(Principal(), {}));
  EXPECT_TRUE(Sees(Principal(), {"consumer:bob", "public"}));
  EXPECT_TRUE(IsForEverybody(std::vector<std::string>{"consumer:bob", "public"}));
  EXPECT_FALSE(IsForEverybody(std::vector<std::string>{"authenticated"}));
}

TEST(AudienceTest, WhoHasShownNothingIsInThePublicAloneWhateverTheyAreCalled) {
  Principal nobody;
  nobody.id = "consumer/alice";
  EXPECT_FALSE(Sees(nobody, {"authenticated"}));
  EXPECT_FALSE(Sees(nobody, {"consumer:alice"}));
  EXPECT_FALSE(Sees(nobody, {"principal:consumer/alice"}));
}

TEST(AudienceTest, OneIsNamedByConsumerOrById) {
  EXPECT_TRUE(Sees(Who("consumer/alice"), {"consumer:alice"}));
  EXPECT_FALSE(Sees(Who("consumer/alice2"), {"consumer:alice"}));
  EXPECT_FALSE(Sees(Who("entra/alice"), {"consumer:alice"}));
  EXPECT_TRUE(Sees(Who("entra/alice"), {"principal:entra/alice"}));
  EXPECT_FALSE(Sees(Who("consumer/"), {"consumer:"}));
  EXPECT_FALSE(Sees(Who("principal:"), {"principal:"}));
}

TEST(AudienceTest, AGroupIsItsProvidersAndNoOther) {
  EXPECT_TRUE(Sees(Who("entra/x", {"entra/web", "entra/all"}), {"group:entra/web"}));
  EXPECT_FALSE(Sees(Who("other/x", {"other/web"}), {"group:entra/web"}));
}

TEST(AudienceTest, ARoleInTheNamespaceSeesWhateverTheAudiencesAre) {
  Principal viewer = Who("token/v");
  viewer.roles = {{"viewer", {"io.github.acme"}}};
  EXPECT_TRUE(Sees(viewer, {"consumer:bob"}));
  viewer.roles = {{"viewer", {"io.github.*"}}};
  EXPECT_TRUE(Sees(viewer, {"consumer:bob"}));
  viewer.roles = {{"admin", {"local"}}};
  EXPECT_FALSE(Sees(viewer, {"consumer:bob"}));
  viewer.roles = {{"gateway"}};
  EXPECT_TRUE(Sees(viewer, {"consumer:bob"}));
}

TEST(AudienceTest, TheAudienceOfOneIsThatOne) {
  for (const char* id : {"consumer/alice", "token/ci", "entra/x"})
    EXPECT_TRUE(IsInAudience(Who(id), AudienceOf(id))) << id;
  EXPECT_EQ(AudienceOf("consumer/alice"), "consumer:alice");
}

}  // namespace
}  // namespace policy
