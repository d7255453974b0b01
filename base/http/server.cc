#include "base/http/server.h"

#include <spdlog/spdlog.h>

#include <boost/intrusive/list.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/error_codes.h"
#include "base/http/listen_socket.h"
#include "base/http/server_connection.h"

namespace base::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// When the process has no descriptors left.
constexpr std::chrono::milliseconds kAcceptPause{100};

std::string AddressOf(const boost::asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
        .to_string();
  }
  return address.to_string();
}

class TcpServer final : public Server, private ConnectionHost {
 public:
  TcpServer(Loop& own_loop, const ServerLimits& own_limits, Service& own_service,
            TcpAcceptor acceptor, ListenAddress address, std::shared_ptr<const TlsContext> own_tls)
      : ConnectionHost(own_loop, own_limits, own_service),
        acceptor_(std::move(acceptor)),
        address_(std::move(address)),
        alive_(std::make_shared<bool>(true)) {
    tls = std::move(own_tls);
  }

  ~TcpServer() override {
    *alive_ = false;
    Stop();
    while (!connections_.empty()) {
      connections_.front().Abandon();
      if (!connections_.empty()) Remove(connections_.front());
    }
  }

  const ListenAddress& address() const override { return address_; }
  void Start() override { Accept(); }
  void UseTls(std::shared_ptr<const TlsContext> changed) override { tls = std::move(changed); }

  void Drain() override {
    draining = true;
    error_code ignored;
    acceptor_.close(ignored);
    for (const auto& connection : Snapshot()) connection->Retire();
  }

  void Stop() override {
    draining = true;
    error_code ignored;
    acceptor_.close(ignored);
    for (const auto& connection : Snapshot()) connection->Close();
  }

  std::size_t connections() const override { return connections_.size(); }
  std::size_t active() const override { return ConnectionHost::active; }

  void Remove(ServerConnection& connection) override {
    connections_.erase(connections_.iterator_to(connection));
    intrusive_ptr_release(&connection);
    if (full_ && !draining) {
      full_ = false;
      Accept();
    }
  }

 private:
  using ConnectionPtr = boost::intrusive_ptr<ServerConnection>;

  std::vector<ConnectionPtr> Snapshot() {
    std::vector<ConnectionPtr> all;
    all.reserve(connections_.size());
    for (ServerConnection& connection : connections_) all.emplace_back(&connection);
    return all;
  }

  void Accept() {
    if (connections_.size() >= limits.max_connections && !EvictIdle()) {
      full_ = true;
      return;
    }
    acceptor_.async_accept(
        peer_,
        [this, alive = alive_](
            const error_code& error,
            boost::asio::basic_stream_socket<tcp, boost::asio::io_context::executor_type> socket) {
          if (*alive && acceptor_.is_open()) OnAccept(error, std::move(socket));
        });
  }

  void OnAccept(const error_code& error, TcpSocket socket) {
    if (error) {
      if (error == boost::asio::error::operation_aborted) return;
      spdlog::warn("accept on {}: {}", address_.ToString(), error.message());
      loop.timers.Arm(
          pause_, kAcceptPause, [](void* self) { static_cast<TcpServer*>(self)->Accept(); }, this);
      return;
    }
    ConnectionPtr connection(
        new ServerConnection(*this, std::move(socket), AddressOf(peer_.address())));
    intrusive_ptr_add_ref(connection.get());
    connections_.push_back(*connection);
    connection->Start();
    Accept();
  }

  // Makes room by closing the connection that came first of those that do nothing.
  bool EvictIdle() {
    for (ServerConnection& connection : connections_) {
      if (!connection.idle()) continue;
      ConnectionPtr held(&connection);
      held->Abandon();
      Remove(*held);
      return true;
    }
    return false;
  }

  TcpAcceptor acceptor_;
  tcp::endpoint peer_;
  ListenAddress address_;
  // Outlives the server in the pending accept.
  std::shared_ptr<bool> alive_;
  Timers::Timer pause_;
  bool full_ = false;
  boost::intrusive::list<ServerConnection> connections_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::Listen(Loop& loop, const ListenAddress& address,
                                               bool share_port, const ServerLimits& limits,
                                               Service& service,
                                               std::shared_ptr<const TlsContext> tls) {
  auto acceptor = OpenListenSocket(loop.io, address, share_port);
  if (!acceptor) return acceptor.error();
  ListenAddress bound = address;
  bound.port = acceptor->local_endpoint().port();
  return std::unique_ptr<Server>(std::make_unique<TcpServer>(
      loop, limits, service, std::move(*acceptor), std::move(bound), std::move(tls)));
}

}  // namespace base::http
