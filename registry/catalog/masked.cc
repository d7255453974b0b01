#include "registry/catalog/masked.h"

#include "registry/catalog/validate.h"

namespace registry {

void ClearHashes(portolan::v1::Resource& resource) {
  if (resource.has_api_key()) resource.mutable_api_key()->clear_sha256();
  if (resource.has_token()) resource.mutable_token()->clear_sha256();
}

void MaskEnvironment(portolan::v1::Resource& resource) {
  if (!resource.server().endpoint().has_stdio()) return;
  auto& stdio = *resource.mutable_server()->mutable_endpoint()->mutable_stdio();
  for (auto& variable : *stdio.mutable_env()) variable.set_value(kMasked);
}

base::Result<void> KeepMasked(portolan::v1::Server& server, const portolan::v1::Server* before) {
  if (!server.endpoint().has_stdio()) return {};
  auto& environment = *server.mutable_endpoint()->mutable_stdio()->mutable_env();
  for (int i = 0; i < environment.size(); ++i) {
    portolan::v1::NameValue& variable = environment[i];
    if (variable.value() != kMasked) continue;
    const portolan::v1::NameValue* known = nullptr;
    if (before) {
      for (const auto& earlier : before->endpoint().stdio().env()) {
        if (earlier.name() == variable.name()) known = &earlier;
      }
    }
    if (!known) {
      return FieldError("/spec/endpoint/stdio/env/" + std::to_string(i) + "/value",
                        "is masked, and there is no earlier value to keep; give '" +
                            variable.name().substr(0, 80) + "' its value");
    }
    variable.set_value(known->value());
  }
  return {};
}

}  // namespace registry
