#include "cli/addresses.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cli {
namespace {

TEST(AddressesTest, NoTwoListenersAreGivenTheSameFreePort) {
  std::set<std::string> given;
  for (int i = 0; i < 100; ++i) given.insert(ResolveListen("127.0.0.1:0").value());
  EXPECT_EQ(given.size(), 100u);
}

TEST(AddressesTest, APortThatIsNamedStays) {
  EXPECT_EQ(ResolveListen("127.0.0.1:8900").value(), "127.0.0.1:8900");
}

}  // namespace
}  // namespace cli
