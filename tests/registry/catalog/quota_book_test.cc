// What of quotas is given to gateways, through the store.
#include "registry/catalog/quota_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/catalog/catalog.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using base::Code;

// One run of a gateway, as the book sees it.
struct GatewayRun {
  std::string gateway;
  std::int64_t run_ms = 0;
  std::int64_t sequence = 0;
  std::int64_t window_start_ms = 0;
  std::int64_t calls = 0;
  std::int64_t bytes = 0;
  std::int64_t granted = 0;
};

class QuotaBookTest : public ::testing::Test {
 protected:
  QuotaBookTest() : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")) { PutQuota(1'000); }

  void PutQuota(std::int64_t calls, v1::QuotaPeriod::Value period = v1::QuotaPeriod::MONTH,
                std::int64_t bytes = 0) {
    v1::Resource resource;
    resource.set_name("base");
    resource.mutable_policy_set()->mutable_attach()->set_global(true);
    v1::Rule& rule = *resource.mutable_policy_set()->add_rules();
    rule.set_id("monthly");
    rule.mutable_quota()->set_calls(calls);
    rule.mutable_quota()->set_bytes(bytes);
    rule.mutable_quota()->set_period(period);
    base::auth::Principal admin;
    admin.id = "token/admin";
    admin.kind = base::auth::PrincipalKind::kUser;
    admin.roles = {base::auth::RoleGrant("admin")};
    v1::ApplyRequest request;
    *request.add_resources() = resource;
    Catalog catalog(*store_, clock_);
    const auto applied = catalog.Apply({admin}, request);
    ASSERT_TRUE(applied.has_value()) << applied.error().message;
  }

  v1::LeaseQuotasRequest Request(GatewayRun& run, std::int64_t running = 0, bool release = false) {
    v1::LeaseQuotasRequest request;
    request.set_run_ms(run.run_ms);
    request.set_sequence(++run.sequence);
    v1::QuotaUse& use = *request.add_uses();
    use.set_set("base");
    use.set_rule("monthly");
    use.set_key("alice");
    use.set_window_start_ms(run.window_start_ms);
    use.set_calls(run.calls);
    use.set_bytes(run.bytes);
    use.set_running(running);
    use.set_release(release);
    return request;
  }
  v1::QuotaGrant Ask(GatewayRun& run, std::int64_t running = 0, bool release = false) {
    const auto response = book_->Lease(run.gateway, Request(run, running, release));
    EXPECT_TRUE(response.has_value()) << response.error().message;
    const v1::QuotaGrant grant = response->grants(0);
    if (grant.window_start_ms() != run.window_start_ms) run.calls = run.bytes = 0;
    run.window_start_ms = grant.window_start_ms();
    run.granted = grant.calls();
    return grant;
  }
  // Spends whatever it is given, until there is nothing.
  std::int64_t SpendAll(GatewayRun& run) {
    std::int64_t spent = 0;
    while (true) {
      const v1::QuotaGrant grant = Ask(run);
      if (run.granted <= run.calls) return spent;
      spent += run.granted - run.calls;
      run.calls = run.granted;
    }
  }

  support::FakeClock clock_;
  support::TemporaryFolder folder_;
  std::unique_ptr<SqliteStore> store_;
  std::unique_ptr<QuotaBook> book_ = std::make_unique<QuotaBook>(*store_, clock_, 3);
  GatewayRun one_{"one", 111}, two_{"two", 222};
};

TEST_F(QuotaBookTest, GivesSlicesOfAHundredthAndSaysWhatIsLeft) {
  v1::QuotaGrant grant = Ask(one_);
  EXPECT_EQ(grant.calls(), 10);
  EXPECT_EQ(grant.calls_left(), 990);
  EXPECT_GT(grant.window_end_ms(), grant.window_start_ms());
  EXPECT_EQ(grant.remaining_ms(), grant.window_end_ms() - clock_.UnixMillis());
  one_.calls = 4;
  grant = Ask(one_, 3);
  EXPECT_EQ(grant.calls(), 4 + 3 + 10);
  EXPECT_EQ(grant.calls_left(), 983);
}

TEST_F(QuotaBookTest, TwoGatewaysGetExactlyTheQuotaTogether) {
  Ask(one_);
  EXPECT_EQ(SpendAll(two_), 990);
  EXPECT_EQ(SpendAll(one_), 10);
  EXPECT_EQ(SpendAll(one_) + SpendAll(two_), 0);
}

TEST_F(QuotaBookTest, ARestartOfTheRegistryKeepsEveryCount) {
  Ask(one_);
  one_.calls = 3;
  Ask(one_);
  book_.reset();
  store_.reset();
  store_ = *SqliteStore::Open(folder_.path() + "/portolan.db");
  book_ = std::make_unique<QuotaBook>(*store_, clock_);
  EXPECT_EQ(SpendAll(one_) + SpendAll(two_), 997);
}

TEST_F(QuotaBookTest, ARequestThatComesTwiceOrLateChangesNothing) {
  const v1::LeaseQuotasRequest first = Request(one_);
  EXPECT_EQ(book_->Lease("one", first)->grants(0).calls(), 10);
  EXPECT_EQ(book_->Lease("one", first)->grants(0).calls(), 10);
  one_.window_start_ms = book_->Lease("one", first)->grants(0).window_start_ms();
  one_.calls = 10;
  const v1::LeaseQuotasRequest earlier = Request(one_);
  const v1::LeaseQuotasRequest release = Request(one_, 0, true);
  EXPECT_EQ(book_->Lease("one", release)->grants(0).calls(), 10);
  EXPECT_EQ(book_->Lease("one", earlier)->grants(0).calls(), 10);
  EXPECT_EQ(SpendAll(two_), 990);
}

TEST_F(QuotaBookTest, AnAnswerThatWasLostIsGivenAgainAndNotOnTop) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(book_->Lease("one", Request(one_))->grants(0).calls(), 10);
  EXPECT_EQ(SpendAll(two_), 990);
}

TEST_F(QuotaBookTest, WhatAGatewayDoesNotNeedGoesBack) {
  Ask(one_);
  one_.calls = 4;
  EXPECT_EQ(Ask(one_, 0, true).calls(), 4);
  EXPECT_EQ(SpendAll(two_), 996);
  // It forgot the key meanwhile, and comes back with new calls.
  one_.window_start_ms = one_.calls = 0;
  EXPECT_EQ(SpendAll(one_), 0);
}

TEST_F(QuotaBookTest, WhatAGatewayHeldThatWasKilledIsLostAndNoMore) {
  Ask(one_);
  one_.calls = 6;
  Ask(one_);
  GatewayRun again{"one", 333};
  const std::int64_t admitted = 6 + SpendAll(again);
  EXPECT_EQ(admitted, 1'000 - 10);
  // The killed run's last message comes late.
  EXPECT_EQ(book_->Lease("one", Request(one_)).error().code, Code::kFailedPrecondition);
}

TEST_F(QuotaBookTest, WhatWasAdmittedWithoutAskingIsCounted) {
  one_.calls = 700;
  EXPECT_EQ(Ask(one_).calls(), 710);
  one_.calls = 1'200;
  EXPECT_EQ(Ask(one_).calls_left(), 0);
  EXPECT_EQ(SpendAll(two_), 0);
}

TEST_F(QuotaBookTest, ANewWindowBeginsAnew) {
  EXPECT_EQ(SpendAll(one_), 1'000);
  clock_.Advance(std::chrono::hours(24 * 31));
  EXPECT_EQ(SpendAll(one_), 1'000);
  EXPECT_EQ(SpendAll(two_), 0);
}

TEST_F(QuotaBookTest, AClockThatIsPutBackOpensNoWindowASecondTime) {
  PutQuota(100, v1::QuotaPeriod::DAY);
  clock_.Advance(std::chrono::hours(24));
  EXPECT_EQ(SpendAll(one_), 100);
  clock_.Advance(-std::chrono::hours(24));
  EXPECT_EQ(SpendAll(two_), 0);
}

TEST_F(QuotaBookTest, AChangedQuotaKeepsWhatWasCounted) {
  EXPECT_EQ(SpendAll(one_), 1'000);
  PutQuota(1'500);
  EXPECT_EQ(SpendAll(one_), 500);
  PutQuota(10);
  EXPECT_EQ(SpendAll(one_), 0);
}

TEST_F(QuotaBookTest, BytesThatWereOvershotAreCounted) {
  PutQuota(0, v1::QuotaPeriod::LIFETIME, 1'000);
  v1::QuotaGrant grant = Ask(one_);
  EXPECT_EQ(grant.bytes(), 10);
  EXPECT_EQ(grant.window_end_ms(), 0);
  EXPECT_EQ(grant.remaining_ms(), 0);
  one_.bytes = 990;
  EXPECT_EQ(Ask(one_).bytes(), 1'000);
  one_.bytes = 1'400;
  EXPECT_EQ(Ask(one_).bytes_left(), 0);
  EXPECT_EQ(Ask(two_).bytes(), 0);
}

TEST_F(QuotaBookTest, ARuleThatIsNotThereIsUnknown) {
  v1::LeaseQuotasRequest request = Request(one_);
  request.mutable_uses(0)->set_rule("yearly");
  EXPECT_TRUE(book_->Lease("one", request)->grants(0).unknown());
  request.mutable_uses(0)->set_set("none");
  EXPECT_TRUE(book_->Lease("one", request)->grants(0).unknown());
}

TEST_F(QuotaBookTest, AKeyTooManyGetsNothingUntilOthersHaveEnded) {
  const auto ask = [&](const std::string& key) {
    v1::LeaseQuotasRequest request = Request(one_);
    request.mutable_uses(0)->set_key(key);
    request.mutable_uses(0)->set_window_start_ms(0);
    return book_->Lease("one", request)->grants(0).calls();
  };
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(ask(key), 10);
  EXPECT_EQ(ask("d"), 0);
  EXPECT_EQ(ask("a"), 10);
  clock_.Advance(std::chrono::hours(24 * 33));
  EXPECT_EQ(ask("d"), 10);
}

TEST_F(QuotaBookTest, ARequestThatCannotBeIsRefusedByName) {
  const auto why = [&](const std::function<void(v1::LeaseQuotasRequest&)>& spoil) {
    v1::LeaseQuotasRequest request = Request(one_);
    spoil(request);
    const auto response = book_->Lease("one", request);
    return response.has_error() ? response.error().message : "ok";
  };
  using testing::HasSubstr;
  EXPECT_THAT(why([](auto& request) { request.clear_run_ms(); }), HasSubstr("/run_ms"));
  EXPECT_THAT(why([](auto& request) { request.clear_uses(); }), HasSubstr("/uses"));
  EXPECT_THAT(why([](auto& request) { request.mutable_uses(0)->set_calls(-1); }),
              HasSubstr("/uses/0"));
  EXPECT_THAT(why([](auto& request) { request.mutable_uses(0)->set_key(std::string(97, 'k')); }),
              HasSubstr("/uses/0/key"));
}

}  // namespace
}  // namespace registry
