// Asides are the messages that go to a server beside the calls of one session (answers to its
// pings and questions, cancellations), each in a request of its own. A few are on their way at a
// time and some more wait in order; what comes then is refused, since a server that asks faster
// than it listens must not cost us a connection for each question.
//
// A value without sockets: whoever sends asks it what goes next. One loop.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

namespace gateway {

class Asides {
 public:
  static constexpr std::size_t kAtOnce = 16;
  static constexpr std::size_t kMaxWaiting = 64;
  static constexpr std::size_t kMaxWaitingBytes = 4 * 1024 * 1024;

  enum class Verdict { kSend, kWaits, kRefused };
  // kSend: it is the caller's to send now, who calls Sent once; else it was taken, or dropped.
  Verdict Add(std::string& message);
  // One is over: the next to be sent in its place.
  std::optional<std::string> Sent();

  bool idle() const { return on_their_way_ == 0; }
  // True once, at the first that was refused: for one line of the log.
  bool TakeComplaint();

 private:
  std::size_t on_their_way_ = 0;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  enum class Complaint { kNone, kDue, kMade } complaint_ = Complaint::kNone;
};

}  // namespace gateway
