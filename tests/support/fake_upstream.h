// Another registry with the official API, as SyncSources read it: pages of 100, cursor and
// updated_since, on a loop of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/http/server.h"
#include "tests/support/loop_thread.h"

namespace support {

class FakeUpstream final : public base::http::Service {
 public:
  FakeUpstream();
  ~FakeUpstream() override;

  struct Entry {
    std::string name;
    std::string version = "1.0.0";
    std::string description = "Finds things";
    std::string status = "active";
    // Unix time; entries without one are old.
    std::int64_t updated_ms = 1;
  };
  // Any thread, any time.
  void Put(Entry entry);
  // `io.example/s00000` and so on.
  void PutMany(int count);
  // Every request is answered so; 0: as it should be.
  void Answer(int status);
  // The next request with that cursor is told of and never answered.
  std::future<void> Hold(std::string cursor);
  // The queries that came, in order.
  std::vector<std::string> queries() const;
  // `http://127.0.0.1:PORT`
  const std::string& url() const { return url_; }
  std::uint16_t port() const { return port_; }

  base::Task<void> Serve(base::http::Exchange& exchange) override;

 private:
  std::string Page(const std::string& query) const;

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  std::vector<std::string> queries_;
  int status_ = 0;
  std::optional<std::string> held_cursor_;
  std::promise<void> held_;

  std::string url_;
  std::uint16_t port_ = 0;
  test_support::LoopThread thread_;
  std::unique_ptr<base::http::Server> server_;  // on the loop
};

}  // namespace support
