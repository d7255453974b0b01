// A Feed keeps the index as the catalog says: it hears every change before the writer is answered,
// so that what was acknowledged is found.
//
// Calls come one at a time (registry/catalog/watch.h); searches go on beside them.
#pragma once

#include <map>
#include <string>

#include "registry/catalog/watch.h"
#include "registry/search/index.h"

namespace registry::search {

class Feed final : public Observer {
 public:
  explicit Feed(Index& index) : index_(index) {}

  void OnChanges(std::span<const v1::Change> changes) override;
  void OnDefinitions(const v1::ServerDefinitions& definitions) override;

 private:
  void Upsert(ServerDocument document);

  Index& index_;
  // By server name, without their tools' parameters. The tools of servers not heard of yet wait here too.
  std::map<std::string, std::shared_ptr<const ServerDocument>, std::less<>> known_;
  std::map<std::string, std::vector<ToolDocument>, std::less<>> waiting_;
};

// Without tools.
ServerDocument ToDocument(const v1::Resource& server);
// The tools among the definitions; one that is not a JSON object is left out.
std::vector<ToolDocument> ToTools(const v1::ServerDefinitions& definitions);

}  // namespace registry::search
