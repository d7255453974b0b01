// A Cache filter answers a question again as it was answered before, by `cache` rules: calls of tools
// that only read (or that a rule chooses itself), and lists that the server is asked for.
//
// Who may be given whose answer:
//
//   - Each caller has its own answers; an anonymous one those of its session, or else of its
//     connection.
//   - Where a rule says with `vary` what answers depend on, callers for whom that is the same share
//     them. When one of its expressions fails or gives nothing, the caller is left to its own.
//   - An answer that the server calls private is its caller's alone, whatever `vary` says; so is a
//     list without a word about it, and every list of a server that shows each caller its own.
//   - Nothing passes from one chain to another. A chain is compiled for one server with one revision of
//     its definitions, and for one effective policy: whatever of these changes, all is asked anew.
//
// It stands behind whatever may refuse a call, so an answer is given to nobody who might not ask.
// What is kept lives in state::ResultCache.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/filters/call_facts.h"
#include "gateway/filters/credential_rules.h"
#include "gateway/filters/filter.h"
#include "gateway/state/result_cache.h"
#include "policy/caching.h"
#include "policy/upstream_rules.h"

namespace gateway {

class Cache final : public Filter {
 public:
  // `upstream` says which of the caller's header lines a server is told.
  Cache(const policy::EffectivePolicy& policy,
        std::shared_ptr<const policy::UpstreamRules> upstream,
        std::shared_ptr<const CredentialRules> credentials,
        std::shared_ptr<const GovernedServer> server, state::ResultCache& results);

  bool empty() const { return caching_.empty(); }
  base::Task<mcp::Response> Apply(mcp::Call& call, mcp::Handler& next) const override;

 private:
  // What is asked, and what its answer is kept under.
  struct Question {
    policy::Caching::Terms terms;
    std::string own;     // for this caller
    std::string shared;  // for all it shares with; empty: nobody

    const std::string& widest() const { return shared.empty() ? own : shared; }
  };

  // nullopt: the answer to such a call is not kept.
  std::optional<Question> QuestionFor(const mcp::Call& call) const;
  // The text that callers have in common who share answers; empty: none.
  static std::string SharedBy(const policy::Caching::Terms& terms, const policy::Facts& facts);
  state::ResultCache::Pointer Find(const Question& question) const;
  mcp::Response Give(mcp::Call& call, const state::ResultCache::Kept& kept) const;
  // Asks the server, for those too who wait for the answer.
  base::Task<mcp::Response> Ask(mcp::Call& call, mcp::Handler& next, const Question& question,
                                state::ResultCache::Asking* asking) const;
  // What is to be kept of an answer; null: nothing. `mine`: for its caller alone.
  state::ResultCache::Pointer ToKeep(const mcp::Call& call, std::string_view answer,
                                     const Question& question, bool& mine) const;

  // Constant after construction
  const policy::Caching caching_;
  const std::shared_ptr<const policy::UpstreamRules> upstream_;
  const std::shared_ptr<const CredentialRules> credentials_;
  const std::shared_ptr<const GovernedServer> server_;
  state::ResultCache& results_;
  const std::uint64_t generation_;
};

}  // namespace gateway
