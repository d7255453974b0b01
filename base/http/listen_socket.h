// Opens the socket that a server accepts on.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/http/server.h"
#include "base/result.h"

namespace base::http {

using TcpAcceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                       boost::asio::io_context::executor_type>;

// Bound and listening. With `share_port` further sockets of this process may bind the same port;
// one of another process may not be there yet, and cannot come later.
Result<TcpAcceptor> OpenListenSocket(boost::asio::io_context& io, const ListenAddress& address,
                                     bool share_port);

}  // namespace base::http
