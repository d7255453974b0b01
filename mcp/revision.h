// MCP's protocol revisions.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace mcp {

enum class Revision { k2024_11_05, k2025_03_26, k2025_06_18, k2025_11_25, k2026_07_28 };

inline constexpr Revision kLatest = Revision::k2026_07_28;
// The newest revision with the initialize handshake.
inline constexpr Revision kLatestLegacy = Revision::k2025_11_25;

std::string_view ToString(Revision revision);
std::optional<Revision> ParseRevision(std::string_view text);

// Modern: metadata with each request, no session (MCP 2026-07-28, Versioning).
inline bool IsModern(Revision revision) { return revision >= Revision::k2026_07_28; }

// Newest first; what our endpoints serve.
std::span<const Revision> SupportedRevisions();

}  // namespace mcp
