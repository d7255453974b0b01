// A tool that a person named, found in the catalog: where it is called, and what it takes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace cli {

class Context;

struct FoundTool {
  // Resource name of its server.
  std::string server;
  std::string base_path;
  std::string tool;
  nlohmann::json schema = nlohmann::json::object();
  // The catalog has its definition.
  bool known = false;
};

// By `fs.read_file` or `local/fs.read_file`.
base::Result<FoundTool> FindTool(Context& context, const std::string& id);

}  // namespace cli
