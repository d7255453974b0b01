// What the gateway, its guard and the guard's keepers say to each other: one message a packet of a
// SOCK_SEQPACKET pair, file descriptors beside it.
//
//   gateway -> guard   kSpawn id, program           kEnd id
//   guard -> gateway   kStarted id, pid + 3 pipes   kFailed id, text       kExited id, status,
//   signal, text guard -> keeper    kEnd keeper -> guard    kStarted pid                 kFailed
//   text           kExited status, signal, text
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/guard/guard.h"

namespace gateway::guard_wire {

inline constexpr std::size_t kMaxPacket = 256 * 1024;

struct Packet {
  enum class Type : std::uint8_t { kSpawn = 1, kEnd, kStarted, kFailed, kExited };
  Type type = Type::kEnd;
  std::uint32_t id = 0;
  pid_t pid = 0;           // kStarted
  Guard::Program program;  // kSpawn
  Guard::Exit exit;        // kExited; kFailed uses its message
  // Received: the receiver closes them.
  std::vector<int> descriptors;
};

std::string Encode(const Packet& packet);
std::optional<Packet> Decode(std::string_view bytes);

// Sends one packet; false with errno when it could not (EAGAIN on a non-blocking socket).
bool Send(int socket, std::string_view bytes, std::span<const int> descriptors = {});

enum class Receipt { kPacket, kNothingYet, kClosed };
Receipt Receive(int socket, Packet& packet);

}  // namespace gateway::guard_wire
