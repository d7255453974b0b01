// A Hidden filter keeps from a caller that an item exists which no arguments would let it use: it is
// left out of every list, and a call of it is answered as one of an item that does not exist.
//
// Whether an item is hidden is decided by the rules that calls are decided by, with what a call would
// bring (arguments, headers, the time) taken as unknown. Names outside of what the catalog knows of
// the server are answered here and never forwarded: else the server's own answer would tell which
// are hidden.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "gateway/filters/authorize.h"

namespace gateway {

class Hidden final : public InstantFilter {
 public:
  Hidden(std::shared_ptr<const AuthorizeRules> rules, std::shared_ptr<const GovernedServer> server,
         RefusalStyle style);

  bool empty() const { return !hides_tools_ && !hides_prompts_ && !hides_resources_; }

 private:
  // What a caller may refer to.
  enum class Kind { kTool, kPrompt, kResource, kTemplate };
  struct Item {
    Kind kind;
    std::string_view name;
  };

  std::optional<mcp::Response> Before(mcp::Call& call) const override;
  void After(mcp::Call& call, mcp::Response& response) const override;

  bool MayHide(Kind kind) const;
  bool Knows(const Item& item) const;
  // The rule that hides it from the caller whose facts these are; null: it is seen.
  const policy::Authorization::Rule* HiddenBy(const Item& item, policy::Facts facts,
                                              const policy::ToolHints& hints) const;
  // The elements of a raw array that are seen, as one; nullopt: all are.
  std::optional<std::string> Seen(std::string_view array, Kind kind,
                                  const policy::Facts& facts) const;

  // Constant after construction
  const std::shared_ptr<const AuthorizeRules> rules_;
  const std::shared_ptr<const GovernedServer> server_;
  const RefusalStyle style_;
  const bool hides_tools_;
  const bool hides_prompts_;
  const bool hides_resources_;
};

}  // namespace gateway
