// bench_load: sends tool calls over raw sockets and checks every answer. Prints one line of JSON.
//
// Closed loop: each connection sends its next call when the last was answered. Open loop (--rate):
// calls begin on a schedule, and latency counts from when a call should have begun, so that a
// stalled server cannot hide what it stalled. Requests are rendered once; only the ten digits of
// the id are patched in.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/histogram.h"

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::nanoseconds;

constexpr std::size_t kIdDigits = 10;
constexpr std::string_view kIdMark = "\"id\":";

struct Options {
  std::uint16_t port = 0;
  std::string path = "/mcp";
  std::string method = "tools/call";
  std::string tool = "text_300";      // of tools/call
  int status = 200;                   // what every answer must have
  std::string expect = "\"result\"";  // what every body must contain
  bool any_id = false;                // the answers are always the same
  std::vector<std::string> fields;    // further header lines, shared out among the connections
  std::size_t at_least = 300;         // bytes of a body
  std::size_t events = 0;             // `data:` lines of an event stream; 0: plain JSON
  std::size_t argument = 0;           // bytes of the argument
  int connections = 1;
  std::uint64_t calls = 1000;
  double rate = 0;
  bool first_event = false;  // latency ends with the first event of the answer
};

[[noreturn]] void Die(const std::string& why) {
  std::cerr << "bench_load: " << why << "\n";
  std::exit(1);
}

// The request's bytes, and where its id lies.
struct Template {
  std::string bytes;
  std::size_t id_at = 0;

  Template(const Options& options, std::size_t connection) {
    const bool is_call = options.method == "tools/call";
    std::string body =
        R"({"jsonrpc":"2.0","id":1000000000,"method":")" + options.method + R"(","params":{)";
    if (is_call) {
      body += R"("name":")" + options.tool + R"(","arguments":{"text":")" +
              std::string(options.argument, 'a') + R"("},)";
    }
    body += R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
            R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
    bytes = "POST " + options.path +
            " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) +
            "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " +
            options.method + "\r\n" + (is_call ? "Mcp-Name: " + options.tool + "\r\n" : "") +
            (options.fields.empty() ? ""
                                    : options.fields[connection % options.fields.size()] + "\r\n") +
            "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    id_at = bytes.size() + body.find("1000000000");
    bytes += body;
  }
};

struct Connection {
  int socket = -1;
  std::string request;
  std::size_t id_at = 0;
  std::string input;
  std::uint64_t id = 0;
  bool busy = false;
  bool heard = false;  // its first event
  Clock::time_point began;
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  void Run() {
    std::vector<Connection> connections(static_cast<std::size_t>(options_.connections));
    for (std::size_t i = 0; i < connections.size(); ++i) Open(connections[i], i);
    const Clock::time_point start = Clock::now();
    for (Connection& connection : connections) {
      if (options_.rate > 0) {
        idle_.push_back(&connection);
      } else if (begun_ < options_.calls) {
        Begin(connection, Clock::now());
      }
    }
    std::vector<epoll_event> events(512);
    while (ended_ < options_.calls) {
      int patience = 20'000;
      if (options_.rate > 0) patience = BeginDue(start);
      const int ready =
          epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), patience);
      if (ready == 0 && patience == 20'000) Die("no answer for 20 s");
      for (int i = 0; i < ready; ++i) {
        Receive(connections[events[static_cast<std::size_t>(i)].data.u64]);
      }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    std::printf(
        "{\"calls\":%llu,\"seconds\":%.6f,\"calls_per_s\":%.1f,\"p50_us\":%llu,\"p99_us\":%llu,"
        "\"p999_us\":%llu}\n",
        static_cast<unsigned long long>(ended_), seconds, static_cast<double>(ended_) / seconds,
        static_cast<unsigned long long>(latencies_.At(0.5)),
        static_cast<unsigned long long>(latencies_.At(0.99)),
        static_cast<unsigned long long>(latencies_.At(0.999)));
    for (Connection& connection : connections) ::close(connection.socket);
  }

 private:
  void Open(Connection& connection, std::size_t number) {
    connection.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      Die(std::string("connect: ") + std::strerror(errno));
    }
    const int on = 1;
    ::setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Template made(options_, number);
    connection.request = std::move(made.bytes);
    connection.id_at = made.id_at;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
  }

  // Starts what the schedule says; how long until the next, in whole milliseconds.
  int BeginDue(Clock::time_point start) {
    const Clock::time_point now = Clock::now();
    while (scheduled_ < options_.calls) {
      const auto due = start + duration_cast<nanoseconds>(std::chrono::duration<double>(
                                   static_cast<double>(scheduled_) / options_.rate));
      if (due > now) {
        if (idle_.empty() || waiting_.empty())
          return static_cast<int>(duration_cast<microseconds>(due - now).count() / 1000);
        break;
      }
      waiting_.push_back(due);
      ++scheduled_;
      BeginWaiting();
    }
    return scheduled_ < options_.calls ? 0 : 20'000;
  }

  void BeginWaiting() {
    while (!waiting_.empty() && !idle_.empty()) {
      Connection& connection = *idle_.back();
      idle_.pop_back();
      Begin(connection, waiting_.front());
      waiting_.pop_front();
    }
  }

  void Begin(Connection& connection, Clock::time_point intended) {
    connection.id = 1'000'000'000 + begun_++;
    char* const digits = connection.request.data() + connection.id_at;
    std::to_chars(digits, digits + kIdDigits, connection.id);
    connection.began = intended;
    connection.busy = true;
    std::string_view rest = connection.request;
    while (!rest.empty()) {
      const ssize_t sent = ::send(connection.socket, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) Die(std::string("send: ") + std::strerror(errno));
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void Receive(Connection& connection) {
    static char room[256 * 1024];
    const ssize_t got = ::recv(connection.socket, room, sizeof(room), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) Die("the connection was closed after: " + connection.input.substr(0, 500));
    connection.input.append(room, static_cast<std::size_t>(got));
    if (!connection.busy)
      Die("an answer that nobody asked for: " + connection.input.substr(0, 500));
    if (options_.first_event && !connection.heard && HasEvent(connection.input)) {
      connection.heard = true;
      NoteLatency(connection);
    }
    if (!Whole(connection.input)) return;
    Check(connection);
    if (!options_.first_event) NoteLatency(connection);
    connection.input.clear();
    connection.busy = connection.heard = false;
    ++ended_;
    if (options_.rate > 0) {
      idle_.push_back(&connection);
      BeginWaiting();
    } else if (begun_ < options_.calls) {
      Begin(connection, Clock::now());
    }
  }

  void NoteLatency(const Connection& connection) {
    latencies_.Add(static_cast<std::uint64_t>(
        duration_cast<microseconds>(Clock::now() - connection.began).count()));
  }

  static bool HasEvent(std::string_view input) {
    const std::size_t data = input.find("data: ");
    return data != std::string_view::npos && input.find("\n\n", data) != std::string_view::npos;
  }

  static std::size_t FindField(std::string_view head, std::string_view name) {
    for (std::size_t at = 0; at + name.size() < head.size(); ++at) {
      if (head[at] == '\n' && strncasecmp(head.data() + at + 1, name.data(), name.size()) == 0)
        return at + 1 + name.size();
    }
    return std::string_view::npos;
  }

  // Whether one answer lies in `input`; more than one is an error.
  bool Whole(std::string_view input) {
    const std::size_t head_end = input.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return false;
    const std::string_view head = input.substr(0, head_end + 2);
    body_at_ = head_end + 4;
    const std::size_t length_at = FindField(head, "content-length:");
    if (length_at != std::string_view::npos) {
      const std::size_t whole = body_at_ + std::strtoull(head.data() + length_at, nullptr, 10);
      if (input.size() > whole) Die("more than one answer came");
      return input.size() == whole;
    }
    return input.ends_with("\r\n0\r\n\r\n");
  }

  void Check(const Connection& connection) {
    const std::string_view input = connection.input;
    const std::string_view body = input.substr(body_at_);
    const auto wrong = [&](const char* what) {
      Die(std::string(what) + ": " + std::string(input.substr(0, 1000)));
    };
    if (!input.starts_with(status_line_)) wrong("another status");
    if (body.size() < options_.at_least) wrong("too short");
    if (body.find(options_.expect) == std::string_view::npos) wrong("not what was expected");
    if (options_.any_id) return;
    // In a stream the answer is the last event.
    const std::size_t id = options_.events > 0 ? body.rfind(kIdMark) : body.find(kIdMark);
    if (id == std::string_view::npos) wrong("no id");
    std::uint64_t number = 0;
    const std::size_t digits = body.find_first_not_of(' ', id + kIdMark.size());
    std::from_chars(body.data() + digits, body.data() + body.size(), number);
    if (number != connection.id) wrong("another call's id");
    std::size_t events = 0;
    for (std::size_t at = body.find("data: "); options_.events > 0 && at != std::string_view::npos;
         at = body.find("data: ", at + 6)) {
      ++events;
    }
    if (events != options_.events) wrong("wrong number of events");
  }

  const Options& options_;
  const std::string status_line_ = "HTTP/1.1 " + std::to_string(options_.status) + " ";
  const int epoll_;
  std::uint64_t begun_ = 0, ended_ = 0, scheduled_ = 0;
  std::vector<Connection*> idle_;
  std::deque<Clock::time_point>
      waiting_;  // calls whose time has come while all connections are busy
  std::size_t body_at_ = 0;
  bench::Histogram latencies_;
};

Options Read(int count, char** arguments) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view flag = arguments[i];
    const char* value = arguments[i + 1];
    if (flag == "--port") {
      options.port = static_cast<std::uint16_t>(std::atoi(value));
    } else if (flag == "--path") {
      options.path = value;
    } else if (flag == "--method") {
      options.method = value;
    } else if (flag == "--status") {
      options.status = std::atoi(value);
    } else if (flag == "--expect") {
      options.expect = value;
    } else if (flag == "--any-id") {
      options.any_id = std::string_view(value) == "yes";
    } else if (flag == "--tool") {
      options.tool = value;
    } else if (flag == "--field") {
      options.fields.push_back(value);
    } else if (flag == "--at-least") {
      options.at_least = std::strtoull(value, nullptr, 10);
    } else if (flag == "--events") {
      options.events = std::strtoull(value, nullptr, 10);
    } else if (flag == "--argument") {
      options.argument = std::strtoull(value, nullptr, 10);
    } else if (flag == "--connections") {
      options.connections = std::atoi(value);
    } else if (flag == "--calls") {
      options.calls = std::strtoull(value, nullptr, 10);
    } else if (flag == "--first-event") {
      options.first_event = std::string_view(value) == "yes";
    } else if (flag == "--rate") {
      options.rate = std::atof(value);
    } else {
      Die("unknown flag " + std::string(flag));
    }
  }
  if (options.port == 0 || options.connections < 1) Die("--port and --connections are needed");
  return options;
}

}  // namespace

int main(int count, char** arguments) {
  const Options options = Read(count, arguments);
  Load(options).Run();
}
