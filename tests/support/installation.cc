#include "tests/support/installation.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/process.h"

namespace support {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string ValueOf(const std::string& lines, const std::string& key) {
  auto at = lines.find(key + "=");
  if (at == std::string::npos) return "";
  at += key.size() + 1;
  return lines.substr(at, lines.find('\n', at) - at);
}

// Nothing of who runs the tests reaches what is tested.
void CleanEnvironment() {
  for (const char* name :
       {"PORTOLAN_REGISTRY", "PORTOLAN_TOKEN", "PORTOLAN_KEY", "PORTOLAN_DATA",
        "PORTOLAN_REGISTRY_CA", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"}) {
    unsetenv(name);
  }
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern = std::filesystem::temp_directory_path() / "portolan-test-XXXXXX";
  path_ = mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string BinaryFolder() {
  static const std::string folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return folder;
}

Installation::Installation(std::vector<std::string> flags) {
  AdoptOrphans();
  CleanEnvironment();
  std::vector<std::string> argv = {BinaryFolder() + "/portolan", "up", "--data", data(),
                                   "--print-endpoints"};
  for (const char* listener :
       {"--gateway-listen", "--http-listen", "--grpc-listen", "--admin-listen"}) {
    argv.insert(argv.end(), {listener, "127.0.0.1:0"});
  }
  argv.insert(argv.end(), flags.begin(), flags.end());
  up_ = std::make_unique<Child>(argv, data() + "/up.stderr");
  std::string lines;
  for (int i = 0; i < 5; ++i) {
    auto line = up_->ReadLine(std::chrono::seconds(90));
    if (!line) break;
    lines += *line + "\n";
  }
  gateway_ = ValueOf(lines, "gateway");
  http_ = ValueOf(lines, "http");
  grpc_ = ValueOf(lines, "grpc");
  admin_ = ValueOf(lines, "admin");
  portal_ = ValueOf(lines, "portal");
  EXPECT_FALSE(portal_.empty()) << "portolan up did not become ready:\n"
                                << lines << up_->ReadStderr();
}

Installation::~Installation() {
  if (::testing::Test::HasFailure()) std::cerr << up_->ReadStderr() << '\n';
  up_.reset();
  KillDescendants();
}

Finished Installation::Cli(std::vector<std::string> words, const std::string& input) {
  std::vector<std::string> argv = {BinaryFolder() + "/portolan", "--data", data()};
  argv.insert(argv.end(), words.begin(), words.end());
  return RunProgram(argv, input);
}

std::string Installation::CliOk(std::vector<std::string> words, const std::string& input) {
  std::string typed;
  for (const std::string& word : words) typed += " " + word;
  Finished finished = Cli(std::move(words), input);
  EXPECT_EQ(finished.exit_code, 0) << "portolan" << typed << "\n" << finished.out << finished.err;
  return finished.out;
}

void Installation::Apply(const std::string& yaml) { CliOk({"apply", "-f", "-"}, yaml); }

pid_t Installation::Pid(const std::string& name) const {
  for (pid_t pid : base::Descendants(up_->pid())) {
    std::error_code error;
    auto program = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error);
    // The guard of the gateway is the same program, one generation further down.
    std::string stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
    auto behind_name = stat.rfind(')');
    bool is_child = behind_name != std::string::npos &&
                    std::atoi(stat.c_str() + behind_name + 4) == static_cast<int>(up_->pid());
    if (is_child && program.filename() == "portolan-" + name) return pid;
  }
  return 0;
}

RawResponse Installation::Call(const std::string& base_path, const std::string& tool,
                               const std::string& arguments, const std::string& extra_head,
                               const std::string& raw_id) {
  return Exchange(gateway_, PostBytes("/" + base_path + "/mcp", ModernCall(raw_id, tool, arguments),
                                      ModernHead("tools/call", tool) + extra_head));
}

DemoServer::DemoServer(const std::string& era) {
  AdoptOrphans();
  std::string endpoints = folder_.path() + "/endpoints";
  child_ = std::make_unique<Child>(
      std::vector<std::string>{BinaryFolder() + "/portolan-demo", "--listen", "127.0.0.1:0",
                               "--era", era, "--endpoints-file", endpoints},
      folder_.path() + "/stderr");
  url_ = ValueOf(WaitForFile(endpoints), "http") + "/mcp";
}

std::string WaitForFile(const std::string& path, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  inotify_add_watch(watch, std::filesystem::path(path).parent_path().c_str(),
                    IN_MOVED_TO | IN_CLOSE_WRITE);
  std::string content;
  while ((content = ReadFile(path)).empty()) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd wait{watch, POLLIN, 0};
    if (left.count() <= 0 || poll(&wait, 1, static_cast<int>(left.count())) <= 0) break;
    char events[4096];
    while (read(watch, events, sizeof events) > 0) {
    }
  }
  close(watch);
  return content;
}

}  // namespace support
