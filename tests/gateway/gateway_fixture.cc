#include "tests/gateway/gateway_fixture.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <future>

#include "base/auth/api_key.h"
#include "policy/identity_provider.h"

namespace support {

namespace v1 = portolan::v1;
using boost::asio::ip::tcp;

namespace {

// Any server asked through the tests' gateway is this one.
class CountingServer final : public mcp::Handler {
 public:
  CountingServer(GatewayFixture& fixture, base::Loop& loop) : fixture_(fixture), loop_(loop) {}
  base::Task<mcp::Response> Handle(mcp::Call& call) override {
    ++fixture_.server_calls;
    if (fixture_.server) co_return co_await fixture_.server(call, loop_);
    if (!call.is_request()) co_return mcp::Response::Accepted();
    co_return mcp::Response::Message(ResultMessage(
        call, R"({"content":[{"type":"text","text":"hello"}],"resultType":"complete"})"));
  }

 private:
  GatewayFixture& fixture_;
  base::Loop& loop_;
};

template <class Message>
Message Parse(const std::string& text) {
  Message message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

HttpAnswer Read(tcp::socket& socket) {
  HttpAnswer answer;
  boost::asio::streambuf buffer;
  boost::system::error_code error;
  boost::asio::read_until(socket, buffer, "\r\n\r\n", error);
  std::string bytes(boost::asio::buffers_begin(buffer.data()),
                    boost::asio::buffers_end(buffer.data()));
  const auto head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string::npos) return answer;
  answer.status = std::atoi(bytes.c_str() + 9);
  for (std::size_t at = bytes.find("\r\n") + 2; at < head_end;) {
    const auto end = bytes.find("\r\n", at);
    const std::string line = bytes.substr(at, end - at);
    const auto colon = line.find(": ");
    answer.fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    at = end + 2;
  }
  answer.body = bytes.substr(head_end + 4);
  if (answer.status == 204) return answer;
  const std::string length = answer.Field("Content-Length");
  if (!length.empty()) {
    const auto wanted = static_cast<std::size_t>(std::atoll(length.c_str()));
    if (answer.body.size() < wanted) {
      const std::size_t had = answer.body.size();
      answer.body.resize(wanted);
      boost::asio::read(socket, boost::asio::buffer(answer.body.data() + had, wanted - had), error);
    }
    return answer;
  }
  // Chunked, or up to the end: as it lies.
  while (answer.body.find("0\r\n\r\n") == std::string::npos) {
    std::array<char, 4096> more;
    const std::size_t size = socket.read_some(boost::asio::buffer(more), error);
    if (error) break;
    answer.body.append(more.data(), size);
  }
  return answer;
}

}  // namespace

std::string HttpAnswer::Field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (base::http::EqualsIgnoreCase(key, name)) return value;
  }
  return {};
}

GatewayFixture::GatewayFixture(Options options)
    : rule_state(options.rule_clock ? *options.rule_clock : clock),
      providers_(key_thread_.loop(), *key_client_, clock, options.fetch_keys_within) {
  rule_state.upstream_tokens.FetchBy(key_thread_.loop(), *key_client_);
  const base::http::ListenAddress loopback{"127.0.0.1", 0};
  auto hosts = gateway::Hosts::Of(loopback, "", options.portal_url);
  EXPECT_TRUE(hosts);
  gate_.hosts = std::move(*hosts);
  for (const std::string& range : options.trusted_proxies)
    EXPECT_TRUE(gate_.trusted_proxies.Add(range));
  gate_.trusted_proxies.Seal();
  shared_.reset(new gateway::SharedByWorkers{
      .clock = clock,
      .gate = gate_,
      .backend_limits = backend_limits_,
      .server_limits = {},
      .max_body_bytes = options.max_body_bytes,
      .flood = flood_,
      .tokens = tokens_,
      .providers = providers_,
      .ended_sessions = ended_,
      .sessions = sessions_,
      .make_backend = [this, real = options.real_servers](
                          const std::string& name, const v1::Server& spec,
                          gateway::BackendContext& context) -> std::shared_ptr<mcp::Handler> {
        if (real) return gateway::MakeBackend(name, spec, context);
        return std::make_shared<CountingServer>(*this, context.loop);
      },
      .upstreams = upstreams_,
      .stdio = nullptr,
      .reporter = records});
  const std::vector<std::string> ring = {std::string(32, 'k')};
  for (int i = 0; i < options.workers; ++i) {
    const base::http::ListenAddress address = i == 0 ? loopback : workers_.front()->address();
    auto worker = gateway::Worker::Listen(address, ring, *shared_);
    if (!worker) ADD_FAILURE() << worker.error().message;
    workers_.push_back(std::move(*worker));
  }
  for (auto& worker : workers_) worker->Start();
  v1::Changes empty_catalog;
  empty_catalog.set_complete(true);
  snapshot_.Apply(empty_catalog);
}

GatewayFixture::~GatewayFixture() {
  StopProviders();
  workers_.clear();
  key_thread_.Do([this] { key_client_.reset(); });
}

void GatewayFixture::StopProviders() {
  key_thread_.Do([this] {
    providers_.Stop();
    rule_state.upstream_tokens.Stop();
  });
}

void GatewayFixture::Put(const std::string& kind, const std::string& resource_text) {
  v1::Changes changes;
  v1::Resource& resource = *changes.add_changes()->mutable_resource();
  resource = Parse<v1::Resource>(resource_text);
  resource.set_kind(kind);
  resource.set_revision(++revision_);
  resource.set_updated_at_ms(1'790'000'000'000);
  changes.set_revision(revision_);
  for (const v1::Rejection& rejection : snapshot_.Apply(changes))
    ADD_FAILURE() << rejection.message();
}

void GatewayFixture::Delete(const std::string& kind, const std::string& name) {
  if (kind == "IdentityProvider") providers_.Remove(name);
  if (kind == "Credential") rule_state.upstream_tokens.Remove(name);
  v1::Changes changes;
  v1::Change& change = *changes.add_changes();
  change.set_deleted(true);
  change.mutable_resource()->set_kind(kind);
  change.mutable_resource()->set_name(name);
  changes.set_revision(++revision_);
  snapshot_.Apply(changes);
}

void GatewayFixture::PutDefinitions(const std::string& definitions_text) {
  snapshot_.Apply(Parse<v1::ServerDefinitions>(definitions_text));
}

void GatewayFixture::PutServer(const std::string& name, const std::string& more) {
  Put("Server", "name: 'local/" + name + "' server { base_path: '" + name +
                    "' endpoint { streamable_http { url: 'http://127.0.0.1:1/mcp' } } " + more +
                    " }");
}

std::string GatewayFixture::PutKey(const std::string& consumer, const std::string& more) {
  const base::auth::NewKey key = base::auth::GenerateKey();
  Put("Consumer", "name: '" + consumer + "' consumer { }");
  v1::Changes changes;
  v1::Resource& resource = *changes.add_changes()->mutable_resource();
  resource = Parse<v1::Resource>("api_key { " + more + " }");
  resource.set_kind("ApiKey");
  resource.set_name(key.id);
  resource.mutable_api_key()->set_consumer(consumer);
  resource.mutable_api_key()->set_sha256(key.sha256);
  changes.set_revision(++revision_);
  EXPECT_TRUE(snapshot_.Apply(changes).empty());
  return key.key;
}

void GatewayFixture::Publish() {
  for (const auto& [name, provider] : snapshot_.providers())
    providers_.Put(policy::SettingsOf(name, provider->spec));
  for (const auto& [name, credential] : snapshot_.credentials())
    EXPECT_TRUE(rule_state.upstream_tokens.Put(name, credential->spec).has_value());
  table_ = gateway::Compile(snapshot_, *table_, rule_state);
  for (auto& worker : workers_) {
    auto in_force = std::make_shared<std::promise<void>>();
    std::future<void> done = in_force->get_future();
    worker->SetTable(table_, [in_force] { in_force->set_value(); });
    done.wait();
  }
  for (auto& worker : workers_) worker->TellListeners(table_);
}

void GatewayFixture::SetKeys(const gateway::FeedKeys& keys) {
  for (auto& worker : workers_) worker->SetKeys(keys);
}

void GatewayFixture::Drain() {
  for (auto& worker : workers_) worker->Drain();
}

tcp::socket GatewayFixture::Connect(boost::asio::io_context& io) const {
  tcp::socket socket(io);
  socket.connect({boost::asio::ip::make_address("127.0.0.1"), port()});
  return socket;
}

HttpAnswer GatewayFixture::Receive(tcp::socket& socket) { return Read(socket); }

HttpAnswer GatewayFixture::Send(const std::string& bytes) const {
  ++sent_;
  boost::asio::io_context io;
  tcp::socket socket = Connect(io);
  boost::system::error_code error;
  boost::asio::write(socket, boost::asio::buffer(bytes), error);
  return Read(socket);
}

std::string GatewayFixture::Request(const std::string& path, const std::string& body,
                                    const std::string& more) const {
  std::string bytes = "POST " + path + " HTTP/1.1\r\n";
  if (more.find("Host: ") == std::string::npos) bytes += "Host: " + host() + "\r\n";
  bytes += "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n";
  return bytes + more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

HttpAnswer GatewayFixture::Post(const std::string& path, const std::string& body,
                                const std::string& more) const {
  return Send(Request(path, body, more));
}

std::string GatewayFixture::ToolCall(const std::string& path, const std::string& tool,
                                     const std::string& more) const {
  return Request(path,
                 ModernRequest("41", "tools/call", R"("name":")" + tool + R"(","arguments":{})"),
                 "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: " + tool +
                     "\r\n" + more);
}

HttpAnswer GatewayFixture::CallTool(const std::string& path, const std::string& tool,
                                    const std::string& more) const {
  return Send(ToolCall(path, tool, more));
}

std::string ModernRequest(const std::string& id, const std::string& method,
                          const std::string& params_members) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + method + R"(","params":{)" +
         params_members + (params_members.empty() ? "" : ",") +
         R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"}}}})";
}

}  // namespace support
