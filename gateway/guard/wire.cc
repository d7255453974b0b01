#include "gateway/guard/wire.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace gateway::guard_wire {
namespace {

constexpr std::size_t kMaxDescriptors = 3;

class Writer {
 public:
  void Number(std::uint64_t value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_.append(text);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t Number() {
    std::uint64_t value = 0;
    if (rest_.size() < sizeof value) {
      ok_ = false;
      return 0;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string Text() {
    const std::uint64_t size = Number();
    if (size > rest_.size()) {
      ok_ = false;
      return {};
    }
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  // A count of things that take at least one number each.
  std::uint64_t Count() {
    const std::uint64_t count = Number();
    if (count > rest_.size() / sizeof count) ok_ = false;
    return ok_ ? count : 0;
  }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::string Encode(const Packet& packet) {
  Writer out;
  out.Number(static_cast<std::uint64_t>(packet.type));
  out.Number(packet.id);
  out.Number(static_cast<std::uint64_t>(packet.pid));
  out.Number(static_cast<std::uint64_t>(packet.exit.status));
  out.Number(static_cast<std::uint64_t>(packet.exit.signal));
  out.Text(packet.exit.message);
  const Guard::Program& program = packet.program;
  out.Text(program.command);
  out.Text(program.cwd);
  out.Number(program.max_memory_bytes);
  out.Number(program.args.size());
  for (const std::string& arg : program.args) out.Text(arg);
  out.Number(program.environment.size());
  for (const auto& [name, value] : program.environment) {
    out.Text(name);
    out.Text(value);
  }
  return out.Take();
}

std::optional<Packet> Decode(std::string_view bytes) {
  Reader in(bytes);
  Packet packet;
  const std::uint64_t type = in.Number();
  if (type < 1 || type > static_cast<std::uint64_t>(Packet::Type::kExited)) return std::nullopt;
  packet.type = static_cast<Packet::Type>(type);
  packet.id = static_cast<std::uint32_t>(in.Number());
  packet.pid = static_cast<pid_t>(in.Number());
  packet.exit.status = static_cast<int>(in.Number());
  packet.exit.signal = static_cast<int>(in.Number());
  packet.exit.message = in.Text();
  Guard::Program& program = packet.program;
  program.command = in.Text();
  program.cwd = in.Text();
  program.max_memory_bytes = in.Number();
  for (std::uint64_t left = in.Count(); left > 0 && in.ok(); --left) {
    program.args.push_back(in.Text());
  }
  for (std::uint64_t left = in.Count(); left > 0 && in.ok(); --left) {
    std::string name = in.Text();
    std::string value = in.Text();
    program.environment.emplace_back(std::move(name), std::move(value));
  }
  if (!in.ok()) return std::nullopt;
  return packet;
}

bool Send(int socket, std::string_view bytes, std::span<const int> descriptors) {
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  while (::sendmsg(socket, &message, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return false;
  }
  return true;
}

Receipt Receive(int socket, Packet& packet) {
  std::string bytes(kMaxPacket, '\0');
  iovec piece{bytes.data(), bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t size = 0;
  while ((size = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Receipt::kNothingYet;
  if (size <= 0) return Receipt::kClosed;

  std::vector<int> descriptors;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    descriptors.resize(count);
    std::memcpy(descriptors.data(), CMSG_DATA(header), count * sizeof(int));
  }
  std::optional<Packet> decoded =
      Decode(std::string_view(bytes).substr(0, static_cast<std::size_t>(size)));
  if (!decoded) {
    for (const int descriptor : descriptors) ::close(descriptor);
    return Receipt::kClosed;
  }
  packet = *std::move(decoded);
  packet.descriptors = std::move(descriptors);
  return Receipt::kPacket;
}

}  // namespace gateway::guard_wire
