#include "gateway/backends/upstream.h"

#include <gmock/gmock.h>

#include "tests/support/backend_fixture.h"
#include "tests/support/fake_clock.h"

namespace gateway {
namespace {

using Session = Upstream::SessionPointer;
using testing::ElementsAre;
using testing::IsEmpty;

class UpstreamTest : public support::BackendTest {
 protected:
  // Opens the session of that key, or says why not.
  base::Result<Session> Open(const std::string& key) {
    base::CancelSignal never;
    auto acquired = Run(upstream_.Acquire(loop_, key, never));
    if (!acquired || *acquired) return acquired;
    UpstreamSession session;
    session.id = "of " + key;
    auto opened = std::make_shared<const UpstreamSession>(std::move(session));
    upstream_.Opened(key, opened);
    clock_.Advance(std::chrono::seconds(1));
    return opened;
  }
  static std::string Pooled(const std::string& owner, int capabilities) {
    return Upstream::PooledKeyOf(owner, std::to_string(capabilities));
  }
  std::vector<std::string> Ended() {
    std::vector<std::string> ids;
    for (const Session& session : upstream_.TakeEnded()) ids.push_back(session->id);
    return ids;
  }

  support::FakeClock clock_;
  Upstream upstream_{clock_, {.sessions = 6, .sessions_per_owner = 3}};
};

TEST_F(UpstreamTest, OfACallerWithTooManySessionsTheIdlestIsEnded) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Open(Pooled("alice", i)));
  ASSERT_TRUE(Open(Pooled("alice", 0)));  // used again
  upstream_.Find(Pooled("alice", 0));
  ASSERT_TRUE(Open(Pooled("bob", 0)));
  EXPECT_THAT(Ended(), IsEmpty());
  ASSERT_TRUE(Open(Pooled("alice", 3)));
  EXPECT_THAT(Ended(), ElementsAre("of " + Pooled("alice", 1)));
  EXPECT_EQ(upstream_.sessions(), 4U);
}

TEST_F(UpstreamTest, ACallerWhoseSessionsAreAllInUseIsToldTheBound) {
  std::vector<Session> used;
  for (int i = 0; i < 3; ++i) used.push_back(*Open(Pooled("alice", i)));
  const auto refused = Open(Pooled("alice", 3));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::Code::kAborted);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("no more than 3 sessions"));
  EXPECT_TRUE(Open(Pooled("bob", 0)));
}

TEST_F(UpstreamTest, NobodyTakesAnothersPlaceByANameThatBreaksOut) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Open(Pooled("alice", i)));
  ASSERT_TRUE(Open(Pooled("alice\n", 0)));
  ASSERT_TRUE(Open(Pooled("alic", 0)));
  EXPECT_THAT(Ended(), IsEmpty());
}

TEST_F(UpstreamTest, TheServersBoundHoldsForAllTogether) {
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(Open(Upstream::KeyOf(std::to_string(i))));
  ASSERT_TRUE(Open(Upstream::KeyOf("more")));
  EXPECT_THAT(Ended(), ElementsAre("of session:0"));
}

TEST_F(UpstreamTest, WhoeverEndsSessionsIsCalledWhenOneIsEvicted) {
  int called = 0;
  upstream_.AddEnder(this, [&called] { ++called; });
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(Open(Pooled("alice", i)));
  EXPECT_EQ(called, 1);
  upstream_.RemoveEnder(this);
}

TEST_F(UpstreamTest, TheLastEnderTakesWhatIsLeft) {
  int other = 0;
  upstream_.AddEnder(this, [] {});
  upstream_.AddEnder(&other, [] {});
  ASSERT_TRUE(Open(Upstream::KeyOf("one")));
  EXPECT_THAT(upstream_.RemoveEnder(this), IsEmpty());
  EXPECT_EQ(upstream_.RemoveEnder(&other).size(), 1U);
  EXPECT_EQ(upstream_.RemoveEnder(&other).size(), 0U);
}

TEST_F(UpstreamTest, ACallerThatIsFreedForIdlenessFindsWhatItSaidWhenItComesBack) {
  const std::string key = Upstream::KeyOf("one");
  ASSERT_TRUE(Open(key));
  upstream_.NoteSubscribed(key, "test://a");
  upstream_.Release(key);
  EXPECT_THAT(Ended(), ElementsAre("of session:one"));
  EXPECT_THAT(upstream_.Recall(key).subscribed, ElementsAre("test://a"));
  upstream_.End(key);
  EXPECT_TRUE(upstream_.Recall(key).empty());
}

}  // namespace
}  // namespace gateway
