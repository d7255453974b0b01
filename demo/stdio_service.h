// The demo over stdin and stdout: one JSON-RPC message a line, in either era.
//
// Requests run side by side; notifications/cancelled ends the one it names. One thread. Ends when
// stdin does.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>
#include <string>
#include <string_view>

#include "base/auth/principal.h"
#include "base/cancel.h"
#include "base/loop.h"
#include "base/task.h"
#include "demo/era.h"
#include "mcp/handler.h"

namespace demo {

class StdioService {
 public:
  StdioService(base::Loop& loop, mcp::Handler& handler, Era era);

  // Reads to the end of stdin; then the loop is stopped once every request was answered.
  base::Task<void> Run();

 private:
  class Caller;

  // Bytes of stdin, none at its end.
  base::Task<std::size_t> Read(char* buffer, std::size_t size);
  void Take(std::string_view line);
  base::Task<void> Answer(std::string message);
  // The whole JSON-RPC answer to a request.
  base::Task<std::string> AnswerTo(const std::string& message, const mcp::Envelope& envelope);
  // What the handler says; `cancel` ends it.
  base::Task<std::string> Ask(const std::string& message, mcp::Revision revision,
                              base::CancelSignal& cancel);
  base::Task<std::string> Initialize(std::string_view raw_id, std::string_view params);
  void Write(std::string_view message);

  // Constant after construction
  base::Loop& loop_;
  mcp::Handler& handler_;
  const Era era_;
  const base::auth::Principal principal_;

  boost::asio::posix::stream_descriptor input_;
  bool input_is_file_ = false;  // which cannot be waited for, and never needs to be
  std::map<std::string, base::CancelSignal*, std::less<>> running_;  // by raw id
  std::size_t active_ = 0;
  bool ended_ = false;
};

}  // namespace demo
