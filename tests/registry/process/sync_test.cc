// Another registry's servers come in, and a kill in the middle changes nothing about it.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "portolan/v1/sync_service.grpc.pb.h"
#include "tests/registry/process/registry_process.h"
#include "tests/support/fake_upstream.h"

namespace registry {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr int kEntries = 10'000;
// With sanitizers, on a busy machine.
constexpr std::chrono::seconds kPatience{120};

std::int64_t Number(const std::string& data, const std::string& sql) {
  sqlite3* database = nullptr;
  std::int64_t number = -1;
  if (sqlite3_open((data + "/portolan.db").c_str(), &database) == SQLITE_OK) {
    const auto keep = [](void* out, int, char** values, char**) {
      *static_cast<std::int64_t*>(out) = std::stoll(values[0]);
      return 0;
    };
    sqlite3_exec(database, sql.c_str(), keep, &number, nullptr);
  }
  sqlite3_close(database);
  return number;
}

class SyncTest : public ::testing::Test {
 protected:
  SyncTest() { Start(); }

  void Start() { registry_ = std::make_unique<RegistryProcess>(folder_.path()); }
  void Follow(const std::string& url, const std::string& more = "") {
    const auto put = registry_->AdminPost(
        "CatalogService/Put", R"({"resource":{"kind":"SyncSource","name":"up","spec":{"url":")" +
                                  url + "\"" + more + "}}}");
    ASSERT_EQ(put.status, 200) << put.body;
  }
  // Joins or begins a run, and waits for its end.
  v1::SyncStatus Run(bool full = false) {
    auto stub = v1::SyncService::NewStub(registry_->Channel());
    const auto context = With(registry_->admin_token());
    context->set_deadline(std::chrono::system_clock::now() + kPatience);
    v1::RunSyncRequest request;
    request.set_source("up");
    request.set_full(full);
    const auto reader = stub->RunSync(context.get(), request);
    v1::RunSyncResponse response;
    while (reader->Read(&response)) {
    }
    const auto status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.status();
  }
  std::string StatusUpThere(const std::string& path) {
    const auto got = registry_->Get("/v0.1/servers/" + path);
    if (got.status != 200) return std::to_string(got.status);
    return json::parse(got.body)["_meta"]["io.modelcontextprotocol.registry/official"]["status"];
  }

  support::TemporaryFolder folder_;
  support::FakeUpstream upstream_;
  std::unique_ptr<RegistryProcess> registry_;
};

TEST_F(SyncTest, KilledInTheMiddleItGoesOnAndWritesNothingTwice) {
  upstream_.PutMany(kEntries);
  ASSERT_EQ(registry_
                ->AdminPost("CatalogService/Put",
                            R"({"resource":{"kind":"Server","name":"io.example/s00007","spec":)"
                            R"({"description":"Ours"}}})")
                .status,
            200);
  const std::string middle = std::to_string(kEntries / 2);
  auto asked = upstream_.Hold(middle);
  Follow(upstream_.url());
  ASSERT_EQ(asked.wait_for(kPatience), std::future_status::ready);
  registry_->child().Signal(SIGKILL);
  ASSERT_EQ(registry_->child().Wait(std::chrono::seconds(20)), 128 + SIGKILL);
  const std::size_t asked_before = upstream_.queries().size();

  Start();
  const v1::SyncStatus status = Run();
  EXPECT_EQ(status.state(), v1::SyncState::DONE) << status.error();
  EXPECT_THAT(upstream_.queries()[asked_before], HasSubstr("cursor=" + middle));
  EXPECT_EQ(status.read(), kEntries);
  EXPECT_EQ(status.created(), kEntries - 1);
  EXPECT_EQ(status.unchanged(), 0);
  EXPECT_EQ(status.conflicts(), 1);
  ASSERT_EQ(status.problems_size(), 1);
  EXPECT_EQ(status.problems(0).server(), "io.example/s00007");
  EXPECT_EQ(status.problems(0).reason(), "somebody here made this server");
  EXPECT_EQ(StatusUpThere("io.example%2Fs00900/versions/latest"), "active");

  registry_.reset();
  EXPECT_EQ(Number(folder_.path(), "SELECT count(*) FROM audit WHERE kind = 'ServerVersion'"),
            kEntries - 1);
  EXPECT_EQ(Number(folder_.path(), "SELECT count(*) FROM resources WHERE kind = 'Server'"),
            kEntries);
}

TEST_F(SyncTest, ALaterRunReadsOnlyWhatChangedWithItsTombstones) {
  upstream_.PutMany(250);
  Follow(upstream_.url());
  ASSERT_EQ(Run().created(), 250);
  const std::int64_t later = base::SystemClock().UnixMillis() + 60'000;
  upstream_.Put({.name = "io.example/s00001", .status = "deleted", .updated_ms = later});
  upstream_.Put({.name = "io.example/s00002", .status = "deprecated", .updated_ms = later});
  upstream_.Put({.name = "io.example/s00003", .version = "2.0.0", .updated_ms = later});
  upstream_.Put({.name = "io.example/new", .status = "deleted", .updated_ms = later});
  const v1::SyncStatus status = Run();
  EXPECT_THAT(upstream_.queries().back(), HasSubstr("updated_since="));
  EXPECT_EQ(status.read(), 4);
  EXPECT_EQ(status.created(), 1);
  EXPECT_EQ(status.changed(), 2);
  EXPECT_EQ(status.deleted(), 1);
  // Somebody who never had it needs no tombstone.
  EXPECT_EQ(status.unchanged(), 1);
  EXPECT_EQ(StatusUpThere("io.example%2Fs00001/versions/1.0.0"), "404");
  EXPECT_EQ(StatusUpThere("io.example%2Fs00001/versions/1.0.0?include_deleted=true"), "deleted");
  EXPECT_EQ(StatusUpThere("io.example%2Fs00002/versions/latest"), "deprecated");
  EXPECT_EQ(StatusUpThere("io.example%2Fs00003/versions/2.0.0"), "active");
  EXPECT_EQ(Run(/*full=*/true).unchanged(), 252);
}

TEST_F(SyncTest, AFailureIsToldAndTheNextRunGoesOn) {
  upstream_.PutMany(10);
  upstream_.Answer(503);
  Follow(upstream_.url());
  const v1::SyncStatus failed = Run();
  EXPECT_EQ(failed.state(), v1::SyncState::FAILED);
  EXPECT_THAT(failed.error(), HasSubstr("answered 503"));
  upstream_.Answer(0);
  EXPECT_EQ(Run().created(), 10);
  upstream_.Answer(302);
  EXPECT_THAT(Run().error(), HasSubstr("write where it is"));
}

TEST_F(SyncTest, ANameThatLeadsToThisMachineIsRefused) {
  Follow("http://localhost:" + std::to_string(upstream_.port()));
  const v1::SyncStatus status = Run();
  EXPECT_EQ(status.state(), v1::SyncState::FAILED);
  EXPECT_THAT(status.error(), HasSubstr("leads to this machine"));
  EXPECT_TRUE(upstream_.queries().empty());
}

TEST_F(SyncTest, OnlyAdminsSeeTheSourceAndOperatorsItsRuns) {
  Follow(upstream_.url(), R"(,"paused":true)");
  const auto token = [&](const std::string& role) {
    const auto made = registry_->AdminPost("AccessService/CreateToken",
                                           json{{"name", role}, {"role", "OPERATOR"}}.dump());
    return "Authorization: Bearer " + json::parse(made.body)["token"].get<std::string>() + "\r\n";
  };
  const std::string operator_head = token("op");
  const std::string get = R"({"kind":"SyncSource","name":"up"})";
  EXPECT_EQ(registry_->Post("CatalogService/Get", get, operator_head).status, 403);
  EXPECT_EQ(registry_->Post("SyncService/ListSync", "{}", operator_head).status, 200);
  EXPECT_EQ(registry_->Post("SyncService/ListSync", "{}").status, 401);
}

}  // namespace
}  // namespace registry
