// The ServiceManager is whoever started this daemon and wants to hear how it is: systemd with Type=notify. Each word is
// one datagram to the socket that NOTIFY_SOCKET names (sd_notify(3) describes them); without one, nothing happens.
//
//   Ready       READY=1                      after the start, and after a Reloading
//   Reloading   RELOADING=1, MONOTONIC_USEC  what Type=notify-reload wants too
//   Stopping    STOPPING=1
//   Alive       WATCHDOG=1                   in time, or we are killed and started again
//   Status      STATUS=...                   a line for people: systemctl status
//
// Any thread. What the manager acts on (Ready, Reloading, Stopping) waits two seconds at most for room in its queue; the
// others are said again and wait for nobody.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace base {

class ServiceManager {
 public:
  // Of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; what is started later by this process finds them no more.
  static ServiceManager TakeFromEnvironment();
  // `socket`: an absolute path, or `@NAME` of an abstract one; anything else: nobody is there. `watchdog_interval`: we
  // are killed when nothing was heard for so long; zero: never.
  ServiceManager(std::string socket, std::chrono::microseconds watchdog_interval)
      : socket_(std::move(socket)), watchdog_interval_(watchdog_interval) {}

  void Ready(std::string_view status) const;
  void Reloading() const;
  void Stopping() const;
  void Alive() const;
  void Status(std::string_view status) const;

  // Whether it is time for the next Alive: three times in each interval, never where nobody watches. One thread.
  bool AliveIsDue();

 private:
  enum class Patience { kNone, kSome };
  void Send(std::string_view text, Patience patience) const;

  std::string socket_;
  std::chrono::microseconds watchdog_interval_;  // zero: nobody watches
  std::chrono::steady_clock::time_point next_alive_{};
};

}  // namespace base
