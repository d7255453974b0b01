// What a server offers, ready to be answered: the lists and the discovery of its last known
// definitions, byte for byte the server's own objects. They are answered from here also when the
// server is down.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mcp/handler.h"

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

  // The raw result of a list method; empty for every other method.
  std::string_view ResultOf(std::string_view method) const;
  // The raw result of server/discover. A caller of the other era than the server's gets what is
  // translated: its tools.
  std::string_view DiscoverResult(bool modern_caller) const;

 private:
  DefinitionLists() = default;

  std::string tools_;
  std::string prompts_;
  std::string resources_;
  std::string templates_;
  std::string discover_same_era_;
  std::string discover_other_era_;
  bool modern_server_ = true;
};

// True for the methods that DefinitionLists can answer.
bool IsListOrDiscover(std::string_view method);

// The answer to `call` from `lists`: REQUIRES a request with IsListOrDiscover(call.method).
mcp::Response AnswerFrom(const DefinitionLists& lists, const mcp::Call& call);

}  // namespace gateway
