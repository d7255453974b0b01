#include "cli/standard_streams.h"

#include <poll.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>

namespace cli {

using boost::system::error_code;

StandardStreams::StandardStreams(base::Loop& loop) : input_(loop.io), buffer_(64 * 1024) {
  error_code error;
  input_.assign(::dup(STDIN_FILENO), error);
  input_is_file_ = static_cast<bool>(error);
}

base::Task<std::size_t> StandardStreams::Read(base::CancelSignal& cancel) {
  if (input_is_file_) {
    const ssize_t count = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
    co_return count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  if (cancel.requested()) co_return 0;
  const auto stop = [this] {
    error_code ignored;
    input_.cancel(ignored);
  };
  base::CancelSignal::Hook hook(cancel, stop);
  const auto buffer = boost::asio::buffer(buffer_);
  auto [error, count] = co_await base::AwaitIo<error_code, std::size_t>(
      [&](auto handler) { input_.async_read_some(buffer, std::move(handler)); });
  co_return error ? 0 : count;
}

base::Task<base::Result<std::optional<std::string>>> StandardStreams::Next(
    base::CancelSignal& cancel) {
  for (;;) {
    const auto line = lines_.Next();
    if (!line) co_return line.error();
    if (*line) co_return std::optional<std::string>(**line);
    const std::size_t count = co_await Read(cancel);
    if (count == 0) co_return std::optional<std::string>();
    lines_.Feed({buffer_.data(), count});
  }
}

bool StandardStreams::Write(std::string_view message) {
  std::string line;
  mcp::AppendLine(line, message);
  for (std::size_t done = 0; done < line.size() && !closed_;) {
    const ssize_t count = ::write(STDOUT_FILENO, line.data() + done, line.size() - done);
    if (count > 0) done += static_cast<std::size_t>(count);
    if (count >= 0 || errno == EINTR) continue;
    // A terminal's stdin and stdout are one, and reading made it non-blocking.
    pollfd writable{STDOUT_FILENO, POLLOUT, 0};
    if (errno != EAGAIN || ::poll(&writable, 1, -1) < 0) closed_ = true;
  }
  return !closed_;
}

}  // namespace cli
