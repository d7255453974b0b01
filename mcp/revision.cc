#include "mcp/revision.h"

#include <array>

namespace mcp {
namespace {

constexpr std::array kServed = {Revision::k2026_07_28, Revision::k2025_11_25, Revision::k2025_06_18,
                                Revision::k2025_03_26};

}  // namespace

std::string_view ToString(Revision revision) {
  switch (revision) {
    case Revision::k2024_11_05: return "2024-11-05";
    case Revision::k2025_03_26: return "2025-03-26";
    case Revision::k2025_06_18: return "2025-06-18";
    case Revision::k2025_11_25: return "2025-11-25";
    case Revision::k2026_07_28: return "2026-07-28";
  }
  return "";
}

std::optional<Revision> ParseRevision(std::string_view text) {
  for (const Revision revision :
       {Revision::k2026_07_28, Revision::k2025_11_25, Revision::k2025_06_18, Revision::k2025_03_26,
        Revision::k2024_11_05}) {
    if (text == ToString(revision)) return revision;
  }
  return std::nullopt;
}

std::span<const Revision> SupportedRevisions() { return kServed; }

}  // namespace mcp
