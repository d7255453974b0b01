#include "mcp/legacy/event_log.h"

#include <gtest/gtest.h>

namespace mcp::legacy {
namespace {

EventLog::Options OfCall(std::size_t max_bytes) {
  EventLog::Options options;
  options.id.of_call = true;
  options.primed = false;
  options.max_bytes = max_bytes;
  return options;
}

TEST(EventLogTest, AnEventTooLongToBeKeptIsLostForWhoComesLaterAndNothingElse) {
  base::Loop loop;
  EventLog log(OfCall(1'000));
  std::string live;
  log.Add(R"({"n":1})", false, &live);
  log.Add("{\"n\":\"" + std::string(2'000, 'x') + "\"}", false, &live);
  EventLog::Follower follower(log, loop, 0);
  EXPECT_EQ(follower.Take().text, "");
  log.Add(R"({"n":3})", false, nullptr);
  EXPECT_NE(follower.Take().text.find(R"({"n":3})"), std::string::npos);
}

TEST(EventLogTest, AFollowerThatIsFullKeepsNothingInMemory) {
  base::Loop loop;
  EventLog::Options options = OfCall(10'000);
  options.breaks_when_full = true;
  EventLog log(options);
  EventLog::Follower follower(log, loop, 0);
  const std::string message = "{\"n\":\"" + std::string(1'000, 'x') + "\"}";
  for (int i = 0; i < 100; ++i) log.Add(message, false, nullptr);
  EXPECT_EQ(follower.Take().state, EventLog::Follower::State::kFull);
  EventLog::Follower next(log, loop, 0);
  std::size_t kept = 0;
  for (std::string text = next.Take().text; !text.empty(); text = next.Take().text)
    kept += text.size();
  EXPECT_GT(kept, 5'000u);
  EXPECT_LE(kept, 10'000u);
}

}  // namespace
}  // namespace mcp::legacy
