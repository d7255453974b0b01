// What a server offers, ready to be answered: the lists and the discovery of its last known
// definitions, byte for byte the server's own objects. They are answered from here also when the
// server is down. Where a change is held, the registry sends the definition that was accepted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "gateway/filters/held.h"
#include "mcp/handler.h"
#include "mcp/param_headers.h"

namespace portolan::v1 {
class ServerDefinitions;
}

namespace gateway {

// Immutable; shared by all workers. Costs about the bytes of the definitions.
class DefinitionLists {
 public:
  explicit DefinitionLists(const portolan::v1::ServerDefinitions& definitions);
  // Of a server that may not be shown: every list is empty.
  static const DefinitionLists& Empty();

  // The raw result of a list method or of server/discover; empty when the server does not declare
  // the capability. A caller of the other era than the server's is not told of tasks, which are not
  // translated.
  std::string_view ResultOf(std::string_view method, bool modern_caller) const;
  // The arguments of a tool that its server wants repeated in the head of a call; null: none.
  const mcp::ParamHeaders* repeated_of(std::string_view tool) const;
  // What may be called of it.
  const std::shared_ptr<const OfferedItems>& items() const { return items_; }
  // Whether the server speaks a revision without sessions.
  bool modern() const { return modern_server_; }
  // Whether its resources can be subscribed to.
  bool subscribes() const { return subscribes_; }

 private:
  std::string discover_same_era_;
  std::string discover_other_era_;
  // Empty: the server does not offer such items.
  std::shared_ptr<const std::string> tools_;
  std::shared_ptr<const std::string> prompts_;
  std::string resources_;
  std::string templates_;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, mcp::ParamHeaders, Hash, std::equal_to<>> repeated_;
  std::shared_ptr<const OfferedItems> items_;
  bool modern_server_ = true;
  bool subscribes_ = false;
};

// True for the methods that DefinitionLists can answer.
bool IsListOrDiscover(std::string_view method);

// The answer to `call` from `lists`: REQUIRES a request with IsListOrDiscover(call.method).
mcp::Response AnswerFrom(const DefinitionLists& lists, const mcp::Call& call);

}  // namespace gateway
