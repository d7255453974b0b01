#include <gtest/gtest.h>

#include "cli/failure.h"
#include "cli/tool_result.h"

namespace cli {
namespace {

ToolAnswer Answered(std::string message, int status = 200) {
  ToolAnswer answer;
  answer.http_status = status;
  answer.message = std::move(message);
  return answer;
}

std::string ErrorWith(int code) {
  return R"({"jsonrpc":"2.0","id":1,"error":{"code":)" + std::to_string(code) +
         R"(,"message":"no","data":{"reason":"Because"}}})";
}

TEST(ExitCodeTest, IsZeroForAResult) {
  EXPECT_EQ(Summarise(Answered(R"({"jsonrpc":"2.0","id":1,"result":{"content":[]}})"), true).exit,
            Exit::kOk);
}

TEST(ExitCodeTest, IsOneWhenTheToolSaysItFailed) {
  EXPECT_EQ(
      Summarise(Answered(R"({"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}})"),
                true)
          .exit,
      Exit::kToolError);
}

TEST(ExitCodeTest, IsThreeForAToolThatIsUnknownOrHidden) {
  EXPECT_EQ(Summarise(Answered(ErrorWith(-32602)), false).exit, Exit::kNotFound);
}

TEST(ExitCodeTest, IsOneForAKnownToolsComplaintAboutItsArguments) {
  EXPECT_EQ(Summarise(Answered(ErrorWith(-32602)), true).exit, Exit::kToolError);
}

TEST(ExitCodeTest, IsFourForARefusal) {
  EXPECT_EQ(Summarise(Answered(ErrorWith(-31401)), true).exit, Exit::kDenied);
  EXPECT_EQ(Summarise(Answered(ErrorWith(-31403)), true).exit, Exit::kDenied);
  AnswerSummary limited = Summarise(Answered(ErrorWith(-31429)), true);
  EXPECT_EQ(limited.exit, Exit::kDenied);
  EXPECT_EQ(limited.word, "Because");
}

TEST(ExitCodeTest, IsFiveWhenTheServerCannotBeReached) {
  EXPECT_EQ(Summarise(Answered(ErrorWith(-31502)), true).exit, Exit::kUnreachable);
  EXPECT_EQ(Summarise(Answered(ErrorWith(-31503)), true).exit, Exit::kUnreachable);
  EXPECT_EQ(Summarise(Answered(ErrorWith(-31504)), true).exit, Exit::kUnreachable);
}

TEST(ExitCodeTest, IsSixForWhatIsHeld) {
  EXPECT_EQ(Summarise(Answered(ErrorWith(-31409)), true).exit, Exit::kHeld);
}

TEST(ExitCodeTest, FollowsTheStatusWhenTheAnswerIsNoMessage) {
  EXPECT_EQ(Summarise(Answered("", 404), true).exit, Exit::kNotFound);
  EXPECT_EQ(Summarise(Answered("", 403), true).exit, Exit::kDenied);
  EXPECT_EQ(Summarise(Answered("", 502), true).exit, Exit::kUnreachable);
}

TEST(ExitCodeTest, FollowsTheRegistrysCode) {
  EXPECT_EQ(ExitFor(base::Code::kInvalidArgument), Exit::kUsage);
  EXPECT_EQ(ExitFor(base::Code::kAlreadyExists), Exit::kUsage);
  EXPECT_EQ(ExitFor(base::Code::kNotFound), Exit::kNotFound);
  EXPECT_EQ(ExitFor(base::Code::kUnauthenticated), Exit::kDenied);
  EXPECT_EQ(ExitFor(base::Code::kPermissionDenied), Exit::kDenied);
  EXPECT_EQ(ExitFor(base::Code::kUnavailable), Exit::kUnreachable);
}

TEST(FailureTest, SaysWhatToTypeWhenNobodyAnswers) {
  Failure failure =
      FailureFrom(base::Fail(base::Code::kUnavailable, "no registry answers at x"), "list");
  EXPECT_EQ(failure.exit, Exit::kUnreachable);
  EXPECT_NE(failure.next.find("portolan up"), std::string::npos);
}

}  // namespace
}  // namespace cli
