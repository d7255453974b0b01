// The canonical form of a definition: the same text for everything that reads the same to a model.
//
//   members     sorted, without white space; `_meta` and `icons` of the definition itself left out
//   numbers     1.0, 1e0 and 1 are 1; otherwise the shortest form (in the spirit of RFC 8785)
//   strings     by code point: nothing is normalised, so a hidden character is a change
//   arrays      in their order, but what JSON Schema reads as a set (`required`, `enum`, `type`,
//               `anyOf`, `oneOf`, `allOf`, in schemas only) is sorted
//
// Pure. Why so: docs/decisions/0006.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace registry {

// REQUIRES: an object, from base::ParseJson.
std::string CanonicalForm(const nlohmann::json& definition);
// SHA-256 of the canonical form, hex.
std::string CanonicalHash(const nlohmann::json& definition);
// The canonical form of its schemas (or a prompt's arguments) alone: what stays when a definition is
// renamed. Empty when there is nothing in them to tell one from another.
std::string SchemaForm(const nlohmann::json& definition);

}  // namespace registry
