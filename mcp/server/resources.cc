#include "mcp/server/resources.h"

#include <algorithm>
#include <cassert>

#include "mcp/error.h"
#include "mcp/message.h"
#include "mcp/raw_json.h"
#include "mcp/revision.h"

namespace mcp {
namespace {

using base::Code;

// What a resource and a template have in common.
template <class Described>
void Describe(ObjectWriter& out, const Described& described) {
  out.Text("name", described.name).TextUnlessEmpty("title", described.title);
  out.TextUnlessEmpty("description", described.description);
  out.TextUnlessEmpty("mimeType", described.mime_type);
}

void Append(std::string& list, ObjectWriter item) {
  if (list.size() > 1) list += ',';
  list += std::move(item).Take();
}

CallError NotFound(const Call& call) {
  CallError error = InvalidParams("Resource not found.");
  // Older revisions have a code of their own for it.
  if (!IsModern(call.revision)) error.code = -32002;
  error.reason = "ResourceNotFound";
  error.extra_data_json = "\"uri\":" + Quote(call.item);
  return error;
}

}  // namespace

ResourceContents ResourceContents::Text(std::string mime_type, std::string text) {
  return {std::move(mime_type), std::move(text), {}};
}

ResourceContents ResourceContents::Blob(std::string mime_type, std::string base64) {
  return {std::move(mime_type), {}, std::move(base64)};
}

Resources::Resources(std::vector<Resource> resources, std::vector<ResourceTemplate> templates,
                     ListFreshness freshness, Subscriptions* subscriptions)
    : resources_(std::move(resources)),
      templates_(std::move(templates)),
      freshness_(freshness),
      subscriptions_(subscriptions) {
  for (const ResourceTemplate& one : templates_) {
    if (!one.list) continue;
    assert(!listing_);
    listing_ = &one;
  }
}

const ResourceTemplate* Resources::FindTemplate(std::string_view uri_template) const {
  for (const ResourceTemplate& candidate : templates_)
    if (candidate.uri.text() == uri_template) return &candidate;
  return nullptr;
}

void Resources::Declare(ObjectWriter& capabilities) const {
  capabilities.Raw("resources", subscriptions_ ? R"({"subscribe":true,"listChanged":true})" : "{}");
}

bool Resources::Serves(std::string_view method) const {
  return method == "resources/list" || method == "resources/read" ||
         method == "resources/templates/list" ||
         (subscriptions_ && (method == "resources/subscribe" || method == "resources/unsubscribe"));
}

Reply Resources::List(const ServedCall& served) const {
  const std::string_view raw_cursor = served.Param("cursor");
  if (!raw_cursor.empty() && (!listing_ || !IsString(raw_cursor)))
    return InvalidParams("'cursor' is none that a list before was given with.");
  ResourcePage page;
  if (listing_) {
    auto listed = listing_->list(served.call(), DecodeString(raw_cursor));
    if (!listed) return ToCallError(listed.error());
    page = *std::move(listed);
  }
  std::string list = "[";
  const auto add = [&list](const Resource& resource) {
    ObjectWriter item;
    item.Text("uri", resource.uri);
    Describe(item, resource);
    Append(list, std::move(item));
  };
  if (raw_cursor.empty()) std::for_each(resources_.begin(), resources_.end(), add);
  std::for_each(page.resources.begin(), page.resources.end(), add);
  ObjectWriter out;
  out.Raw("resources", list + "]").TextUnlessEmpty("nextCursor", page.next);
  Complete(out, served, freshness_);
  return std::move(out).Take();
}

std::string Resources::ListTemplates() const {
  std::string list = "[";
  for (const ResourceTemplate& resource : templates_) {
    ObjectWriter item;
    item.Text("uriTemplate", resource.uri.text());
    Describe(item, resource);
    Append(list, std::move(item));
  }
  return list + "]";
}

base::Task<Reply> Resources::Serve(ServedCall& served) {
  const std::string_view method = served.call().method;
  if (method == "resources/read") co_return co_await Read(served);
  if (method == "resources/subscribe") co_return co_await Subscribe(served);
  if (method == "resources/unsubscribe") co_return std::string("{}");
  if (method == "resources/list") co_return List(served);
  ObjectWriter out;
  out.Raw("resourceTemplates", ListTemplates());
  Complete(out, served, freshness_);
  co_return std::move(out).Take();
}

base::Task<base::Result<ResourceContents>> Resources::Contents(ServedCall& served) {
  const std::string_view uri = served.call().item;
  for (const Resource& resource : resources_)
    if (resource.uri == uri) co_return co_await resource.read(served);
  for (const ResourceTemplate& one : templates_) {
    const auto variables = one.uri.Match(uri);
    if (variables) co_return co_await one.read(served, *variables);
  }
  co_return base::Fail(Code::kNotFound, "Resource not found.");
}

base::Task<Reply> Resources::Subscribe(ServedCall& served) {
  const base::Result<ResourceContents> contents = co_await Contents(served);
  if (contents) co_return std::string("{}");
  if (contents.error().code == Code::kNotFound) co_return NotFound(served.call());
  co_return served.Failure(contents.error());
}

base::Task<Reply> Resources::Read(ServedCall& served) {
  const base::Result<ResourceContents> contents = co_await Contents(served);
  if (!contents && contents.error().code == Code::kNotFound) co_return NotFound(served.call());
  if (!contents) co_return served.Failure(contents.error());
  ObjectWriter item;
  item.Text("uri", served.call().item).TextUnlessEmpty("mimeType", contents->mime_type);
  if (contents->blob.empty()) {
    item.Text("text", contents->text);
  } else {
    item.Text("blob", contents->blob);
  }
  ObjectWriter out;
  out.Raw("contents", "[" + std::move(item).Take() + "]");
  Complete(out, served, freshness_);
  co_return std::move(out).Take();
}

}  // namespace mcp
