// Whether a value is one that must not lie about in clear: told by its name, by the shape that
// issuers give their tokens, or by how random it looks. Wrong now and then, and then on the safe
// side: what is taken for a secret is asked for again, not copied.
#pragma once

#include <string>
#include <string_view>

namespace cli {

// `GITHUB_TOKEN`, `--api-key`, `Authorization`
bool IsSecretName(std::string_view name);
// `ghp_…`, `sk-…`, `eyJ…`, 32 random letters
bool IsSecretValue(std::string_view value);

// `${env:X}`, `${input:x}`, `${X}`: filled in by the client that reads it.
bool IsPlaceholder(std::string_view value);
// Holds such a part somewhere: `Bearer ${input:token}`.
bool HasPlaceholder(std::string_view value);

// Whether a URL carries a secret: a password before its host, or a parameter that is one.
bool HasSecret(std::string_view url);

}  // namespace cli
