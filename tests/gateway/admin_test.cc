#include "gateway/edge/admin.h"

#include <gtest/gtest.h>

#include "tests/support/loop_thread.h"
#include "tests/support/raw_http.h"

namespace gateway {
namespace {

class AdminTest : public testing::Test {
 protected:
  AdminTest() {
    Admin::Sources sources;
    sources.not_ready = [] { return std::string(); };
    sources.metrics = [] { return std::string("gateway_up 1\n"); };
    sources.health_json = [] { return std::string("\"stale_s\":0"); };
    sources.snapshot = [this]() -> const Snapshot& { return snapshot_; };
    sources.clear_cache = [this] { ++cleared_; };
    thread_.Do([&] {
      auto admin = Admin::Listen(thread_.loop(), *base::http::ListenAddress::Parse("127.0.0.1:0"),
                                 std::move(sources));
      admin_ = std::move(*admin);
      admin_->Start();
    });
  }
  ~AdminTest() override {
    thread_.Do([this] { admin_->Stop(); });
    thread_.Stop();
  }
  support::RawResponse Ask(const std::string& method_and_path, const std::string& more = "") {
    const std::string url = "http://127.0.0.1:" + std::to_string(admin_->address().port);
    return support::Exchange(url, method_and_path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + more +
                                      "Content-Length: 0\r\n\r\n");
  }

  Snapshot snapshot_;
  int cleared_ = 0;
  test_support::LoopThread thread_;
  std::unique_ptr<Admin> admin_;
};

TEST_F(AdminTest, KeptAnswersAreForgottenOnDemandAndNeverByAPage) {
  EXPECT_EQ(Ask("GET /cache/clear").status, 404);
  EXPECT_EQ(Ask("POST /cache/clear", "Origin: http://evil.example\r\n").status, 403);
  EXPECT_EQ(cleared_, 0);
  const support::RawResponse done = Ask("POST /cache/clear");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.body, "{\"status\":\"cleared\"}\n");
  EXPECT_EQ(cleared_, 1);
}

TEST_F(AdminTest, OtherPagesAreOnlyRead) {
  EXPECT_EQ(Ask("GET /metrics").body, "gateway_up 1\n");
  EXPECT_EQ(Ask("POST /metrics").status, 405);
}

}  // namespace
}  // namespace gateway
