// Manifest: configuration as people and programs write it (YAML, JSON) to and from the protobuf
// messages of the contract, by reflection. The only such reader: files, the command line, the JSON
// API and the portal all pass through here.
//
// Reading is strict. An unknown field is an error that names it by JSON pointer and says what was
// probably meant:
//   /spec/rules/0/ip/alow: unknown field; did you mean 'allow'?
// Both spellings of a field are read (`rate_limit`, `rateLimit`); enums by bare name; integers as
// numbers or as decimal strings, checked for range; bytes as base64; null is absence; two members
// of one oneof are an error.
//
// A message with a oneof named `spec` (portolan.v1.Resource) has a second form, the one of files:
//   {kind: Server, name: local/weather, spec: {...}}
// where `kind` names the message of the oneof's field. Its string field `kind` is filled in when it
// was left out.
#pragma once

#include <google/protobuf/message.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace base {

// Reads `tree`, an object, into `out`, which is cleared first. kInvalidArgument; the message begins
// with the JSON pointer of what is wrong (`: ` and the sentence follow; the pointer of the whole
// tree is empty).
Result<void> ReadJson(const nlohmann::json& tree, google::protobuf::Message& out);

// A text in either language: what begins like JSON and is JSON, is read as JSON; the rest as YAML.
Result<nlohmann::json> ParseYamlOrJson(std::string_view text, const JsonLimits& limits = {});
// The same with any number of documents; a document that is a list stands for its elements.
Result<std::vector<nlohmann::json>> ParseYamlDocuments(std::string_view text,
                                                       const JsonLimits& limits = {});

// snake_case is the form of files: a Resource as {kind, name, spec}, 64-bit integers as numbers.
// lowerCamelCase is proto3's JSON mapping, which generated clients read: a oneof's field by its
// name, 64-bit integers as strings.
enum class Spelling { kSnakeCase, kLowerCamelCase };

// Fields in the order of their numbers; what is at its default and cannot be told from absent is
// left out.
nlohmann::ordered_json Print(const google::protobuf::Message& message, Spelling spelling);

// The word among `candidates` that `word` was probably meant to be; empty when none is near.
std::string_view DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace base
