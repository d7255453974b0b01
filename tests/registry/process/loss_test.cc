// What happens to the catalog when its disk, its process or somebody else fails: a clear error, and
// nothing that was acknowledged is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "portolan/v1/audit_service.grpc.pb.h"
#include "tests/registry/process/registry_process.h"

namespace registry {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

std::vector<std::int64_t> Numbers(const std::string& data, const std::string& sql) {
  sqlite3* database = nullptr;
  std::vector<std::int64_t> numbers;
  if (sqlite3_open((data + "/portolan.db").c_str(), &database) == SQLITE_OK) {
    const auto keep = [](void* out, int, char** values, char**) {
      static_cast<std::vector<std::int64_t>*>(out)->push_back(std::stoll(values[0]));
      return 0;
    };
    sqlite3_exec(database, sql.c_str(), keep, &numbers, nullptr);
  }
  sqlite3_close(database);
  return numbers;
}

std::vector<std::int64_t> UpTo(std::size_t last) {
  std::vector<std::int64_t> numbers(last);
  for (std::size_t i = 0; i < last; ++i) numbers[i] = static_cast<std::int64_t>(i) + 1;
  return numbers;
}

support::Finished VerifyAudit(const std::string& data) {
  return support::RunProgram(
      {support::BinaryFolder() + "/portolan-registry", "verify", data + "/portolan.db"});
}

// A registry that is expected not to start.
support::Finished StartIn(const std::string& data, const std::vector<std::string>& before = {}) {
  std::vector<std::string> argv = before;
  for (const std::string& word :
       {support::BinaryFolder() + "/portolan-registry", std::string("--data"), data,
        std::string("--http-listen"), std::string("127.0.0.1:0"), std::string("--grpc-listen"),
        std::string("127.0.0.1:0")}) {
    argv.push_back(word);
  }
  return support::RunProgram(argv);
}

TEST(LossTest, OfFiftyPublishersKilledThreeTimesNothingAcknowledgedIsMissing) {
  constexpr int kPublishers = 50, kRounds = 3, kKillAfter = 150;
  support::TemporaryFolder folder;
  std::vector<std::vector<std::string>> acknowledged(kPublishers);
  for (int round = 0; round < kRounds; ++round) {
    RegistryProcess registry(folder.path());
    std::atomic<int> count{0};
    std::vector<std::thread> publishers;
    for (int p = 0; p < kPublishers; ++p) {
      publishers.emplace_back([&, p] {
        auto catalog = v1::CatalogService::NewStub(registry.Channel());
        for (int i = 0;; ++i) {
          const std::string name =
              "local/s" + std::to_string(round) + "-" + std::to_string(p) + "-" + std::to_string(i);
          v1::PutResponse response;
          if (!catalog->Put(With(registry.admin_token()).get(), HttpServer(name), &response).ok())
            return;
          acknowledged[static_cast<std::size_t>(p)].push_back(name);
          if (++count == kKillAfter) ::kill(registry.child().pid(), SIGKILL);
        }
      });
    }
    for (std::thread& publisher : publishers) publisher.join();
    ASSERT_EQ(registry.child().Wait(std::chrono::seconds(20)), 128 + SIGKILL);
  }

  RegistryProcess again(folder.path());
  auto catalog = v1::CatalogService::NewStub(again.Channel());
  std::set<std::string> there;
  v1::ListRequest request;
  request.set_kind("Server");
  request.set_page_size(1000);
  do {
    v1::ListResponse page;
    ASSERT_TRUE(catalog->List(With("").get(), request, &page).ok());
    for (const v1::Resource& resource : page.resources()) there.insert(resource.name());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  std::size_t count = 0;
  for (const auto& names : acknowledged) {
    for (const std::string& name : names) EXPECT_TRUE(there.contains(name)) << name;
    count += names.size();
  }
  EXPECT_GE(count, static_cast<std::size_t>(kRounds * kKillAfter));

  again.child().Signal(SIGTERM);
  ASSERT_EQ(again.child().Wait(std::chrono::seconds(20)), 0);
  // Each change made one resource: the numbers have no gap, and each has its record.
  EXPECT_EQ(Numbers(folder.path(), "SELECT revision FROM resources ORDER BY revision"),
            UpTo(there.size()));
  EXPECT_EQ(Numbers(folder.path(), "SELECT count(*) FROM audit WHERE kind = 'Server'"),
            std::vector<std::int64_t>{static_cast<std::int64_t>(there.size())});
  const support::Finished verified = VerifyAudit(folder.path());
  EXPECT_EQ(verified.exit_code, 0) << verified.err;
  EXPECT_THAT(verified.out, HasSubstr("whole"));
}

TEST(LossTest, OfTwoPeopleWhoChangeOneServerTheSecondIsToldAndNothingIsLost) {
  constexpr int kPeople = 8, kChanges = 5;
  support::TemporaryFolder folder;
  RegistryProcess registry(folder.path());
  v1::PutResponse made;
  ASSERT_TRUE(v1::CatalogService::NewStub(registry.Channel())
                  ->Put(With(registry.admin_token()).get(), HttpServer("local/s"), &made)
                  .ok());

  // Both saw the same.
  v1::PutRequest first, second;
  *first.mutable_resource() = *second.mutable_resource() = made.resource();
  first.mutable_resource()->mutable_server()->set_title("first");
  second.mutable_resource()->mutable_server()->set_title("second");
  auto catalog = v1::CatalogService::NewStub(registry.Channel());
  v1::PutResponse response;
  ASSERT_TRUE(catalog->Put(With(registry.admin_token()).get(), first, &response).ok());
  const grpc::Status told = catalog->Put(With(registry.admin_token()).get(), second, &response);
  EXPECT_EQ(told.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_THAT(told.error_message(), HasSubstr("revision"));

  // Each adds tags of its own, and looks again when it is told.
  std::vector<std::thread> people;
  for (int p = 0; p < kPeople; ++p) {
    people.emplace_back([&, p] {
      auto stub = v1::CatalogService::NewStub(registry.Channel());
      for (int i = 0; i < kChanges;) {
        v1::GetRequest get;
        get.set_kind("Server");
        get.set_name("local/s");
        v1::GetResponse seen;
        ASSERT_TRUE(stub->Get(With(registry.admin_token()).get(), get, &seen).ok());
        v1::PutRequest put;
        *put.mutable_resource() = seen.resource();
        put.mutable_resource()->mutable_server()->add_tags("t" + std::to_string(p) + "-" +
                                                           std::to_string(i));
        v1::PutResponse done;
        const grpc::Status status = stub->Put(With(registry.admin_token()).get(), put, &done);
        if (status.ok()) {
          ++i;
        } else {
          ASSERT_EQ(status.error_code(), grpc::StatusCode::ABORTED) << status.error_message();
        }
      }
    });
  }
  for (std::thread& person : people) person.join();
  v1::GetRequest get;
  get.set_kind("Server");
  get.set_name("local/s");
  v1::GetResponse last;
  ASSERT_TRUE(catalog->Get(With(registry.admin_token()).get(), get, &last).ok());
  EXPECT_EQ(last.resource().server().tags_size(), kPeople * kChanges);
  EXPECT_EQ(last.resource().server().title(), "first");
}

// A limit on the size of files is to a process what a full disk is to all.
void LimitFiles(pid_t process, rlim_t bytes) {
  const struct rlimit limit { bytes, RLIM_INFINITY };
  ASSERT_EQ(::prlimit(process, RLIMIT_FSIZE, &limit, nullptr), 0);
}

TEST(LossTest, OnAFullDiskReadsAndWatchesGoOnWritesSaySoAndItRecoversWithRoom) {
  support::TemporaryFolder folder;
  RegistryProcess registry(folder.path());
  auto catalog = v1::CatalogService::NewStub(registry.Channel());
  v1::PutResponse response;
  ASSERT_TRUE(
      catalog->Put(With(registry.admin_token()).get(), HttpServer("local/before"), &response).ok());
  const auto watching = With(registry.admin_token());
  v1::WatchRequest from_now;
  from_now.set_from_revision(response.resource().revision());
  const auto watch = catalog->Watch(watching.get(), from_now);

  LimitFiles(registry.child().pid(), 1);
  for (int i = 0; i < 3; ++i) {
    const grpc::Status full =
        catalog->Put(With(registry.admin_token()).get(), HttpServer("local/full"), &response);
    EXPECT_EQ(full.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(full.error_message(), HasSubstr("the disk takes nothing more"));
    EXPECT_THAT(full.error_message(), HasSubstr("read-only"));
  }
  v1::ListRequest request;
  request.set_kind("Server");
  v1::ListResponse page;
  ASSERT_TRUE(catalog->List(With("").get(), request, &page).ok());
  EXPECT_EQ(page.resources_size(), 1);
  EXPECT_EQ(registry.Get("/v0.1/servers/local%2Fbefore/versions/latest").status, 200);
  EXPECT_THAT(registry.Get("/metrics").body, HasSubstr("registry_read_only 1"));

  LimitFiles(registry.child().pid(), RLIM_INFINITY);
  ASSERT_TRUE(
      catalog->Put(With(registry.admin_token()).get(), HttpServer("local/after"), &response).ok());
  EXPECT_THAT(registry.Get("/metrics").body, HasSubstr("registry_read_only 0"));
  v1::WatchResponse heard;
  while (!heard.has_change()) ASSERT_TRUE(watch->Read(&heard));
  EXPECT_EQ(heard.change().resource().name(), "local/after");
  watching->TryCancel();

  registry.child().Signal(SIGTERM);
  EXPECT_EQ(registry.child().Wait(std::chrono::seconds(20)), 0);
  EXPECT_EQ(VerifyAudit(folder.path()).exit_code, 0);
  EXPECT_EQ(Numbers(folder.path(), "SELECT revision FROM resources ORDER BY revision"), UpTo(2));
}

TEST(LossTest, ADamagedPageStopsTheStartWithTheFilesNameAndWhatToDo) {
  support::TemporaryFolder folder;
  {
    RegistryProcess registry(folder.path());
    auto catalog = v1::CatalogService::NewStub(registry.Channel());
    for (int i = 0; i < 50; ++i) {
      v1::PutResponse response;
      ASSERT_TRUE(catalog
                      ->Put(With(registry.admin_token()).get(),
                            HttpServer("local/s" + std::to_string(i)), &response)
                      .ok());
    }
    registry.child().Signal(SIGTERM);
    ASSERT_EQ(registry.child().Wait(std::chrono::seconds(20)), 0);
  }
  const std::string path = folder.path() + "/portolan.db";
  // The first page of the table of resources.
  const std::int64_t page =
      Numbers(folder.path(), "SELECT rootpage FROM sqlite_schema WHERE name = 'resources'").at(0);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp((page - 1) * 4096);
    file << std::string(64, '\x5a');
  }
  const support::Finished started = StartIn(folder.path());
  EXPECT_EQ(started.exit_code, 1);
  EXPECT_THAT(started.err, HasSubstr(path));
  EXPECT_THAT(started.err, HasSubstr("damaged"));
  EXPECT_THAT(started.err, HasSubstr("portolan restore"));
}

TEST(LossTest, AFolderThatCannotBeWrittenStopsTheStartWithItsName) {
  support::TemporaryFolder folder;
  const std::string data = folder.path() + "/data";
  std::filesystem::create_directory(data);
  std::filesystem::permissions(
      data, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  // Root writes everywhere, unless it has no capabilities.
  std::vector<std::string> before;
  if (::geteuid() == 0)
    before = {"/usr/bin/setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"};
  const support::Finished started = StartIn(data, before);
  EXPECT_EQ(started.exit_code, 1) << started.err;
  EXPECT_THAT(started.err, HasSubstr(data));
  EXPECT_THAT(started.err, HasSubstr("ermission denied"));
  EXPECT_TRUE(std::filesystem::is_empty(data));
}

TEST(LossTest, ASecondInstanceOnTheSameFileIsRefusedAndTheFirstGoesOn) {
  support::TemporaryFolder folder;
  RegistryProcess first(folder.path());
  const support::Finished second = StartIn(folder.path());
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, ContainsRegex("another registry|already"));
  EXPECT_EQ(first.Get("/healthz").status, 200);
}

}  // namespace
}  // namespace registry
