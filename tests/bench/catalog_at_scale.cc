// A registry with many servers: fills a catalog from real entries and real tools, starts
// portolan-registry on it, and prints what a start, a page, a look-up and a search take.
//
//   catalog_at_scale REGISTRY FOLDER SERVERS TOOLS_EACH SERVERS.json CORPUS.jsonl QUERIES.jsonl
//
// A FOLDER that holds a catalog already is used as it is. Times are seen from outside, over HTTP;
// CPU is the registry's own, since the machine may be busy.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/auth/api_key.h"
#include "registry/catalog/catalog.h"
#include "registry/import/resources.h"
#include "registry/store/sqlite_store.h"
#include "tests/support/child.h"
#include "tests/support/installation.h"
#include "tests/support/raw_http.h"

namespace registry {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int kAtOnce = 250;
constexpr int kQuestions = 400;

std::vector<json> ReadLines(const std::string& path) {
  std::ifstream file(path);
  std::vector<json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
  return lines;
}

std::string NameOf(int server) { return "io.example/server-" + std::to_string(server); }

// As a server lists it: the words of a real tool, and something of its own.
std::string ToolJson(const json& real, int number) {
  ordered_json tool = {
      {"name", real.value("tool", "tool")},
      {"description", real.value("description", "") + " Edition " + std::to_string(number) + "."}};
  ordered_json properties = ordered_json::object();
  for (const json& parameter : real.value("params", json::array())) {
    properties[parameter.value("name", "")] = {{"type", "string"},
                                               {"description", parameter.value("description", "")}};
  }
  tool["inputSchema"] = {{"type", "object"}, {"properties", std::move(properties)}};
  return tool.dump();
}

void Check(const base::Result<void>& result) {
  if (result.has_value()) return;
  std::cerr << result.error().message << "\n";
  std::exit(1);
}

struct Data {
  std::vector<json> servers, tools, queries;
};

void Fill(const std::string& file, int servers, int tools_each, const Data& data) {
  auto store = SqliteStore::Open(file);
  if (store.has_error()) Check(store.error());
  const base::SystemClock clock;
  Store& whole = **store;
  Catalog catalog(whole, clock);
  base::auth::Principal admin;
  admin.id = "token/admin";
  admin.roles = {base::auth::RoleGrant("admin")};
  int tool = 0;
  for (int first = 0; first < servers; first += kAtOnce) {
    v1::ApplyRequest request;
    const int behind = std::min(servers, first + kAtOnce);
    for (int i = first; i < behind; ++i) {
      json entry = data.servers[static_cast<std::size_t>(i) % data.servers.size()];
      entry["name"] = NameOf(i);
      auto made = import::ToResources(entry.dump());
      if (made.has_error()) Check(made.error());
      v1::Server& server = *made->server.mutable_server();
      server.set_approval(v1::Approval::APPROVED);
      server.mutable_endpoint()->mutable_streamable_http()->set_url("https://example.com/mcp");
      *request.add_resources() = std::move(made->server);
      *request.add_resources() = std::move(made->version);
    }
    const auto applied = catalog.Apply({admin}, request);
    if (applied.has_error()) Check(applied.error());
    Check(whole.Write([&](Transaction& all) -> base::Result<Store::Then> {
      for (int i = first; i < behind && tools_each > 0; ++i) {
        StoredDefinitions offered;
        offered.listed_at_ms = clock.UnixMillis();
        offered.pinned = true;
        for (int t = 0; t < tools_each; ++t, ++tool) {
          const json& real = data.tools[static_cast<std::size_t>(tool) % data.tools.size()];
          const std::string text = ToolJson(real, tool);
          offered.items.push_back({v1::DefinitionKind::TOOL,
                                   real.value("tool", "tool") + "_" + std::to_string(t),
                                   base::auth::Base64UrlEncode(base::auth::Sha256(text)), text});
        }
        if (const auto ok = all.PutDefinitions(NameOf(i), offered); ok.has_error())
          return ok.error();
      }
      return Store::Then::kCommit;
    }));
    std::fprintf(stderr, "\r%d servers", behind);
  }
  std::fprintf(stderr, "\n");
}

double CpuMs(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string skipped;
  double user = 0, system = 0;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  fields >> user >> system;
  return (user + system) * 1000 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

long ResidentMb(pid_t process, const char* which) {
  std::ifstream file("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(which)) return std::stol(line.substr(line.find(':') + 1)) / 1024;
  }
  return 0;
}

using Clock = std::chrono::steady_clock;
double MsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void Measure(const char* what, pid_t process, const std::string& url,
             const std::function<std::string(int)>& question) {
  std::vector<double> times;
  support::RawConnection connection(url);
  const double cpu = CpuMs(process);
  for (int i = 0; i < kQuestions; ++i) {
    const std::string bytes = question(i);
    const auto begin = Clock::now();
    connection.Send(bytes);
    const support::RawResponse answer = connection.Read();
    times.push_back(MsSince(begin));
    if (answer.status != 200) {
      std::cerr << what << ": " << answer.status << " " << answer.body.substr(0, 300) << "\n";
      std::exit(1);
    }
  }
  std::sort(times.begin(), times.end());
  std::printf("| %s | %.2f | %.2f | %.2f |\n", what, times[times.size() / 2],
              times[times.size() * 99 / 100], (CpuMs(process) - cpu) / kQuestions);
}

std::string Get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

std::string Ask(const json& query, const char* target) {
  const json body = {{"query", query.value("query", "")}, {"target", target}};
  return support::PostBytes("/api/portolan.v1.CatalogService/Search", body.dump(),
                            "Content-Type: application/json\r\n", "localhost");
}

int Run(const std::vector<std::string>& words) {
  const std::string& folder = words[1];
  const int servers = std::stoi(words[2]);
  const int tools_each = std::stoi(words[3]);
  Data data;
  data.servers = json::parse(std::ifstream(words[4])).get<std::vector<json>>();
  data.tools = ReadLines(words[5]);
  data.queries = ReadLines(words[6]);
  std::filesystem::create_directories(folder);
  if (!std::filesystem::exists(folder + "/portolan.db"))
    Fill(folder + "/portolan.db", servers, tools_each, data);

  const std::string endpoints = folder + "/endpoints";
  std::filesystem::remove(endpoints);
  const auto begin = Clock::now();
  support::Child registry(
      {words[0], "--data", folder, "--http-listen", "127.0.0.1:0", "--grpc-listen", "127.0.0.1:0",
       "--gateway-public-url", "http://127.0.0.1:8900", "--endpoints-file", endpoints},
      folder + "/stderr");
  const std::string ready = support::WaitForFile(endpoints);
  const double start_ms = MsSince(begin);
  const pid_t process = registry.pid();
  const std::string url = ready.substr(5, ready.find('\n') - 5);
  std::printf("%d servers, %d tools each\n\n", servers, tools_each);
  std::printf("start: %.1f s (CPU %.1f s), memory %ld MiB (highest %ld)\n\n", start_ms / 1000,
              CpuMs(process) / 1000, ResidentMb(process, "VmRSS"), ResidentMb(process, "VmHWM"));
  std::printf("| what | p50 ms | p99 ms | CPU ms |\n|---|---|---|---|\n");

  const auto query = [&](int i) {
    return data.queries[static_cast<std::size_t>(i) % data.queries.size()];
  };
  const auto some = [&](int i) { return NameOf(static_cast<int>(i * 7919LL % servers)); };
  const auto escaped = [](std::string name) { return name.replace(name.find('/'), 1, "%2F"); };
  Measure("page of 30", process, url, [&](int i) {
    return Get("/v0.1/servers?limit=30&search=server-" + std::to_string(i % 10));
  });
  Measure("page of 100", process, url, [&](int) { return Get("/v0.1/servers?limit=100"); });
  Measure("one server", process, url,
          [&](int i) { return Get("/v0.1/servers/" + escaped(some(i)) + "/versions/latest"); });
  Measure("registry API search", process, url, [&](int i) {
    const std::string text = query(i).value("query", "x");
    return Get("/v0.1/servers?search=" + text.substr(0, text.find(' ')) + std::to_string(i));
  });
  Measure("find tools", process, url, [&](int i) { return Ask(query(i), "TOOLS"); });
  Measure("find servers", process, url, [&](int i) { return Ask(query(i), "SERVERS"); });
  std::printf("\nmemory afterwards %ld MiB\n", ResidentMb(process, "VmRSS"));
  registry.Signal(SIGTERM);
  registry.Wait(std::chrono::seconds(30));
  return 0;
}

}  // namespace
}  // namespace registry

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr,
                 "usage: catalog_at_scale REGISTRY FOLDER SERVERS TOOLS_EACH SERVERS.json "
                 "CORPUS.jsonl QUERIES.jsonl\n");
    return 2;
  }
  return registry::Run({argv + 1, argv + argc});
}
