#include "registry/catalog/metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/json_schema.h"
#include "registry/catalog/stored_form.h"
#include "registry/catalog/validate.h"
#include "registry/store/store.h"

namespace registry {
namespace {

namespace v1 = portolan::v1;
using nlohmann::json;

constexpr std::string_view kMetadata = "/spec/metadata_json";
constexpr std::string_view kSchema = "/spec/schema_json";
constexpr std::size_t kMaxNameBytes = 63;
constexpr std::size_t kMaxTitleCharacters = 100;
constexpr std::size_t kMaxDescriptionBytes = 4096;
constexpr std::size_t kMaxSteps = 100'000;
constexpr int kPage = 100;
constexpr base::JsonLimits kSchemaLimits{
    .max_bytes = 64 * 1024, .max_depth = 64, .max_values = 10'000};
constexpr base::JsonLimits kMetadataLimits{
    .max_bytes = 64 * 1024, .max_depth = 32, .max_values = 10'000};

bool IsMemberName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || name[0] < 'a' || name[0] > 'z') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

base::Result<base::JsonSchema> Compile(const v1::MetadataSchema& schema) {
  const auto tree = base::ParseJson(schema.schema_json(), kSchemaLimits);
  if (tree.has_error()) return FieldError(kSchema, tree.error().message);
  base::JsonSchemaOptions options;
  options.assert_formats = true;
  options.max_steps = kMaxSteps;
  auto compiled = base::JsonSchema::Compile(*tree, options);
  // What is wrong begins with its pointer in the schema.
  if (compiled.has_error()) {
    return base::Fail(base::Code::kInvalidArgument,
                      std::string(kSchema) + compiled.error().message);
  }
  return compiled;
}

// An object; empty when there is none that can be read.
json MetadataOf(const v1::Server& server) {
  if (server.metadata_json().empty()) return json::object();
  auto tree = base::ParseJson(server.metadata_json(), kMetadataLimits);
  if (tree.has_error() || !tree->is_object()) return json::object();
  return *std::move(tree);
}

base::Result<void> CheckMember(const std::string& name, const v1::MetadataSchema& schema,
                               const json& metadata, const json* before) {
  const std::string here = base::PointerTo(kMetadata, name);
  const auto value = metadata.find(name);
  if (value == metadata.end()) {
    const bool was_there = !before || before->contains(name);
    if (schema.required() && was_there)
      return FieldError(here, "is missing; MetadataSchema '" + name + "' requires it");
    return {};
  }
  if (before) {
    const auto was = before->find(name);
    if (was != before->end() && *was == *value) return {};
  }
  const auto compiled = Compile(schema);
  if (compiled.has_error()) return compiled.error().WithContext("MetadataSchema '" + name + "'");
  const auto violations = compiled->Validate(*value);
  if (!violations.empty()) return FieldError(here + violations[0].pointer, violations[0].message);
  return {};
}

}  // namespace

base::Result<void> ValidateMetadataSchema(std::string_view name, const v1::MetadataSchema& schema) {
  if (!IsMemberName(name)) {
    return FieldError("/name",
                      "must be 1 to 63 letters, digits and '_', beginning with a small letter");
  }
  if (Characters(schema.title()) > kMaxTitleCharacters)
    return FieldError("/spec/title", "at most 100 characters");
  if (schema.description().size() > kMaxDescriptionBytes)
    return FieldError("/spec/description", "at most 4,096 bytes");
  if (schema.schema_json().empty()) return FieldError(kSchema, "is missing");
  const auto compiled = Compile(schema);
  if (compiled.has_error()) return compiled.error();
  return {};
}

base::Result<void> ValidateMetadata(const v1::Server& server) {
  if (server.metadata_json().empty()) return {};
  const auto tree = base::ParseJson(server.metadata_json(), kMetadataLimits);
  if (tree.has_error()) return FieldError(kMetadata, tree.error().message);
  if (!tree->is_object()) return FieldError(kMetadata, "must be a JSON object");
  for (const auto& [name, value] : tree->items()) {
    if (!IsMemberName(name)) {
      return FieldError(base::PointerTo(kMetadata, name.substr(0, 100)),
                        "is not the name of a MetadataSchema");
    }
  }
  return {};
}

void CompleteMetadata(v1::Server& server) {
  if (server.metadata_json().empty()) return;
  const json metadata = MetadataOf(server);
  server.set_metadata_json(metadata.empty() ? std::string() : metadata.dump());
}

std::vector<std::string> MetadataMembers(const v1::Server& server) {
  std::vector<std::string> members;
  if (server.metadata_json().empty()) return members;
  const json metadata = MetadataOf(server);
  for (const auto& [name, value] : metadata.items()) members.push_back(name);
  return members;
}

base::Result<void> CheckMetadata(Transaction& store, const v1::Server& server,
                                 const v1::Server* before) {
  const json metadata = MetadataOf(server);
  const json earlier = before ? MetadataOf(*before) : json::object();
  ListQuery query{.kind = "MetadataSchema", .limit = kPage};
  while (true) {
    const auto page = store.List(query);
    if (page.has_error()) return page.error();
    for (const StoredResource& stored : *page) {
      const auto resource = ToResource(stored);
      if (resource.has_error()) return resource.error();
      const auto ok = CheckMember(stored.name, resource->metadata_schema(), metadata,
                                  before ? &earlier : nullptr);
      if (ok.has_error()) return ok.error();
    }
    if (page->size() < kPage) return {};
    query.after_name = page->back().name;
  }
}

}  // namespace registry
