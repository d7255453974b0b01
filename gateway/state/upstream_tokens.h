// UpstreamTokens knows the credentials, and says what a server is shown by one of them on behalf of a
// call: header lines, a certificate. Access tokens are fetched once however many calls wait for one,
// anew before they end, and again when a server takes one no more.
//
//   ShowNow --- nothing: a token must be fetched ---> Show (waits)
//      |
//      '--> what is shown --> server --- 401 ---> Refused --> ShowNow ...
//
// Thread-safe; short locks. Fetching happens on one loop, by a client that guards against what
// addresses may lead to (base/http/outward_client.h). Secrets stand in no error and no log.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/http/client.h"
#include "base/loop.h"
#include "base/result.h"
#include "base/task.h"
#include "mcp/upstream_terms.h"

namespace portolan::v1 {
class Credential;
}

namespace gateway::state {

// What a server is shown; immutable.
struct Shown {
  std::string credential;  // resource name
  std::vector<mcp::UpstreamTerms::Line> lines;
  std::shared_ptr<const base::http::TlsContext> tls;
  // UpstreamTerms::credential_key
  std::string key;
  // Of a token, so that it can be forgotten; 0: what is shown cannot be fetched anew.
  std::uint64_t token_number = 0;
  std::string token_key;
};

// A call's terms with what is shown.
std::shared_ptr<const mcp::UpstreamTerms> WithShown(
    const std::shared_ptr<const mcp::UpstreamTerms>& terms, const Shown& shown);

class UpstreamTokens {
 public:
  static constexpr std::chrono::milliseconds kFetchWithin{10'000};
  // Each kept token costs a few hundred bytes to a few thousand; those that ended leave first.
  static constexpr std::size_t kMaxTokens = 10'000;

  explicit UpstreamTokens(const base::Clock& clock);
  ~UpstreamTokens();

  // By which tokens are fetched, and where files of secrets are; before the first call. They outlive
  // this.
  void FetchBy(base::Loop& loop, base::http::Client& client);
  void ReadFilesOf(std::filesystem::path folder);

  // Replaces the one of this name; the same again keeps its tokens. kInvalidArgument: it cannot be
  // used, and the last good one stays.
  base::Result<void> Put(const std::string& name, const portolan::v1::Credential& credential);
  void Remove(std::string_view name);
  // On the fetching loop: ends what is under way.
  void Stop();

  // Each caller is shown one of their own: what came by it is nobody else's. False also of what is
  // not known.
  bool IsPerCaller(std::string_view credential) const;

  // On whose behalf, and to whom. Views.
  struct Demand {
    std::string_view credential;
    // Where the server is, in all its places; each must be one of the credential's hosts.
    std::span<const base::http::Url> places;
    // Whether one without hosts goes there (credential_use.h of the registry).
    bool without_hosts = false;
    // What a token is to be for where the credential does not say it (RFC 8707).
    std::string_view resource;
    // Of the caller; empty: nobody's.
    std::string_view principal;
    // What an identity provider gave the caller; empty: nothing.
    std::string_view subject_token;
  };
  using Pointer = std::shared_ptr<const Shown>;
  // Null: nothing, the server is none of its hosts. kUnauthenticated: the caller has shown nothing
  // that could be traded. kFailedPrecondition: it cannot be used. nullopt: a token must be fetched.
  std::optional<base::Result<Pointer>> ShowNow(const Demand& demand);
  // The same; waits for the token on `here`. kUnavailable: none came.
  base::Task<base::Result<Pointer>> Show(Demand demand, base::Loop& here,
                                         base::CancelSignal& cancel);
  // The server takes it no more. True: the next one is fetched anew.
  bool Refused(const Shown& shown);

 private:
  struct State;
  const std::shared_ptr<State> state_;  // shared with fetches under way
};

}  // namespace gateway::state
