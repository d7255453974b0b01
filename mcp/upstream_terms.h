// UpstreamTerms say how a server is asked on behalf of one call: for how long, with which header lines
// and as whom. Filters make them; whoever sends requests keeps to them.
//
// Immutable once a Call has them, and shared by its copies (a call of an older revision outlives the
// filters that made them).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace base::http {
class TlsContext;
}

namespace mcp {

class PlaceGuard;

struct UpstreamTerms {
  // What becomes of a forwarded line of the same name.
  enum class Conflict { kReplace, kAppend, kKeep };
  struct Line {
    std::string name;
    std::string value;
    Conflict conflict = Conflict::kReplace;
  };

  // Bounds; zero: the client's own (base/http/client.h), and for `total` the gateway's.
  std::chrono::milliseconds connect{0};
  std::chrono::milliseconds first_byte{0};
  std::chrono::milliseconds idle{0};
  std::chrono::milliseconds total{0};

  // Names of the caller's lines that travel on besides those that always do.
  std::vector<std::string> forward;
  // Lines that are set, and names that never travel. `remove` wins over `forward`, `lines` over both.
  std::vector<std::string> remove;
  std::vector<Line> lines;
  // What the server is shown: written last, in the place of every other line of that name.
  std::vector<Line> credential;
  // Of the first attempt: `total` counts from there; {}: from now.
  std::chrono::steady_clock::time_point begun{};
  // Of a pool: which members may be asked now; outlives the call. Null: any.
  PlaceGuard* guard = nullptr;

  // Shown when a connection is made; null: the client's own.
  std::shared_ptr<const base::http::TlsContext> tls;
  // Tells apart what the server sees as different callers: part of the key of sessions. Empty: the
  // server is shown no credential.
  std::string credential_key;
};

}  // namespace mcp
