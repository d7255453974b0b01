// ParamHeaders are the arguments of a tool that its caller repeats in `Mcp-Param-*` headers, so
// that who stands between can route by them: properties of the input schema with `x-mcp-header`
// (MCP 2026-07-28, Tools and Streamable HTTP, Custom Headers from Tool Parameters).
//
//   {"properties":{"region":{"type":"string","x-mcp-header":"Region"}}}   Mcp-Param-Region: eu
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http/message.h"
#include "base/result.h"
#include "mcp/error.h"

namespace mcp {

struct ParamHeader {
  enum class Type { kString, kInteger, kBoolean };
  std::string name;  // `Mcp-Param-Region`
  // From the arguments inwards: `{"filter", "region"}` is arguments.filter.region.
  std::vector<std::string> path;
  Type type = Type::kString;
};
using ParamHeaders = std::vector<ParamHeader>;

// Those of a raw input schema. kInvalidArgument says why the schema's annotations are not valid;
// clients leave such a tool out of their lists, and servers must not have one.
base::Result<ParamHeaders> ReadParamHeaders(std::string_view input_schema);

// -32020 when a request's headers are not what its raw arguments say; nullopt when all is well.
std::optional<CallError> CheckParamHeaders(std::span<const ParamHeader> headers,
                                           const base::http::Fields& fields,
                                           std::string_view arguments);

// The headers of a request with these raw arguments: name and value.
std::vector<std::pair<std::string, std::string>> MakeParamHeaders(
    std::span<const ParamHeader> headers, std::string_view arguments);

}  // namespace mcp
