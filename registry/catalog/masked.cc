#include "registry/catalog/masked.h"

#include "policy/secrets.h"
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

void MaskSecrets(portolan::v1::Resource& resource) {
  const auto mask = [](portolan::v1::Secret& secret, const std::string&) -> base::Result<void> {
    if (secret.has_sealed() || secret.has_value()) secret.set_value(kMasked);
    return {};
  };
  if (resource.has_credential()) static_cast<void>(policy::ForEachSecret(resource, mask));
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
