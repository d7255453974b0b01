#include "mcp/server/resources.h"

#include "mcp/raw_json.h"
#include "mcp/revision.h"

namespace mcp {
namespace {

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

const ResourceTemplate* Resources::FindTemplate(std::string_view uri_template) const {
  for (const ResourceTemplate& candidate : templates_)
    if (candidate.uri.text() == uri_template) return &candidate;
  return nullptr;
}

bool Resources::Exists(std::string_view uri) const {
  for (const Resource& resource : resources_)
    if (resource.uri == uri) return true;
  for (const ResourceTemplate& candidate : templates_)
    if (candidate.uri.Match(uri)) return true;
  return false;
}

void Resources::Declare(ObjectWriter& capabilities) const {
  capabilities.Raw("resources", subscriptions_ ? R"({"subscribe":true,"listChanged":true})" : "{}");
}

bool Resources::Serves(std::string_view method) const {
  return method == "resources/list" || method == "resources/read" ||
         method == "resources/templates/list" ||
         (subscriptions_ && (method == "resources/subscribe" || method == "resources/unsubscribe"));
}

std::string Resources::List() const {
  std::string list = "[";
  for (const Resource& resource : resources_) {
    ObjectWriter item;
    item.Text("uri", resource.uri);
    Describe(item, resource);
    Append(list, std::move(item));
  }
  return list + "]";
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
  if (method == "resources/subscribe" || method == "resources/unsubscribe")
    co_return Subscribe(served);
  ObjectWriter out;
  if (method == "resources/list") {
    out.Raw("resources", List());
  } else {
    out.Raw("resourceTemplates", ListTemplates());
  }
  Complete(out, served, freshness_);
  co_return std::move(out).Take();
}

Reply Resources::Subscribe(ServedCall& served) const {
  if (!Exists(served.call().item)) return NotFound(served.call());
  return std::string("{}");
}

base::Task<Reply> Resources::Read(ServedCall& served) {
  const std::string_view uri = served.call().item;
  base::Result<ResourceContents> contents = base::Fail(base::Code::kNotFound, "");
  bool found = false;
  for (const Resource& resource : resources_) {
    if (resource.uri != uri) continue;
    found = true;
    contents = co_await resource.read(served);
    break;
  }
  for (std::size_t i = 0; i < templates_.size() && !found; ++i) {
    const auto variables = templates_[i].uri.Match(uri);
    if (!variables) continue;
    found = true;
    contents = co_await templates_[i].read(served, *variables);
  }
  if (!found) co_return NotFound(served.call());
  if (!contents) co_return served.Failure(contents.error());
  ObjectWriter item;
  item.Text("uri", uri).TextUnlessEmpty("mimeType", contents->mime_type);
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
