#include "gateway/backends/checked_answer.h"

#include <gtest/gtest.h>

#include "tests/support/backend_fixture.h"

namespace gateway {
namespace {

// An answer that comes in these pieces.
class Pieces final : public mcp::Source {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  Form form() const override { return Form::kJson; }
  std::uint64_t length() const override { return 0; }
  bool complete() const override { return at_ == pieces_.size(); }
  base::Task<base::Result<std::string_view>> Next() override {
    if (at_ == pieces_.size()) co_return std::string_view();
    co_return std::string_view(pieces_[at_++]);
  }

 private:
  const std::vector<std::string> pieces_;
  std::size_t at_ = 0;
};

class CheckedAnswerTest : public support::BackendTest {
 protected:
  // What passes of an answer to a request with the id 7, or why nothing more does.
  std::string Relay(std::vector<std::string> pieces) {
    Pieces answer(std::move(pieces));
    CheckedAnswer checked(answer, "7");
    support::RecordingClient client;
    const auto relayed = Run(client.Relay(checked));
    return relayed ? client.relayed : relayed.error().message;
  }
  static constexpr const char* kWrong = "the server answered with another id";
};

TEST_F(CheckedAnswerTest, ItsOwnAnswerPassesAsItIs) {
  const std::string first = R"( {"jsonrpc": "2.0", "id": 7, "result":{"id":8}})";
  EXPECT_EQ(Relay({first}), first);
  const std::string last = R"({"result":{"id":8},"jsonrpc":"2.0","id":7})"
                           "\n";
  EXPECT_EQ(Relay({last}), last);
  const std::string middle = R"({"result":{"id":8},"id":7,"jsonrpc":"2.0"})";
  EXPECT_EQ(Relay({middle}), middle);
}

TEST_F(CheckedAnswerTest, SomebodyElsesAnswerDoesNotPass) {
  EXPECT_EQ(Relay({R"({"jsonrpc":"2.0","id":8,"result":{}})"}), kWrong);
  EXPECT_EQ(Relay({R"({"result":{"id":7},"jsonrpc":"2.0","id":8})"}), kWrong);
  EXPECT_EQ(Relay({R"({"id":"7","jsonrpc":"2.0","result":{}})"}), kWrong);
}

TEST_F(CheckedAnswerTest, AnIdThatOnlyBeginsAlikeIsAnother) {
  EXPECT_EQ(Relay({R"({"jsonrpc":"2.0","id":71,"result":{}})"}), kWrong);
  EXPECT_EQ(Relay({R"({"jsonrpc":"2.0","id":7.5,"result":{}})"}), kWrong);
  const std::string spaced = R"({"jsonrpc":"2.0","id":7 ,"result":{}})";
  EXPECT_EQ(Relay({spaced}), spaced);
}

TEST_F(CheckedAnswerTest, AShortOneThatHasItElsewhereIsScanned) {
  EXPECT_EQ(Relay({R"({"result":{"id":7},"id":8,"jsonrpc":"2.0","x":{"id":7}})"}), kWrong);
  EXPECT_EQ(Relay({R"({"jsonrpc":"2.0","result":{"id":7}})"}), kWrong);
}

TEST_F(CheckedAnswerTest, ALongOneIsBrokenOffAtItsEnd) {
  const std::string text(100'000, 'x');
  const std::string begin = R"({"result":{"text":")" + text, mine = R"("},"id":7})";
  EXPECT_EQ(Relay({begin, mine}), begin + mine);
  EXPECT_EQ(Relay({begin, R"("},"jsonrpc":"2.0","i)", R"(d":8})"}), kWrong);
}

TEST_F(CheckedAnswerTest, AnErrorThatNamesNoRequestIsAnAnswer) {
  const std::string error = R"({"jsonrpc":"2.0","id":null,"error":{"code":-1,"message":"no"}})";
  EXPECT_EQ(Relay({error}), error);
}

}  // namespace
}  // namespace gateway
