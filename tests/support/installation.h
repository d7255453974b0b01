// A whole Portolan on this machine, started by `portolan up` in a folder of its own on free ports,
// gone with the test.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/child.h"
#include "tests/support/raw_http.h"

namespace support {

// A folder that is removed with its content.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// The folder of the binaries under test.
std::string BinaryFolder();

class Installation {
 public:
  // Returns when everything is ready; a test that uses it fails when that never comes. `flags` are
  // further ones of `up`.
  explicit Installation(std::vector<std::string> flags = {});
  ~Installation();

  const std::string& data() const { return folder_.path(); }
  // `http://H:P`
  const std::string& gateway() const { return gateway_; }
  const std::string& http() const { return http_; }
  const std::string& admin() const { return admin_; }
  // `H:P`
  const std::string& grpc() const { return grpc_; }
  const std::string& portal() const { return portal_; }
  Child& up() { return *up_; }

  // The command line, with this data directory.
  Finished Cli(std::vector<std::string> words, const std::string& input = "");
  // The same; the test fails when the exit code is not 0. Returns stdout.
  std::string CliOk(std::vector<std::string> words, const std::string& input = "");
  // `apply -f -` of this YAML, which must succeed.
  void Apply(const std::string& yaml);

  // Of `registry`, `gateway`, `demo`; 0 when it does not run.
  pid_t Pid(const std::string& name) const;
  // POSTs a modern tools/call to the gateway.
  RawResponse Call(const std::string& base_path, const std::string& tool,
                   const std::string& arguments = "{}", const std::string& extra_head = "",
                   const std::string& raw_id = "1");

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Child> up_;
  std::string gateway_, http_, grpc_, admin_, portal_;
};

// A portolan-demo of its own, over HTTP.
class DemoServer {
 public:
  explicit DemoServer(const std::string& era = "both");
  // `http://H:P/mcp`
  const std::string& url() const { return url_; }
  Child& child() { return *child_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<Child> child_;
  std::string url_;
};

// Waits until a file has content (without polling): how daemons say that they are ready. Empty when
// it never does.
std::string WaitForFile(const std::string& path,
                        std::chrono::seconds patience = std::chrono::seconds(60));

// Asks again and again until it is so, at most so long. The question itself takes its time; there
// are no pauses.
template <class Question>
bool Becomes(std::chrono::milliseconds patience, Question question) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  do {
    if (question()) return true;
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

}  // namespace support
