#include "tests/support/fake_upstream.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/cancel.h"
#include "base/http/target.h"
#include "base/rfc3339.h"

namespace support {
namespace {

using nlohmann::json;

constexpr std::size_t kPage = 100;

std::string FieldOf(const base::http::QueryFields& fields, std::string_view name) {
  const std::string* value = base::http::FindField(fields, name);
  return value ? *value : "";
}

json Shown(const FakeUpstream::Entry& entry) {
  return {{"server",
           {{"name", entry.name}, {"description", entry.description}, {"version", entry.version}}},
          {"_meta",
           {{"io.modelcontextprotocol.registry/official",
             {{"status", entry.status},
              {"updatedAt", base::FormatRfc3339(entry.updated_ms)},
              {"isLatest", true}}}}}};
}

}  // namespace

FakeUpstream::FakeUpstream() {
  thread_.Do([this] {
    server_ = *base::http::Server::Listen(thread_.loop(), {"127.0.0.1", 0}, false, {}, *this);
    port_ = server_->address().port;
    server_->Start();
    return 0;
  });
  url_ = "http://127.0.0.1:" + std::to_string(port_);
}

FakeUpstream::~FakeUpstream() {
  thread_.Do([this] {
    server_->Stop();
    return 0;
  });
  thread_.Stop();
}

void FakeUpstream::Put(Entry entry) {
  std::lock_guard lock(mutex_);
  const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& other) {
    return other.name == entry.name && other.version == entry.version;
  });
  if (same == entries_.end()) {
    entries_.push_back(std::move(entry));
  } else {
    *same = std::move(entry);
  }
}

void FakeUpstream::PutMany(int count) {
  std::lock_guard lock(mutex_);
  for (int i = 0; i < count; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 5 - std::min<std::size_t>(5, number.size()), '0');
    Entry& entry = entries_.emplace_back();
    entry.name = "io.example/s" + number;
  }
}

void FakeUpstream::Answer(int status) {
  std::lock_guard lock(mutex_);
  status_ = status;
}

std::future<void> FakeUpstream::Hold(std::string cursor) {
  std::lock_guard lock(mutex_);
  held_cursor_ = std::move(cursor);
  held_ = {};
  return held_.get_future();
}

std::vector<std::string> FakeUpstream::queries() const {
  std::lock_guard lock(mutex_);
  return queries_;
}

// The cursor is the number of the page's first entry.
std::string FakeUpstream::Page(const std::string& query) const {
  const auto fields = *base::http::ParseQuery(query);
  const auto since = base::ParseRfc3339(FieldOf(fields, "updated_since"));
  const std::string cursor = FieldOf(fields, "cursor");
  std::size_t skip = cursor.empty() ? 0 : std::stoul(cursor);
  json page = {{"servers", json::array()}, {"metadata", {{"count", 0}}}};
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (since && entries_[i].updated_ms <= *since) continue;
    if (i < skip) continue;
    if (page["servers"].size() == kPage) {
      page["metadata"]["nextCursor"] = std::to_string(i);
      break;
    }
    page["servers"].push_back(Shown(entries_[i]));
  }
  page["metadata"]["count"] = page["servers"].size();
  return page.dump();
}

base::Task<void> FakeUpstream::Serve(base::http::Exchange& exchange) {
  const std::string query(exchange.head().query);
  int status = 200;
  std::string body;
  bool holds = false;
  {
    std::lock_guard lock(mutex_);
    queries_.push_back(query);
    if (status_ != 0) status = status_;
    if (exchange.head().path != "/v0.1/servers") status = 404;
    if (status == 200) body = Page(query);
    const auto fields = *base::http::ParseQuery(query);
    if (held_cursor_ && FieldOf(fields, "cursor") == *held_cursor_) {
      held_cursor_.reset();
      holds = true;
      held_.set_value();
    }
  }
  if (holds) {
    std::function<void()> resume;
    // Not inside the hook: what waits ends the connection that runs it.
    const auto gone = [this, &resume] {
      if (resume) thread_.loop().Post(std::exchange(resume, nullptr));
    };
    base::CancelSignal::Hook hook(exchange.cancel(), gone);
    co_await base::AwaitIo<>([&resume](auto handler) { resume = handler; });
    co_return;
  }
  const base::http::Field fields[] = {{"Content-Type", "application/json"}};
  const std::string_view bytes = body;
  (void)co_await exchange.Respond(status, fields, bytes);
}

}  // namespace support
