// Documents finds schemas by URI: the schema itself, the documents it was given, the standard's
// metaschemas, and everything in them that an $id or an anchor names.
#pragma once

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/json_schema.h"
#include "base/json_schema/node.h"
#include "base/result.h"

namespace base::json_schema {

// Which draft a schema resource is written in, as far as it matters here.
enum class Dialect { kDraft7, kDraft2019, kDraft2020 };

// A document, or what has an $id in one.
struct SchemaResource {
  std::string uri;  // absolute where there is an $id; without fragment
  const nlohmann::json* root = nullptr;
  Dialect dialect = Dialect::kDraft2020;
  bool validates = true;         // its metaschema has the vocabulary of assertions
  bool asserts_formats = false;  // and that of asserted formats
  std::map<std::string, const nlohmann::json*, std::less<>> anchors;
  std::map<std::string, const nlohmann::json*, std::less<>> dynamic_anchors;
  Scope* scope = nullptr;
};

// Where a schema stands.
struct Place {
  SchemaResource* resource = nullptr;
  std::string pointer;  // for errors: from the top of its document
};

class Documents {
 public:
  Documents(Program& program, const JsonSchemaOptions& options);

  // Takes a copy of the schema that is to be compiled.
  Result<const nlohmann::json*> AddRoot(const nlohmann::json& schema);
  // What `reference` leads to, seen from `from`. kInvalidArgument: nowhere.
  Result<const nlohmann::json*> Resolve(const SchemaResource& from, std::string_view reference);
  // The resource that a $dynamicAnchor of this name makes of `reference`, if it is one.
  bool IsDynamicAnchor(const SchemaResource& from, std::string_view reference, std::string& name);
  // Of each schema that AddRoot or Resolve came across.
  const Place& PlaceOf(const nlohmann::json& schema) const { return places_.at(&schema); }
  std::deque<SchemaResource>& resources() { return resources_; }

 private:
  Result<SchemaResource*> Load(const std::string& uri);
  Result<SchemaResource*> Add(const nlohmann::json& schema, const std::string& uri);
  Result<void> Index(const nlohmann::json& schema, SchemaResource* resource,
                     const std::string& pointer, std::size_t depth);
  Result<void> IndexMembers(const nlohmann::json& schema, SchemaResource* resource,
                            const std::string& pointer, std::size_t depth);
  Result<SchemaResource*> Enter(const nlohmann::json& schema, SchemaResource* outer,
                                const std::string& pointer);
  Result<const nlohmann::json*> Walk(SchemaResource& resource, std::string_view pointer);
  SchemaResource& NewResource(const nlohmann::json& schema, std::string uri);
  Result<void> ReadDialect(SchemaResource& resource);

  Program& program_;
  const JsonSchemaOptions& options_;
  std::deque<SchemaResource> resources_;
  std::map<std::string, SchemaResource*, std::less<>> by_uri_;
  std::map<const nlohmann::json*, Place> places_;
  std::size_t values_ = 0;
};

}  // namespace base::json_schema
