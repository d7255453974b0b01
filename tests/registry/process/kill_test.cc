#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>

#include <atomic>
#include <set>
#include <thread>

#include "tests/registry/process/registry_process.h"

namespace registry {
namespace {

constexpr int kAdds = 1000;
constexpr int kWriters = 4;
// The kill comes when so many have been acknowledged.
constexpr int kKillAfter = 300;

std::string Integrity(const std::string& path) {
  sqlite3* database = nullptr;
  std::string answer;
  if (sqlite3_open(path.c_str(), &database) == SQLITE_OK) {
    const auto keep = [](void* out, int, char** values, char**) {
      *static_cast<std::string*>(out) += values[0];
      return 0;
    };
    sqlite3_exec(database, "PRAGMA integrity_check", keep, &answer, nullptr);
  }
  sqlite3_close(database);
  return answer;
}

TEST(KillTest, NothingAcknowledgedIsMissingAfterAKillInTheMiddleOfAThousandAdds) {
  support::TemporaryFolder folder;
  std::vector<std::vector<std::string>> acknowledged(kWriters);
  {
    RegistryProcess registry(folder.path());
    std::atomic<int> count{0};
    std::vector<std::thread> writers;
    for (int w = 0; w < kWriters; ++w) {
      writers.emplace_back([&, w] {
        auto catalog = v1::CatalogService::NewStub(registry.Channel());
        for (int i = w; i < kAdds; i += kWriters) {
          const std::string name = "local/s" + std::to_string(i);
          v1::PutResponse response;
          if (!catalog->Put(With(registry.admin_token()).get(), HttpServer(name), &response).ok())
            return;
          acknowledged[static_cast<std::size_t>(w)].push_back(name);
          if (++count == kKillAfter) ::kill(registry.child().pid(), SIGKILL);
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
    EXPECT_EQ(registry.child().Wait(std::chrono::seconds(20)), 128 + SIGKILL);
  }
  EXPECT_EQ(Integrity(folder.path() + "/portolan.db"), "ok");

  RegistryProcess again(folder.path());
  auto catalog = v1::CatalogService::NewStub(again.Channel());
  std::set<std::string> there;
  v1::ListRequest request;
  request.set_kind("Server");
  request.set_page_size(1000);
  v1::ListResponse page;
  ASSERT_TRUE(catalog->List(With("").get(), request, &page).ok());
  for (const v1::Resource& resource : page.resources()) there.insert(resource.name());
  for (const auto& names : acknowledged) {
    for (const std::string& name : names) EXPECT_TRUE(there.contains(name)) << name;
  }
  EXPECT_GE(there.size(), static_cast<std::size_t>(kKillAfter));
  EXPECT_LT(there.size(), static_cast<std::size_t>(kAdds));
}

}  // namespace
}  // namespace registry
