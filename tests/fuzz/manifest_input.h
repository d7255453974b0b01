// One input for the readers of base/manifest, shared by the fuzz target and the property tests:
// whatever the bytes are, reading ends with a message or an error, and what was read prints and
// reads again.
#pragma once

#include <cstdlib>
#include <string_view>

#include "base/manifest.h"
#include "base/yaml.h"
#include "portolan/v1/resource.pb.h"

namespace fuzz {

inline void ManifestInput(std::string_view text) {
  base::JsonLimits limits;
  limits.max_bytes = 1 << 20;
  limits.max_values = 50'000;
  auto documents = base::ParseYamlDocuments(text, limits);
  if (!documents) return;
  for (const nlohmann::json& document : *documents) {
    portolan::v1::Resource resource;
    if (!base::ReadJson(document, resource)) continue;
    std::string printed = base::WriteYaml(base::Print(resource, base::Spelling::kSnakeCase));
    auto again = base::ParseYamlOrJson(printed, limits);
    portolan::v1::Resource reread;
    if (!again || !base::ReadJson(*again, reread)) std::abort();
    if (reread.SerializeAsString() != resource.SerializeAsString()) std::abort();
  }
}

}  // namespace fuzz
