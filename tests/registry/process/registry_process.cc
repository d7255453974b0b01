#include "tests/registry/process/registry_process.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace registry {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

RegistryProcess::RegistryProcess(const std::string& data, const std::vector<std::string>& flags) {
  const std::string endpoints = data + "/endpoints";
  std::remove(endpoints.c_str());
  std::vector<std::string> argv = {support::BinaryFolder() + "/portolan-registry",
                                   "--data",
                                   data,
                                   "--http-listen",
                                   "127.0.0.1:0",
                                   "--grpc-listen",
                                   "127.0.0.1:0",
                                   "--endpoints-file",
                                   endpoints};
  argv.insert(argv.end(), flags.begin(), flags.end());
  child_ = std::make_unique<support::Child>(argv, data + "/stderr");
  std::istringstream lines(support::WaitForFile(endpoints));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("http=")) http_ = line.substr(5);
    if (line.starts_with("grpc=")) grpc_ = line.substr(5);
  }
  EXPECT_FALSE(grpc_.empty()) << child_->ReadStderr();
  admin_token_ = ReadFile(data + "/admin.token");
  join_token_ = ReadFile(data + "/gateway.token");
}

std::shared_ptr<grpc::Channel> RegistryProcess::Channel() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(20 << 20);
  arguments.SetMaxSendMessageSize(20 << 20);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(grpc_, grpc::InsecureChannelCredentials(), arguments);
}

support::RawResponse RegistryProcess::Post(const std::string& method, const std::string& json,
                                           const std::string& head) const {
  const std::string type =
      head.find("Content-Type:") == std::string::npos ? "Content-Type: application/json\r\n" : "";
  return support::Exchange(
      http_, "POST /api/portolan.v1." + method + " HTTP/1.1\r\nHost: localhost\r\n" + type + head +
                 "Content-Length: " + std::to_string(json.size()) + "\r\n\r\n" + json);
}

support::RawResponse RegistryProcess::AdminPost(const std::string& method,
                                                const std::string& json) const {
  return Post(method, json, "Authorization: Bearer " + admin_token_ + "\r\n");
}

support::RawResponse RegistryProcess::Get(const std::string& path, const std::string& head) const {
  const std::string host = head.find("Host:") == std::string::npos ? "Host: localhost\r\n" : "";
  return support::Exchange(http_, "GET " + path + " HTTP/1.1\r\n" + host + head + "\r\n");
}

std::unique_ptr<grpc::ClientContext> With(const std::string& token) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  if (!token.empty()) context->AddMetadata("authorization", "Bearer " + token);
  return context;
}

v1::PutRequest HttpServer(const std::string& name) {
  v1::PutRequest request;
  request.mutable_resource()->set_name(name);
  request.mutable_resource()
      ->mutable_server()
      ->mutable_endpoint()
      ->mutable_streamable_http()
      ->set_url("http://127.0.0.1:9/mcp");
  return request;
}

}  // namespace registry
