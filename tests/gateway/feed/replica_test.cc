#include "gateway/feed/replica.h"

#include <gtest/gtest.h>

namespace gateway {
namespace {

namespace v1 = portolan::v1;

v1::FollowResponse Complete(std::int64_t revision, std::vector<std::string> servers) {
  v1::FollowResponse event;
  v1::Changes& changes = *event.mutable_changes();
  changes.set_complete(true);
  changes.set_revision(revision);
  for (const std::string& name : servers) {
    v1::Resource& resource = *changes.add_changes()->mutable_resource();
    resource.set_kind("Server");
    resource.set_name(name);
    resource.mutable_server()->set_base_path(name);
  }
  return event;
}

v1::FollowResponse Deleted(std::int64_t revision, std::string server) {
  v1::FollowResponse event;
  v1::Changes& changes = *event.mutable_changes();
  changes.set_revision(revision);
  v1::Change& change = *changes.add_changes();
  change.set_deleted(true);
  change.mutable_resource()->set_kind("Server");
  change.mutable_resource()->set_name(server);
  return event;
}

v1::FollowResponse DefinitionsOf(std::string server) {
  v1::FollowResponse event;
  event.mutable_definitions()->set_server(server);
  event.mutable_definitions()->add_definitions()->set_name("echo");
  return event;
}

v1::FollowResponse HeartbeatAt(std::int64_t revision) {
  v1::FollowResponse event;
  event.mutable_heartbeat()->set_revision(revision);
  return event;
}

// The names of the servers in it.
std::vector<std::string> Servers(const Replica& replica) {
  std::vector<std::string> names;
  for (const v1::FollowResponse& event : replica.Events()) {
    for (const v1::Change& change : event.changes().changes()) {
      names.push_back(change.resource().name());
    }
  }
  return names;
}

TEST(ReplicaTest, HoldsWhatItWasTold) {
  Replica replica;
  EXPECT_TRUE(replica.empty());
  EXPECT_TRUE(replica.Apply(Complete(7, {"a", "b"})));
  EXPECT_TRUE(replica.Apply(Deleted(8, "a")));
  EXPECT_EQ(Servers(replica), std::vector<std::string>{"b"});
  EXPECT_EQ(replica.revision(), 8);
}

TEST(ReplicaTest, AWholeCatalogReplacesWhatWasThereAlsoWithASmallerRevision) {
  Replica replica;
  replica.Apply(Complete(100, {"a"}));
  replica.Apply(Complete(3, {"b"}));
  EXPECT_EQ(Servers(replica), std::vector<std::string>{"b"});
  EXPECT_EQ(replica.revision(), 3);
}

TEST(ReplicaTest, ForgetsTheDefinitionsOfAServerThatIsGone) {
  Replica replica;
  replica.Apply(Complete(1, {"a", "b"}));
  replica.Apply(DefinitionsOf("a"));
  replica.Apply(DefinitionsOf("b"));
  EXPECT_EQ(replica.Events().size(), 3u);
  replica.Apply(Deleted(2, "a"));
  EXPECT_EQ(replica.Events().size(), 2u);
}

TEST(ReplicaTest, AHeartbeatMovesTheRevisionOnceTheCatalogIsThere) {
  Replica replica;
  EXPECT_FALSE(replica.Apply(HeartbeatAt(9)));
  EXPECT_EQ(replica.revision(), 0);
  replica.Apply(Complete(10, {}));
  replica.Apply(HeartbeatAt(12));
  EXPECT_EQ(replica.revision(), 12);
}

TEST(ReplicaTest, ItsEventsMakeAnotherLikeIt) {
  Replica replica;
  replica.Apply(Complete(5, {"a"}));
  replica.Apply(DefinitionsOf("a"));
  v1::FollowResponse keys;
  keys.mutable_keys()->add_call_token_public_keys("public");
  replica.Apply(keys);
  const auto events = UnpackEvents(PackEvents(replica.Events()));
  ASSERT_TRUE(events.has_value());
  Replica other;
  for (const auto& event : *events) other.Apply(event);
  EXPECT_EQ(PackEvents(other.Events()), PackEvents(replica.Events()));
}

TEST(ReplicaTest, BytesThatAreNoEventsAreRefused) {
  EXPECT_EQ(UnpackEvents("\xff\xff\xff\xff").error().code, base::Code::kDataLoss);
  EXPECT_EQ(UnpackEvents("\x05"
                         "ab")
                .error()
                .code,
            base::Code::kDataLoss);
  EXPECT_TRUE(UnpackEvents("")->empty());
}

}  // namespace
}  // namespace gateway
