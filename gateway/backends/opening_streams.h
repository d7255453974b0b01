// OpeningStreams hold the calls of a session back while its event stream is being opened.
//
// A server of an older revision may answer a call in part on the stream that its client opened by
// GET: a question, a changed list. While nobody follows that stream, many servers drop what they
// would push. A client opens it and goes on without waiting, and its next request reaches its
// server behind the GET; here a connection, a worker or a handshake may lie between the two.
//
// Thread-safe; whoever waits resumes on its own loop.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/loop.h"
#include "base/task.h"

namespace gateway {

class OpeningStreams {
 public:
  // The stream of the session under `key` is being opened, until this is destroyed.
  class Opening {
   public:
    Opening(OpeningStreams& all, std::string key);
    ~Opening();
    Opening(const Opening&) = delete;
    Opening& operator=(const Opening&) = delete;

   private:
    OpeningStreams& all_;
    const std::string key_;
  };

  // Returns at once when no stream of the session is being opened; else when it is, or when
  // `cancel` is requested.
  base::Task<> Wait(base::Loop& loop, std::string key, base::CancelSignal& cancel);

  // Some servers send the head of a stream with its first event, so that nobody can tell when it is
  // open. Nobody waits for the streams of such a server again.
  void NoteHead(bool came_in_time) { late_.store(!came_in_time, std::memory_order_relaxed); }

 private:
  struct Entry {
    int openings = 0;
    std::vector<std::function<void()>> waiters;
  };

  std::atomic<int> count_ = 0;
  std::atomic<bool> late_ = false;
  std::mutex mutex_;
  std::map<std::string, Entry> opening_;  // under mutex_
};

}  // namespace gateway
