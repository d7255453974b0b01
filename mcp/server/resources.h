// Resources is the Feature that lists and reads resources, one by one or by template.
//
// A template may list what it stands for, page by page: where there are many, or other ones for
// other callers.
//
// With Subscriptions, whoever changes one says so by AnnounceResource. One thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "mcp/server/feature.h"
#include "mcp/server/served_call.h"
#include "mcp/server/uri_template.h"

namespace mcp {

class Subscriptions;

// What reading gives: text, or bytes in base64.
struct ResourceContents {
  std::string mime_type;
  std::string text;
  std::string blob;

  static ResourceContents Text(std::string mime_type, std::string text);
  static ResourceContents Blob(std::string mime_type, std::string base64);
};

struct Resource {
  std::string uri;
  std::string name;
  std::string title;
  std::string description;
  std::string mime_type;
  std::function<base::Task<base::Result<ResourceContents>>(ServedCall& call)> read;
};

// Some of what a template stands for.
struct ResourcePage {
  // Without `read`: the template reads them.
  std::vector<Resource> resources;
  // What the next page is asked with; empty: there is none.
  std::string next;
};

struct ResourceTemplate {
  UriTemplate uri;
  std::string name;
  std::string title;
  std::string description;
  std::string mime_type;
  // kNotFound: there is none, or not for this caller.
  std::function<base::Task<base::Result<ResourceContents>>(ServedCall& call,
                                                           const UriTemplate::Variables& variables)>
      read;
  // What may stand for a variable, by what was typed of it; see completion.h.
  std::function<std::vector<std::string>(const Call& call, std::string_view variable,
                                         std::string_view typed)>
      complete;
  // What this caller finds in resources/list behind the fixed ones; `cursor` is empty, or a page's
  // `next` as somebody says. kInvalidArgument: it is none.
  std::function<base::Result<ResourcePage>(const Call& call, std::string_view cursor)> list;
};

class Resources final : public Feature {
 public:
  // REQUIRES: URIs differ; one template lists at most. `subscriptions` may be missing: nobody hears
  // of changes.
  Resources(std::vector<Resource> resources, std::vector<ResourceTemplate> templates,
            ListFreshness freshness, Subscriptions* subscriptions = nullptr);

  // nullptr when there is none.
  const ResourceTemplate* FindTemplate(std::string_view uri_template) const;

  void Declare(ObjectWriter& capabilities) const override;
  bool Serves(std::string_view method) const override;
  base::Task<Reply> Serve(ServedCall& call) override;

 private:
  Reply List(const ServedCall& call) const;
  std::string ListTemplates() const;
  base::Task<Reply> Read(ServedCall& call);
  // resources/subscribe of older revisions: whose URIs they are is the session's business. One
  // subscribes to what one can read.
  base::Task<Reply> Subscribe(ServedCall& call);
  // kNotFound: no resource has the URI.
  base::Task<base::Result<ResourceContents>> Contents(ServedCall& call);

  // Constant after construction
  const std::vector<Resource> resources_;
  const std::vector<ResourceTemplate> templates_;
  const ResourceTemplate* listing_ = nullptr;  // the template that lists
  const ListFreshness freshness_;
  Subscriptions* const subscriptions_;
};

}  // namespace mcp
