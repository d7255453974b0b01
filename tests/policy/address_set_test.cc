#include "policy/address_set.h"

#include <gtest/gtest.h>

namespace policy {
namespace {

boost::asio::ip::address Address(const char* text) { return boost::asio::ip::make_address(text); }

AddressSet Of(std::initializer_list<const char*> texts) {
  AddressSet set;
  for (const char* text : texts) EXPECT_TRUE(set.Add(text)) << text;
  set.Seal();
  return set;
}

TEST(AddressSetTest, ARangeHoldsItsFirstAndLastAddressAndNoNeighbour) {
  const AddressSet set = Of({"10.0.0.0/8"});
  EXPECT_TRUE(set.Contains(Address("10.0.0.0")));
  EXPECT_TRUE(set.Contains(Address("10.255.255.255")));
  EXPECT_FALSE(set.Contains(Address("9.255.255.255")));
  EXPECT_FALSE(set.Contains(Address("11.0.0.0")));
}

TEST(AddressSetTest, AnIpv4MappedAddressIsTheIpv4Address) {
  const AddressSet set = Of({"10.0.0.0/8"});
  EXPECT_TRUE(set.Contains(Address("::ffff:10.1.2.3")));
  EXPECT_TRUE(Of({"::ffff:10.1.2.3"}).Contains(Address("10.1.2.3")));
}

TEST(AddressSetTest, Ipv6RangesAreSeparateFromIpv4Ones) {
  const AddressSet set = Of({"2001:db8::/32", "0.0.0.0/0"});
  EXPECT_TRUE(set.Contains(Address("2001:db8:ffff::1")));
  EXPECT_FALSE(set.Contains(Address("2001:db9::1")));
  EXPECT_FALSE(set.Contains(Address("::1")));
}

TEST(AddressSetTest, ADashNamesBothEnds) {
  const AddressSet set = Of({"10.0.0.1-10.0.0.9"});
  EXPECT_TRUE(set.Contains(Address("10.0.0.9")));
  EXPECT_FALSE(set.Contains(Address("10.0.0.10")));
}

TEST(AddressSetTest, OverlappingRangesDoNotHideEachOther) {
  const AddressSet set = Of({"10.0.0.0/8", "10.1.0.0/16", "10.0.0.0-10.0.0.1", "192.168.0.1"});
  EXPECT_TRUE(set.Contains(Address("10.200.0.1")));
  EXPECT_TRUE(set.Contains(Address("192.168.0.1")));
}

TEST(AddressSetTest, TextThatIsNoAddressIsRefused) {
  AddressSet set;
  for (const char* text : {"", "10.0.0", "010.0.0.1", "0x0a.0.0.1", "10.0.0.0/33", "10.0.0.0/",
                           "10.0.0.0/-1", "10.0.0.1/8", "2001:db8::/129", "10.0.0.9-10.0.0.1",
                           "10.0.0.1-::1", "fe80::1%lo", "localhost", " 10.0.0.1"}) {
    EXPECT_FALSE(set.Add(text)) << text;
  }
}

}  // namespace
}  // namespace policy
