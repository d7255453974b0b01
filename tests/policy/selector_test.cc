#include "policy/selector.h"

#include <gtest/gtest.h>

#include "portolan/v1/policy.pb.h"

namespace policy {
namespace {

TEST(GlobTest, StarsAndQuestionMarksMatchAsInAShell) {
  EXPECT_TRUE(GlobMatches("*", ""));
  EXPECT_TRUE(GlobMatches("delete_*", "delete_"));
  EXPECT_TRUE(GlobMatches("*_user*", "delete_user_now"));
  EXPECT_TRUE(GlobMatches("a?c", "abc"));
  EXPECT_FALSE(GlobMatches("a?c", "ac"));
  EXPECT_FALSE(GlobMatches("delete_*", "undelete_x"));
  EXPECT_FALSE(GlobMatches("", "x"));
  EXPECT_TRUE(GlobMatches("**a**", "bab"));
}

TEST(GlobTest, ManyStarsDoNotExplode) {
  std::string glob;
  for (int i = 0; i < 100; ++i) glob += "*a";
  EXPECT_FALSE(GlobMatches(glob + "b", std::string(4096, 'a')));
}

Selector Of(const char* method, const char* tool) {
  portolan::v1::Selector spec;
  if (method) spec.add_methods(method);
  if (tool) spec.add_tools(tool);
  return Selector(spec);
}

Facts Call(std::string_view method, std::string_view item) {
  Facts facts;
  facts.SetItem(method, item);
  return facts;
}

TEST(SelectorTest, NothingSelectedIsEverything) {
  EXPECT_TRUE(Selector().Matches(Call("tools/list", "")));
  EXPECT_TRUE(Of(nullptr, nullptr).everything());
}

TEST(SelectorTest, EveryListThatIsGivenMustMatch) {
  const Selector selector = Of("tools/*", "create_*");
  EXPECT_TRUE(selector.Matches(Call("tools/call", "create_refund")));
  EXPECT_FALSE(selector.Matches(Call("tools/call", "read_refund")));
  EXPECT_FALSE(selector.Matches(Call("prompts/get", "create_refund")));
}

TEST(SelectorTest, ACallWithoutAToolIsNoCallOfAnyTool) {
  EXPECT_FALSE(Of(nullptr, "*").Matches(Call("tools/list", "")));
  EXPECT_FALSE(Of(nullptr, "*").Matches(Call("prompts/get", "p")));
}

}  // namespace
}  // namespace policy
