#include "base/http/listen_socket.h"

#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <mutex>
#include <set>
#include <utility>

#include "base/error_codes.h"

namespace base::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// Ports that this process shares among its sockets. The one place that must know it, whichever
// thread listens first; a port stays ours until the process ends.
std::mutex shared_mutex;
std::set<std::pair<std::string, std::uint16_t>>& SharedPorts() {
  static std::set<std::pair<std::string, std::uint16_t>> ports;
  return ports;
}

}  // namespace

Result<TcpAcceptor> OpenListenSocket(boost::asio::io_context& io, const ListenAddress& address,
                                     bool share_port) {
  const std::string what = "listen on " + address.ToString();
  error_code error;
  const auto ip = boost::asio::ip::make_address(address.host, error);
  if (error) return FromErrorCode(error, what);
  const tcp::endpoint endpoint(ip, address.port);
  TcpAcceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (error) return FromErrorCode(error, what);
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);

  std::unique_lock lock(shared_mutex, std::defer_lock);
  bool ours = false;
  if (share_port) {
    lock.lock();
    ours = SharedPorts().contains({address.host, address.port});
  }
  // The first socket binds without the option, which fails when anybody else has the port, and
  // takes the option then, so that ours may follow.
  if (ours) acceptor.set_option(ReusePort(true), error);
  acceptor.bind(endpoint, error);
  if (ours && error == boost::asio::error::address_in_use) return FromErrorCode(error, what);
  if (error) return FromErrorCode(error, what);
  if (share_port && !ours) acceptor.set_option(ReusePort(true), error);
  acceptor.listen(4096, error);
  if (error) return FromErrorCode(error, what);
  if (share_port) SharedPorts().insert({address.host, acceptor.local_endpoint().port()});
  return acceptor;
}

}  // namespace base::http
