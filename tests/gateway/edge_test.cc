#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "gateway/edge/admin.h"
#include "gateway/edge/caller_address.h"
#include "gateway/edge/hosts.h"
#include "gateway/edge/request_id.h"
#include "gateway/state/ended_sessions.h"
#include "gateway/state/flood_guard.h"
#include "tests/support/fake_clock.h"

namespace gateway {
namespace {

base::http::ListenAddress Listen(const char* text) {
  return *base::http::ListenAddress::Parse(text);
}

TEST(HostsTest, OnLoopbackTheNamesOfThisMachineAreOursWithAnyPort) {
  const Hosts hosts = *Hosts::Of(Listen("127.0.0.1:8900"), "", "");
  EXPECT_TRUE(hosts.AllowsHost("127.0.0.1:8900"));
  EXPECT_TRUE(hosts.AllowsHost("localhost"));
  EXPECT_TRUE(hosts.AllowsHost("LOCALHOST:1"));
  EXPECT_TRUE(hosts.AllowsHost("[::1]:8900"));
  EXPECT_FALSE(hosts.AllowsHost(""));
  EXPECT_FALSE(hosts.AllowsHost("localhost.evil.com"));
  EXPECT_FALSE(hosts.AllowsHost("10.0.0.1"));
}

TEST(HostsTest, ThePublicUrlsHostReplacesTheListenAddress) {
  const Hosts hosts =
      *Hosts::Of(Listen("0.0.0.0:8900"), "https://mcp.example.com/", "https://portal.example.com");
  EXPECT_TRUE(hosts.AllowsHost("mcp.example.com"));
  EXPECT_FALSE(hosts.AllowsHost("localhost"));
  EXPECT_FALSE(hosts.AllowsHost("10.0.0.1"));
  EXPECT_TRUE(hosts.AllowsOrigin("https://mcp.example.com"));
  EXPECT_TRUE(hosts.AllowsOrigin("https://portal.example.com"));
  EXPECT_FALSE(hosts.AllowsOrigin("http://portal.example.com"));
  EXPECT_FALSE(hosts.AllowsOrigin("null"));
}

TEST(HostsTest, AnEverywhereListenerWithoutAPublicUrlTakesAddressesButNoNames) {
  const Hosts hosts = *Hosts::Of(Listen("0.0.0.0:8900"), "", "");
  EXPECT_TRUE(hosts.AllowsHost("172.17.0.2:8900"));
  EXPECT_FALSE(hosts.AllowsHost("evil.example.com"));
}

CallerAddress From(const char* peer, std::initializer_list<base::http::Field> lines,
                   const char* trusted = nullptr) {
  base::http::Fields fields;
  for (const auto& line : lines) fields.Add(line.name, line.value);
  policy::AddressSet proxies;
  if (trusted) {
    EXPECT_TRUE(proxies.Add(trusted));
  }
  proxies.Seal();
  return AddressOf(peer, fields, proxies);
}

TEST(CallerAddressTest, WhatAnUntrustedPeerSaysOfOthersIsIgnored) {
  EXPECT_EQ(From("9.9.9.9", {{"X-Forwarded-For", "10.0.0.1"}}).address.to_string(), "9.9.9.9");
}

TEST(CallerAddressTest, HopsAreBelievedFromTheRightAsFarAsTheyAreTrusted) {
  EXPECT_EQ(From("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1, 2.2.2.2, 10.0.0.2"}}, "10.0.0.0/8")
                .address.to_string(),
            "2.2.2.2");
  EXPECT_EQ(
      From("10.0.0.1", {{"X-Forwarded-For", "1.1.1.1, unknown"}}, "10.0.0.0/8").address.to_string(),
      "10.0.0.1");
}

TEST(CallerAddressTest, OnlyADirectLoopbackPeerIsLocal) {
  EXPECT_TRUE(From("127.0.0.1", {}).direct_loopback);
  EXPECT_TRUE(From("::ffff:127.0.0.1", {}).direct_loopback);
  EXPECT_FALSE(From("127.0.0.1", {{"x-forwarded-proto", "https"}}).direct_loopback);
  EXPECT_FALSE(From("127.0.0.1", {{"via", "x"}}).direct_loopback);
  EXPECT_FALSE(From("10.0.0.1", {}).direct_loopback);
}

TEST(RequestIdTest, IdsAreUniqueAndOrderedByTime) {
  std::string first, second, later;
  MakeUlid(1'000, first);
  MakeUlid(1'000, second);
  MakeUlid(2'000, later);
  EXPECT_NE(first, second);
  EXPECT_LT(first, later);
}

TEST(RequestIdTest, AMalformedTraceparentHasNoTraceId) {
  EXPECT_EQ(TraceIdOf("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(TraceIdOf("00-00000000000000000000000000000000-b7ad6b7169203331-01"), "");
  EXPECT_EQ(TraceIdOf("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"), "");
  EXPECT_EQ(TraceIdOf("junk"), "");
}

TEST(FloodGuardTest, AnAddressThatOnlyCollectsRefusalsIsTurnedAwayForAWhile) {
  support::FakeClock clock;
  state::FloodGuard guard(clock, {10, 20});
  const auto address = boost::asio::ip::make_address("9.9.9.9");
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(guard.Blocks(address));
    guard.NoteRefusal(address);
  }
  EXPECT_TRUE(guard.Blocks(address));
  EXPECT_FALSE(guard.Blocks(boost::asio::ip::make_address("9.9.9.8")));
  clock.Advance(std::chrono::milliseconds(100));
  EXPECT_FALSE(guard.Blocks(address));
}

TEST(FloodGuardTest, NeighboursInOneIpv6NetworkShareABucket) {
  support::FakeClock clock;
  state::FloodGuard guard(clock, {1, 1});
  guard.NoteRefusal(boost::asio::ip::make_address("2001:db8::1"));
  EXPECT_TRUE(guard.Blocks(boost::asio::ip::make_address("2001:db8::2")));
  EXPECT_FALSE(guard.Blocks(boost::asio::ip::make_address("2001:db8:0:1::2")));
}

class InAFolder : public testing::Test {
 protected:
  InAFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "portolan-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~InAFolder() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};
using EndedSessionsTest = InAFolder;

TEST_F(EndedSessionsTest, AnEndedSessionIsRememberedOverARestartUntilItExpires) {
  const auto file = folder_ / "ended";
  {
    state::EndedSessions ended(file, 0);
    ended.Add("one", 1'000);
    ended.Add("two", 2'000);
  }
  state::EndedSessions again(file, 1'500);
  EXPECT_FALSE(again.Contains("one"));
  EXPECT_TRUE(again.Contains("two"));
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(EndedSessionsTest, TheFileDoesNotGrowWithoutEnd) {
  const auto file = folder_ / "ended";
  state::EndedSessions ended(file, 0, 10);
  for (int i = 0; i < 1'000; ++i) ended.Add("session " + std::to_string(i), 1'000);
  EXPECT_LT(std::filesystem::file_size(file), 2'000u);
  EXPECT_TRUE(ended.Contains("session 999"));
  EXPECT_FALSE(ended.Contains("session 0"));
}

TEST(ConfigJsonTest, SecretsAreLeftOut) {
  portolan::v1::Changes changes;
  auto& server = *changes.add_changes()->mutable_resource();
  server.set_kind("Server");
  server.set_name("local/a");
  server.mutable_server()->set_base_path("a");
  auto& stdio = *server.mutable_server()->mutable_endpoint()->mutable_stdio();
  stdio.set_command("x");
  auto& variable = *stdio.add_env();
  variable.set_name("API_TOKEN");
  variable.set_value("hush-hush");
  auto& key = *changes.add_changes()->mutable_resource();
  key.set_kind("ApiKey");
  key.set_name("k");
  key.mutable_api_key()->set_sha256(std::string(32, 'Z'));
  auto& remote = *changes.add_changes()->mutable_resource();
  remote.set_kind("Server");
  remote.set_name("local/b");
  remote.mutable_server()->set_base_path("b");
  remote.mutable_server()->mutable_endpoint()->mutable_streamable_http()->set_url(
      "https://x/mcp?token=hush-hush");
  Snapshot snapshot;
  EXPECT_TRUE(snapshot.Apply(changes).empty());
  const std::string json = ConfigJson(snapshot);
  EXPECT_EQ(json.find("hush-hush"), std::string::npos);
  EXPECT_EQ(json.find("sha256"), std::string::npos);
  EXPECT_NE(json.find("API_TOKEN"), std::string::npos);
}

}  // namespace
}  // namespace gateway
