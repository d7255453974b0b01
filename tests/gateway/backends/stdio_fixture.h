// What tests of stdio servers share: a server whose program is a few lines of Python.
#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/auth/api_key.h"
#include "base/process.h"
#include "gateway/backends/stdio_servers.h"
#include "gateway/backends/upstream_table.h"
#include "portolan/v1/server.pb.h"
#include "tests/support/backend_fixture.h"

namespace gateway {

inline std::string OlderCall(std::string_view tool, std::string_view token = "") {
  std::string out = R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")";
  out += tool;
  out += R"(","arguments":{})";
  if (!token.empty()) out += R"(,"_meta":{"progressToken":)" + std::string(token) + "}";
  return out + "}}";
}

inline std::string ModernCall(std::string_view tool) {
  return R"({"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":")" +
         std::string(tool) +
         R"(","arguments":{},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}})";
}

class StdioTest : public support::BackendTest {
 protected:
  explicit StdioTest(const char* program)
      : folder_(std::filesystem::temp_directory_path() /
                ("stdio-" + base::auth::Hex(base::auth::RandomBytes(8)))) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ / "server.py") << program;
    guard_->Attach(loop_);
    limits_.max_stdio_message_bytes = 1 << 20;
    UseEra("older");
  }
  ~StdioTest() override {
    backend_.reset();
    // The server ends on its loop, and its programs with it.
    loop_.io.poll();
    RunUntil([this] { return base::Descendants(guard_->pid()).empty(); });
    // Whoever paused (a flooded log) was woken by the end, and runs with the next tick: before
    // this.
    bool woken = false;
    base::Timers::Timer timer;
    loop_.timers.Arm(
        timer, std::chrono::milliseconds(50), [](void* out) { *static_cast<bool*>(out) = true; },
        &woken);
    RunUntil([&] { return woken; });
    std::filesystem::remove_all(folder_);
  }

  void UseEra(const std::string& era) {
    portolan::v1::Stdio& stdio = *spec_.mutable_endpoint()->mutable_stdio();
    stdio.set_command("python3");
    stdio.clear_args();
    stdio.add_args("server.py");
    stdio.add_args(era);
    stdio.set_cwd(folder_);
    Make();
  }
  void Make() {
    backend_ = servers_.Get("local/x", spec_, upstreams_.Find(BackendKey("local/x", spec_)), loop_);
  }
  std::string AskAs(std::string principal, std::string message,
                    mcp::Revision revision = mcp::Revision::k2025_11_25) {
    support::TestCall call(std::move(message), revision, "session");
    if (!principal.empty()) {
      call.principal.id = std::move(principal);
      call.principal.kind = base::auth::PrincipalKind::kAgent;
    }
    return Ask(*backend_, call).body;
  }
  // What the program says of its own process.
  static std::string PidIn(const std::string& body) {
    const std::size_t at = body.find(R"(\"pid\": )") + 9;
    return body.substr(at, body.find(',', at) - at);
  }

  std::filesystem::path folder_;
  std::unique_ptr<Guard> guard_ = *Guard::Start();
  base::SystemClock clock_;
  BackendLimits limits_;
  UpstreamTable upstreams_{clock_};
  StdioServers servers_{loop_, *guard_, limits_};
  portolan::v1::Server spec_;
  std::shared_ptr<mcp::Handler> backend_;
};

}  // namespace gateway
