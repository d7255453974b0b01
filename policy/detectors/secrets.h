// Secrets by the forms that their issuers give them: access keys of clouds and of other services, API
// keys and tokens of ours, private keys in PEM, JSON Web Tokens, passwords in URLs and in connection
// strings. docs/policies.md lists them. What has no form of its own, a bare password, is not found.
//
// Linear in the text: one automaton for all of them.
#pragma once

#include <string_view>

#include "policy/detectors/text_range.h"

namespace policy {

// Appends where they are.
void FindSecrets(std::string_view text, TextRanges& found);
bool HasSecret(std::string_view text);

}  // namespace policy
