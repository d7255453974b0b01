#include "base/json_schema/documents.h"

#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/json_schema/metaschemas.h"

namespace base::json_schema {
namespace {

using nlohmann::json;

// Where keywords hold schemas: one, a list, or a member each.
constexpr std::array<std::string_view, 12> kOne = {"additionalItems",
                                                   "additionalProperties",
                                                   "contains",
                                                   "contentSchema",
                                                   "else",
                                                   "if",
                                                   "items",
                                                   "not",
                                                   "propertyNames",
                                                   "then",
                                                   "unevaluatedItems",
                                                   "unevaluatedProperties"};
constexpr std::array<std::string_view, 5> kList = {"allOf", "anyOf", "items", "oneOf",
                                                   "prefixItems"};
constexpr std::array<std::string_view, 6> kNamed = {
    "$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"};

template <class Words>
bool Has(const Words& words, std::string_view word) {
  for (const std::string_view one : words) {
    if (one == word) return true;
  }
  return false;
}

Error Bad(std::string_view pointer, std::string_view what) {
  return Fail(Code::kInvalidArgument, std::string(pointer) + ": " + std::string(what));
}

struct Target {
  std::string uri;  // without fragment
  std::string fragment;
};

// RFC 3986, 5.2. Without a base of its own a document is at the empty URI.
std::optional<Target> Against(const std::string& base, std::string_view reference) {
  const auto parsed = boost::urls::parse_uri_reference({reference.data(), reference.size()});
  if (!parsed) return std::nullopt;
  Target target;
  if (parsed->has_fragment()) target.fragment = parsed->fragment();
  boost::urls::url relative(*parsed);
  relative.remove_fragment();
  const std::string_view text = relative.buffer();
  if (text.empty()) {
    target.uri = base;
    return target;
  }
  if (relative.has_scheme() || base.empty()) {
    target.uri = text;
    return target;
  }
  const auto base_url = boost::urls::parse_uri(base);
  if (!base_url) {
    target.uri = text;
    return target;
  }
  boost::urls::url resolved;
  if (!boost::urls::resolve(*base_url, relative, resolved)) return std::nullopt;
  const std::string_view resolved_text = resolved.buffer();
  target.uri = resolved_text;
  return target;
}

std::string Member(const json& schema, const char* name) {
  if (!schema.is_object()) return {};
  const auto found = schema.find(name);
  return found != schema.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// One part of a JSON pointer, decoded.
std::string Unescaped(std::string_view part) {
  std::string text;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (part[i] == '~' && i + 1 < part.size()) {
      text += part[++i] == '1' ? '/' : '~';
    } else {
      text += part[i];
    }
  }
  return text;
}

const json* Child(const json& parent, const std::string& part) {
  if (parent.is_object()) {
    const auto found = parent.find(part);
    return found == parent.end() ? nullptr : &*found;
  }
  if (!parent.is_array() || part.empty() || part.size() > 9) return nullptr;
  for (const char c : part) {
    if (c < '0' || c > '9') return nullptr;
  }
  const std::size_t index = std::stoul(part);
  return index < parent.size() ? &parent[index] : nullptr;
}

}  // namespace

Documents::Documents(Program& program, const JsonSchemaOptions& options)
    : program_(program), options_(options) {}

Result<const json*> Documents::AddRoot(const json& schema) {
  const auto added = Add(schema, "");
  if (added.has_error()) return added.error();
  return (*added)->root;
}

Result<SchemaResource*> Documents::Add(const json& schema, const std::string& uri) {
  const json& kept = program_.documents.emplace_back(schema);
  SchemaResource& resource = NewResource(kept, uri);
  if (const auto ok = Index(kept, &resource, "", 0); ok.has_error()) return ok.error();
  return places_.at(&kept).resource;
}

SchemaResource& Documents::NewResource(const json& schema, std::string uri) {
  SchemaResource& resource = resources_.emplace_back();
  resource.uri = std::move(uri);
  resource.root = &schema;
  resource.scope = &program_.scopes.emplace_back();
  by_uri_.emplace(resource.uri, &resource);
  return resource;
}

Result<void> Documents::ReadDialect(SchemaResource& resource) {
  const std::string uri = Member(*resource.root, "$schema");
  if (uri.empty()) return {};
  if (uri.find("json-schema.org/draft-0") != uri.npos) {
    resource.dialect = Dialect::kDraft7;
  } else if (uri.find("json-schema.org/draft/2019-09") != uri.npos) {
    resource.dialect = Dialect::kDraft2019;
  } else if (options_.documents) {
    const auto metaschema = options_.documents->find(uri);
    if (metaschema == options_.documents->end() || !metaschema->second.is_object()) return {};
    const auto vocabulary = metaschema->second.find("$vocabulary");
    if (vocabulary == metaschema->second.end() || !vocabulary->is_object()) return {};
    constexpr std::string_view kStandard = "https://json-schema.org/draft/2020-12/vocab/";
    resource.validates = vocabulary->contains(std::string(kStandard) + "validation");
    resource.asserts_formats = vocabulary->contains(std::string(kStandard) + "format-assertion");
    for (auto entry = vocabulary->begin(); entry != vocabulary->end(); ++entry) {
      if (entry->is_boolean() && entry->get<bool>() && !entry.key().starts_with(kStandard))
        return Bad("/$schema", "needs the vocabulary " + entry.key().substr(0, 200));
    }
  }
  return {};
}

// The resource that `schema` begins, when it has an $id; else the one it is in.
Result<SchemaResource*> Documents::Enter(const json& schema, SchemaResource* outer,
                                         const std::string& pointer) {
  const std::string id = Member(schema, "$id");
  // Up to draft 7 a $ref hides its neighbours, an $id too.
  const bool hidden = outer->dialect == Dialect::kDraft7 && schema.contains("$ref");
  if (id.empty() || hidden || id.starts_with('#')) {
    if (outer->root == &schema) {
      if (const auto ok = ReadDialect(*outer); ok.has_error()) return ok.error();
    }
    return outer;
  }
  const auto target = Against(outer->uri, id);
  if (!target || !target->fragment.empty())
    return Bad(pointer + "/$id", "must be a URI without a fragment");
  if (outer->root == &schema) {
    by_uri_[target->uri] = outer;
    outer->uri = target->uri;
    if (const auto ok = ReadDialect(*outer); ok.has_error()) return ok.error();
    return outer;
  }
  if (by_uri_.contains(target->uri)) return Bad(pointer + "/$id", "stands twice");
  SchemaResource& inner = NewResource(schema, target->uri);
  inner.dialect = outer->dialect;
  inner.validates = outer->validates;
  inner.asserts_formats = outer->asserts_formats;
  if (const auto ok = ReadDialect(inner); ok.has_error()) return ok.error();
  return &inner;
}

Result<void> Documents::Index(const json& schema, SchemaResource* resource,
                              const std::string& pointer, std::size_t depth) {
  if (depth > options_.max_depth) {
    return Bad(pointer.substr(0, 200),
               "nested deeper than " + std::to_string(options_.max_depth) + " levels");
  }
  if (++values_ > options_.max_values) {
    return Bad(pointer,
               "the schema has more than " + std::to_string(options_.max_values) + " values");
  }
  if (schema.is_object()) {
    const auto entered = Enter(schema, resource, pointer);
    if (entered.has_error()) return entered.error();
    resource = *entered;
    for (const char* keyword : {"$anchor", "$dynamicAnchor"}) {
      const std::string name = Member(schema, keyword);
      if (name.empty()) continue;
      resource->anchors[name] = &schema;
      if (std::string_view(keyword) == "$dynamicAnchor") resource->dynamic_anchors[name] = &schema;
    }
    // How drafts before 2019-09 spelt $anchor.
    if (const std::string id = Member(schema, "$id"); id.size() > 1 && id.front() == '#')
      resource->anchors[id.substr(1)] = &schema;
  }
  places_[&schema] = {resource, pointer};
  return schema.is_object() ? IndexMembers(schema, resource, pointer, depth) : Result<void>();
}

Result<void> Documents::IndexMembers(const json& schema, SchemaResource* resource,
                                     const std::string& pointer, std::size_t depth) {
  for (auto member = schema.begin(); member != schema.end(); ++member) {
    const std::string& keyword = member.key();
    const std::string here = PointerTo(pointer, keyword);
    if (++values_ > options_.max_values) {
      return Bad(pointer,
                 "the schema has more than " + std::to_string(options_.max_values) + " values");
    }
    if (member->is_array() && Has(kList, keyword)) {
      for (std::size_t i = 0; i < member->size(); ++i) {
        const auto ok = Index((*member)[i], resource, PointerTo(here, i), depth + 1);
        if (ok.has_error()) return ok;
      }
    } else if (member->is_object() && Has(kNamed, keyword)) {
      for (auto named = member->begin(); named != member->end(); ++named) {
        if (named->is_array()) continue;  // of `dependencies`: names
        const auto ok = Index(*named, resource, PointerTo(here, named.key()), depth + 1);
        if (ok.has_error()) return ok;
      }
    } else if (Has(kOne, keyword) && !member->is_array()) {
      if (const auto ok = Index(*member, resource, here, depth + 1); ok.has_error()) return ok;
    }
  }
  return {};
}

Result<SchemaResource*> Documents::Load(const std::string& uri) {
  if (const auto known = by_uri_.find(uri); known != by_uri_.end()) return known->second;
  const json* document = Metaschema(uri);
  if (!document && options_.documents) {
    const auto given = options_.documents->find(uri);
    if (given != options_.documents->end()) document = &given->second;
  }
  if (!document) {
    return Fail(Code::kInvalidArgument,
                "leads to " + uri.substr(0, 200) + ", which is not in this document");
  }
  const auto added = Add(*document, uri);
  if (added.has_error()) return added.error().WithContext(uri.substr(0, 200));
  by_uri_.emplace(uri, *added);
  return added;
}

Result<const json*> Documents::Walk(SchemaResource& resource, std::string_view pointer) {
  const json* at = resource.root;
  SchemaResource* in = &resource;
  std::string here = places_.at(at).pointer;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::size_t slash = pointer.find('/');
    const std::string part = Unescaped(pointer.substr(0, slash));
    at = Child(*at, part);
    if (!at) return Fail(Code::kInvalidArgument, "leads to nothing");
    here = PointerTo(here, part);
    if (const auto place = places_.find(at); place != places_.end()) in = place->second.resource;
    pointer = slash == pointer.npos ? std::string_view() : pointer.substr(slash);
  }
  // Behind a keyword that is not ours: a schema after all, since somebody leads there.
  if (!places_.contains(at)) {
    if (const auto ok = Index(*at, in, here, 0); ok.has_error()) return ok.error();
  }
  return at;
}

Result<const json*> Documents::Resolve(const SchemaResource& from, std::string_view reference) {
  const auto target = Against(from.uri, reference);
  if (!target) return Fail(Code::kInvalidArgument, "is not a URI reference");
  const auto resource = Load(target->uri);
  if (resource.has_error()) return resource.error();
  if (target->fragment.empty() || target->fragment.front() == '/')
    return Walk(**resource, target->fragment);
  const auto anchor = (*resource)->anchors.find(target->fragment);
  if (anchor == (*resource)->anchors.end())
    return Fail(Code::kInvalidArgument,
                "there is no anchor '" + target->fragment.substr(0, 200) + "'");
  return anchor->second;
}

bool Documents::IsDynamicAnchor(const SchemaResource& from, std::string_view reference,
                                std::string& name) {
  const auto target = Against(from.uri, reference);
  if (!target || target->fragment.empty()) return false;
  const auto resource = by_uri_.find(target->uri);
  if (resource == by_uri_.end() || !resource->second->dynamic_anchors.contains(target->fragment))
    return false;
  name = target->fragment;
  return true;
}

}  // namespace base::json_schema
