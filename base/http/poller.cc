#include "base/http/poller.h"

#include <algorithm>

namespace base::http {
namespace {

// Then the rest of the loop has its turn.
constexpr int kMaxRounds = 4;
// So many wait for each other before they are sent.
constexpr std::size_t kMaxToFlush = 32;

}  // namespace

boost::asio::execution_context::id Poller::id;

Poller::Poller(boost::asio::execution_context& context)
    : service(context),
      set_(static_cast<boost::asio::io_context&>(context), ::epoll_create1(EPOLL_CLOEXEC)) {}

bool Poller::Add(int socket, Watcher& watcher) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
  event.data.ptr = &watcher;
  if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, socket, &event) != 0) return false;
  ++registered_;
  Wait();
  return true;
}

void Poller::Remove(int socket, const Watcher& watcher) {
  --registered_;
  std::for_each(events_.begin() + next_, events_.begin() + end_, [&](epoll_event& event) {
    if (event.data.ptr == &watcher) event.data.ptr = nullptr;
  });
  std::erase(to_flush_, &watcher);
  if (shut_down_) return;
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, socket, nullptr);
  boost::system::error_code ignored;
  if (registered_ == 0) set_.cancel(ignored);
}

void Poller::shutdown() {
  shut_down_ = true;
  boost::system::error_code ignored;
  set_.close(ignored);
}

void Poller::Wait() {
  if (waiting_ || registered_ == 0 || shut_down_) return;
  waiting_ = true;
  set_.async_wait(Descriptor::wait_read, [this](const boost::system::error_code& error) {
    waiting_ = false;
    if (!error) Dispatch();
    Wait();
  });
}

void Poller::Dispatch() {
  for (int round = 0; round < kMaxRounds; ++round) {
    const int got =
        ::epoll_wait(set_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
    end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
    telling_ = true;
    for (next_ = 0; next_ < end_;) {
      const epoll_event event = events_[next_++];
      if (event.data.ptr) static_cast<Watcher*>(event.data.ptr)->OnReady(event.events);
      if (to_flush_.size() >= kMaxToFlush) FlushAll();
    }
    telling_ = false;
    FlushAll();
    const bool was_full = end_ == events_.size();
    next_ = end_ = 0;
    // What did not fit is told in the next turn: waiting looks anew.
    if (!was_full) return;
  }
}

void Poller::FlushAll() {
  for (Watcher* watcher : to_flush_) watcher->Flush();
  to_flush_.clear();
}

}  // namespace base::http
