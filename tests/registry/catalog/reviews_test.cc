// How a server is approved and how it ends: who may, what stays, and who is told what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/catalog/audit.h"
#include "registry/catalog/catalog.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/installation.h"

namespace registry {
namespace {

using base::Code;
using testing::HasSubstr;

base::auth::Principal With(std::string_view role, std::vector<std::string> namespaces = {}) {
  base::auth::Principal principal;
  principal.id = "token/" + std::string(role);
  principal.kind = base::auth::PrincipalKind::kUser;
  principal.roles = {base::auth::RoleGrant(role, std::move(namespaces))};
  return principal;
}

class ReviewsTest : public ::testing::Test {
 protected:
  ReviewsTest()
      : store_(*SqliteStore::Open(folder_.path() + "/portolan.db")), catalog_(*store_, clock_) {}

  v1::Resource Put(const base::auth::Principal& who, v1::Resource resource) {
    v1::PutRequest request;
    *request.mutable_resource() = std::move(resource);
    auto put = catalog_.Put({who}, request);
    EXPECT_TRUE(put.has_value()) << put.error().message;
    return put.has_value() ? *put : v1::Resource();
  }
  base::Error PutRefusal(const base::auth::Principal& who, const v1::Resource& resource) {
    v1::PutRequest request;
    *request.mutable_resource() = resource;
    const auto put = catalog_.Put({who}, request);
    return put.has_error() ? put.error() : base::Error{Code::kOk, ""};
  }
  v1::Resource Add(const std::string& name, const base::auth::Principal& who = With("admin")) {
    v1::Resource resource;
    resource.set_name(name);
    resource.mutable_server()->set_description("x");
    return Put(who, resource);
  }
  base::Result<v1::Resource> Review(const base::auth::Principal& who, const std::string& server,
                                    v1::ReviewDecision::Value decision,
                                    const std::string& reason = "", std::int64_t revision = 0) {
    v1::ReviewRequest request;
    request.set_server(server);
    request.set_decision(decision);
    request.set_reason(reason);
    request.set_revision(revision);
    return catalog_.Review({.principal = who, .reason = reason}, request);
  }
  base::Result<v1::Resource> Move(const base::auth::Principal& who, const std::string& server,
                                  v1::Lifecycle::Stage stage, const std::string& sunset = "",
                                  const std::string& successor = "") {
    v1::ChangeLifecycleRequest request;
    request.set_server(server);
    request.set_stage(stage);
    request.set_sunset(sunset);
    request.set_successor(successor);
    return catalog_.ChangeLifecycle({who}, request);
  }

  const base::auth::Principal publisher_ = With("publisher");
  const base::auth::Principal approver_ = With("approver");
  support::TemporaryFolder folder_;
  support::FakeClock clock_;
  std::unique_ptr<SqliteStore> store_;
  Catalog catalog_;
};

TEST_F(ReviewsTest, ADraftIsSubmittedRejectedMendedAndApproved) {
  Add("local/a", publisher_);
  EXPECT_EQ(Review(publisher_, "local/a", v1::ReviewDecision::SUBMIT)->server().approval(),
            v1::Approval::PENDING);
  auto rejected = Review(approver_, "local/a", v1::ReviewDecision::REJECT, "no owner");
  ASSERT_TRUE(rejected.has_value()) << rejected.error().message;
  EXPECT_EQ(rejected->server().approval(), v1::Approval::REJECTED);
  EXPECT_EQ(rejected->server().approval_reason(), "no owner");
  rejected->mutable_server()->set_owner("team-a");
  EXPECT_EQ(Put(publisher_, *rejected).server().approval_reason(), "no owner");
  const auto again = Review(publisher_, "local/a", v1::ReviewDecision::SUBMIT);
  EXPECT_EQ(again->server().approval_reason(), "");
  EXPECT_EQ(Review(approver_, "local/a", v1::ReviewDecision::APPROVE)->server().approval(),
            v1::Approval::APPROVED);
}

class HeldCommandTest : public ReviewsTest {
 protected:
  // An approved program whose changes are held.
  HeldCommandTest() {
    server_.set_name("local/fs");
    server_.mutable_server()->set_on_definition_change(v1::DefinitionChange::HOLD);
    server_.mutable_server()->mutable_endpoint()->mutable_stdio()->set_command("npx");
    server_ = Put(admin_, server_);
  }
  void RunInstead(const std::string& command) {
    server_.mutable_server()->mutable_endpoint()->mutable_stdio()->set_command(command);
    server_ = Put(admin_, server_);
  }
  v1::Approval::State approval() const { return server_.server().approval(); }

  const base::auth::Principal admin_ = With("admin");
  v1::Resource server_;
};

TEST_F(HeldCommandTest, AnotherCommandWaitsForItsApproval) {
  EXPECT_EQ(approval(), v1::Approval::APPROVED);
  RunInstead("uvx");
  EXPECT_EQ(approval(), v1::Approval::PENDING);
  EXPECT_THAT(server_.server().held_reason(), HasSubstr("what it runs has changed"));
  const auto approved = Review(admin_, "local/fs", v1::ReviewDecision::APPROVE);
  EXPECT_EQ(approved->server().approval(), v1::Approval::APPROVED);
  EXPECT_EQ(approved->server().held_reason(), "");
}

// A file that says `approval: APPROVED` was written before the command was looked at.
TEST_F(HeldCommandTest, WritingItAgainIsNoApproval) {
  RunInstead("uvx");
  server_.mutable_server()->set_approval(v1::Approval::APPROVED);
  server_.mutable_server()->set_on_definition_change(v1::DefinitionChange::ACCEPT);
  server_ = Put(admin_, server_);
  EXPECT_EQ(approval(), v1::Approval::PENDING);
}

TEST_F(HeldCommandTest, LettingChangesPassDoesNotLetThisOnePass) {
  server_.mutable_server()->set_on_definition_change(v1::DefinitionChange::WARN);
  RunInstead("uvx");
  EXPECT_EQ(approval(), v1::Approval::PENDING);
}

TEST_F(HeldCommandTest, AnotherEnvironmentIsAnotherProgram) {
  auto& variable =
      *server_.mutable_server()->mutable_endpoint()->mutable_stdio()->mutable_env()->Add();
  variable.set_name("NODE_OPTIONS");
  variable.set_value("--require=/tmp/x");
  server_ = Put(admin_, server_);
  EXPECT_EQ(approval(), v1::Approval::PENDING);
}

TEST_F(HeldCommandTest, WhatElseIsSaidOfItIsNotHeld) {
  server_.mutable_server()->set_description("better words");
  server_ = Put(admin_, server_);
  EXPECT_EQ(approval(), v1::Approval::APPROVED);
}

TEST_F(HeldCommandTest, WhereChangesAreServedTheCommandIsToo) {
  server_.mutable_server()->set_on_definition_change(v1::DefinitionChange::WARN);
  server_ = Put(admin_, server_);
  RunInstead("uvx");
  EXPECT_EQ(approval(), v1::Approval::APPROVED);
}

TEST_F(ReviewsTest, SinceWhenAServerEndsStaysThroughOtherChanges) {
  Add("local/a");
  clock_.Advance(std::chrono::seconds(10));
  auto deprecated = Move(approver_, "local/a", v1::Lifecycle::DEPRECATED);
  const std::int64_t since = deprecated->server().ending_since_ms();
  EXPECT_EQ(since, clock_.UnixMillis());
  clock_.Advance(std::chrono::seconds(10));
  deprecated->mutable_server()->set_description("other words");
  deprecated->mutable_server()->clear_ending_since_ms();
  EXPECT_EQ(Put(With("admin"), *deprecated).server().ending_since_ms(), since);
  const auto retired = Move(approver_, "local/a", v1::Lifecycle::RETIRED);
  EXPECT_EQ(retired->server().ending_since_ms(), clock_.UnixMillis());
  const auto back = Move(approver_, "local/a", v1::Lifecycle::PREVIEW);
  EXPECT_EQ(back->server().ending_since_ms(), 0);
}

TEST_F(ReviewsTest, TheReasonOfADecisionStandsInTheAudit) {
  Add("local/a", publisher_);
  ASSERT_TRUE(Review(approver_, "local/a", v1::ReviewDecision::APPROVE, "looked at it"));
  const auto newest = Audit(*store_, clock_).List({});
  EXPECT_EQ(newest->records(0).reason(), "looked at it");
  EXPECT_EQ(newest->records(0).principal(), "token/approver");
}

TEST_F(ReviewsTest, EachDecisionNeedsItsRoleThere) {
  Add("io.github.acme/a");
  const auto code = [&](const base::auth::Principal& who, v1::ReviewDecision::Value decision) {
    const auto reviewed = Review(who, "io.github.acme/a", decision);
    return reviewed.has_error() ? reviewed.error().code : Code::kOk;
  };
  EXPECT_EQ(code(publisher_, v1::ReviewDecision::APPROVE), Code::kPermissionDenied);
  EXPECT_EQ(code(publisher_, v1::ReviewDecision::REJECT), Code::kPermissionDenied);
  EXPECT_EQ(code(approver_, v1::ReviewDecision::SUBMIT), Code::kPermissionDenied);
  EXPECT_EQ(code(With("operator"), v1::ReviewDecision::APPROVE), Code::kPermissionDenied);
  EXPECT_EQ(code(With("approver", {"other"}), v1::ReviewDecision::REJECT), Code::kPermissionDenied);
  EXPECT_EQ(code(With("approver", {"io.github.acme"}), v1::ReviewDecision::REJECT), Code::kOk);
}

TEST_F(ReviewsTest, TheSecondOfTwoApproversIsTold) {
  const v1::Resource seen = Add("local/a", publisher_);
  ASSERT_TRUE(Review(approver_, "local/a", v1::ReviewDecision::REJECT, "no", seen.revision()));
  const auto second =
      Review(approver_, "local/a", v1::ReviewDecision::APPROVE, "yes", seen.revision());
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().code, Code::kAborted);
  EXPECT_EQ(catalog_.Get("Server", "local/a")->server().approval(), v1::Approval::REJECTED);
}

TEST_F(ReviewsTest, TheSameDecisionAgainChangesNothing) {
  const v1::Resource server = Add("local/a");
  const auto again = Review(approver_, "local/a", v1::ReviewDecision::APPROVE);
  EXPECT_EQ(again->revision(), server.revision());
  EXPECT_EQ(Review(publisher_, "local/a", v1::ReviewDecision::SUBMIT).error().code,
            Code::kFailedPrecondition);
}

TEST_F(ReviewsTest, APublisherDoesNotWriteWhatTheApproverSaid) {
  v1::Resource server = Add("local/a", publisher_);
  server.mutable_server()->set_approval(v1::Approval::REJECTED);
  EXPECT_EQ(PutRefusal(publisher_, server).code, Code::kPermissionDenied);
  server = *Review(approver_, "local/a", v1::ReviewDecision::REJECT, "no");
  server.mutable_server()->set_approval_reason("all well");
  EXPECT_THAT(PutRefusal(publisher_, server).message, HasSubstr("/spec/approval_reason"));
}

TEST_F(ReviewsTest, TheDayAndTheSuccessorStayUntilAnEarlierStage) {
  Add("local/a");
  Add("local/b");
  ASSERT_TRUE(Move(publisher_, "local/a", v1::Lifecycle::DEPRECATED, "2027-01-01"));
  const auto named = Move(publisher_, "local/a", v1::Lifecycle::DEPRECATED, "", "local/b");
  ASSERT_TRUE(named.has_value()) << named.error().message;
  EXPECT_EQ(named->server().sunset(), "2027-01-01");
  EXPECT_EQ(named->server().successor(), "local/b");
  v1::Resource described = *named;
  described.mutable_server()->clear_lifecycle();
  described.mutable_server()->clear_sunset();
  described.mutable_server()->set_title("A");
  EXPECT_EQ(Put(publisher_, described).server().sunset(), "2027-01-01");
  const auto back = Move(publisher_, "local/a", v1::Lifecycle::PRODUCTION);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back->server().sunset() + back->server().successor(), "");
}

TEST_F(ReviewsTest, WhatIsNoDayOrNoServerIsRefusedByName) {
  Add("local/a");
  EXPECT_THAT(Move(publisher_, "local/a", v1::Lifecycle::DEPRECATED, "2027-02-30").error().message,
              HasSubstr("/spec/sunset: must be a day"));
  EXPECT_THAT(
      Move(publisher_, "local/a", v1::Lifecycle::DEPRECATED, "", "local/no").error().message,
      HasSubstr("/successor: no Server 'local/no'"));
  EXPECT_THAT(Move(publisher_, "local/a", v1::Lifecycle::DEPRECATED, "", "local/a").error().message,
              HasSubstr("is the server itself"));
  EXPECT_THAT(Move(publisher_, "local/a", v1::Lifecycle::PREVIEW, "2027-01-01").error().message,
              HasSubstr("/sunset: goes with stage DEPRECATED only"));
}

TEST_F(ReviewsTest, OnlyAnApproverBringsBackWhatIsApprovedAndRetired) {
  Add("local/a");
  ASSERT_TRUE(Move(publisher_, "local/a", v1::Lifecycle::RETIRED));
  EXPECT_EQ(Move(publisher_, "local/a", v1::Lifecycle::PREVIEW).error().code,
            Code::kPermissionDenied);
  v1::Resource by_put = *catalog_.Get("Server", "local/a");
  by_put.mutable_server()->set_lifecycle(v1::Lifecycle::PRODUCTION);
  EXPECT_EQ(PutRefusal(publisher_, by_put).code, Code::kPermissionDenied);
  EXPECT_TRUE(Move(approver_, "local/a", v1::Lifecycle::PRODUCTION).has_value());
}

TEST_F(ReviewsTest, AServerGoesOnWhenItsSuccessorIsGone) {
  Add("local/a");
  Add("local/b");
  ASSERT_TRUE(Move(publisher_, "local/a", v1::Lifecycle::DEPRECATED, "", "local/b"));
  v1::DeleteRequest gone;
  gone.set_kind("Server");
  gone.set_name("local/b");
  ASSERT_TRUE(catalog_.Delete({With("admin")}, gone));
  EXPECT_TRUE(Move(publisher_, "local/a", v1::Lifecycle::RETIRED).has_value());
}

TEST_F(ReviewsTest, WhatIsAppliedTogetherMayStandInAnyOrder) {
  v1::ApplyRequest request;
  v1::Resource& old = *request.add_resources();
  old.set_name("local/a");
  old.mutable_server()->set_lifecycle(v1::Lifecycle::DEPRECATED);
  old.mutable_server()->set_successor("local/b");
  old.mutable_server()->set_environment("production");
  v1::Resource& next = *request.add_resources();
  next.set_name("local/b");
  next.mutable_server();
  v1::Resource& place = *request.add_resources();
  place.set_name("production");
  place.mutable_environment()->set_kind(v1::EnvironmentKind::PRODUCTION);
  const auto applied = catalog_.Apply({With("admin")}, request);
  ASSERT_TRUE(applied.has_value()) << applied.error().message;
  request.mutable_resources(0)->mutable_server()->set_environment("nowhere");
  EXPECT_THAT(catalog_.Apply({With("admin")}, request).error().message,
              HasSubstr("/spec/environment: there is no Environment 'nowhere'"));
}

}  // namespace
}  // namespace registry
