// The MCP messages on this process's stdin and stdout, one a line.
//
// One loop. Nothing else may be written to stdout.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/stdio.h"

namespace cli {

class StandardStreams {
 public:
  explicit StandardStreams(base::Loop& loop);

  // The next line of stdin; nullopt at its end or when `cancel` was requested. kResourceExhausted:
  // it is longer than a message may be, and nothing can be read any more.
  base::Task<base::Result<std::optional<std::string>>> Next(base::CancelSignal& cancel);

  // Waits until the reader has room: whoever does not read makes us wait. False: nobody reads any
  // more.
  bool Write(std::string_view message);

 private:
  base::Task<std::size_t> Read(base::CancelSignal& cancel);

  boost::asio::posix::stream_descriptor input_;
  bool input_is_file_ = false;  // which cannot be waited for, and never needs to be
  std::vector<char> buffer_;
  mcp::LineReader lines_;
  bool closed_ = false;
};

}  // namespace cli
