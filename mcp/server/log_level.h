// How grave a log message is (RFC 5424's names, as MCP uses them), gravest last.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace mcp {

enum class LogLevel { kDebug, kInfo, kNotice, kWarning, kError, kCritical, kAlert, kEmergency };

inline constexpr std::array<std::string_view, 8> kLogLevelNames = {
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

inline std::string_view ToString(LogLevel level) {
  return kLogLevelNames[static_cast<std::size_t>(level)];
}

inline std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (std::size_t i = 0; i < kLogLevelNames.size(); ++i)
    if (kLogLevelNames[i] == name) return static_cast<LogLevel>(i);
  return std::nullopt;
}

}  // namespace mcp
