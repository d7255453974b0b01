// Facts are what a rule may ask about one call. Views: they live as long as the call.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/tool_hints.h"

namespace base::http {
class Fields;
}

namespace policy {

// A fact that is not known, or does not apply (the tool's name of a prompts/get), is empty.
struct Facts {
  std::string_view principal_id;
  std::string_view principal_kind;
  std::string_view principal_tenant;
  std::string_view server_name;
  std::string_view method;
  std::string_view tool_name;
  std::string_view resource_uri;
  std::string_view prompt_name;
  // Of the subscription that the call was made by, and its product.
  std::string_view subscription_id;
  std::string_view product_name;
  std::string_view request_ip;
  std::string_view request_protocol;
  std::string_view client_name;
  std::string_view client_version;
  // Raw JSON, valid throughout: objects, but the tags are an array.
  std::string_view principal_claims;
  std::string_view args;
  std::string_view server_tags;
  // Null: there is no HTTP request.
  const base::http::Fields* headers = nullptr;
  std::int64_t now_unix_ms = 0;
  // Of the tool that is called.
  ToolHints tool_hints;

  // Puts `item` where the method says it belongs: the tool of tools/call, the prompt of
  // prompts/get, the resource of resources/*.
  void SetItem(std::string_view call_method, std::string_view item);
};

}  // namespace policy
