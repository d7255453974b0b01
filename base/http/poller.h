// A Poller tells the wires of one loop when their sockets are ready: an epoll set of its own, which
// Asio waits for as for any descriptor.
//
// Asio tries each receive before it waits for one, and does not hear that a peer has hung up. Here
// a socket is registered once, edge-triggered, for bytes, room and hang-up (EPOLLRDHUP), so whoever
// was told everything need not ask again: that saves a system call for each message, and a turn of
// the loop costs two more.
//
// One thread. A service of its io_context: made when first asked for, gone with it. Keeps run()
// from returning while a socket is registered.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <vector>

namespace base::http {

class Poller final : public boost::asio::execution_context::service {
 public:
  // Whoever a socket belongs to.
  class Watcher {
   public:
    // `events`: EPOLLIN and so on, as they have become true since the last time. May remove itself
    // and others.
    virtual void OnReady(std::uint32_t events) = 0;
    // What FlushLater asked for. Must not remove anybody.
    virtual void Flush() = 0;

   protected:
    ~Watcher() = default;
  };

  static boost::asio::execution_context::id id;
  static Poller& Of(boost::asio::io_context& io) { return boost::asio::use_service<Poller>(io); }
  explicit Poller(boost::asio::execution_context& context);

  // False: errno says why.
  bool Add(int socket, Watcher& watcher);
  // REQUIRES: the socket is still open. No event comes afterwards.
  void Remove(int socket, const Watcher& watcher);

  // Events are being told, and Flush comes when all at hand have been: what many wires have to send
  // then goes out together, and a peer that serves several of them is woken once.
  bool telling() const { return telling_; }
  // REQUIRES: telling().
  void FlushLater(Watcher& watcher) { to_flush_.push_back(&watcher); }

 private:
  using Descriptor =
      boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  void shutdown() override;
  void Wait();
  void Dispatch();
  void FlushAll();

  Descriptor set_;
  std::size_t registered_ = 0;
  bool waiting_ = false;
  bool shut_down_ = false;
  // What is being told; from next_ to end_ it has not been yet.
  std::array<epoll_event, 256> events_;
  std::size_t next_ = 0;
  std::size_t end_ = 0;
  bool telling_ = false;
  std::vector<Watcher*> to_flush_;
};

}  // namespace base::http
